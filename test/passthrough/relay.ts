// A server in memory with people on both kinds of framing, whose bytes are seen as they are.
import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import type { RosterStore } from '@xmppkit/roster'
import { RosterStoreService } from '@xmppkit/roster/module'
import { createServer, type Server } from '@xmppkit/server'
import { createPipe, type PipeEnd } from '@xmppkit/testing'
import { wireFromBytes, wireFromText } from '@xmppkit/xml'

/** The domain of these tests. */
export const domain = 'relay.test'

/** The language the senders' headers declare. */
export const lang = 'tlh'

const framing = 'urn:ietf:params:xml:ns:xmpp-framing'
const streams = "xmlns:stream='http://etherx.jabber.org/streams'"

/** The header of a sender's stream, with a prefix the recipients' streams do not have. */
export const header = `<stream:stream xmlns='jabber:client' ${streams} xmlns:h='urn:h' to='${domain}' version='1.0' xml:lang='${lang}'>`

/** The end of a stream. */
export const tail = '</stream:stream>'

/** One end of a connection. */
export interface Line {
  readonly framing: 'stream' | 'framed'
  /** Sends bytes in the pieces the line was opened with. */
  send(bytes: string | Uint8Array): void
  /** The messages of the transport since the last call: frames, or what happened to be written at once. */
  taken(): Buffer[]
  /** Resolves once this has arrived since the last {@link Line.taken}; rejects when the connection ends before. One at a time. */
  heard(what: RegExp): Promise<void>
  /** Says that nothing follows. */
  hangUp(): void
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>
}

/** How bytes are cut. */
export type Split = (bytes: Uint8Array) => Iterable<Uint8Array>

/** A server and who is there. */
export interface Relay extends AsyncDisposable {
  readonly server: Server
  /** Connects and logs in; the connection cuts what is written into the given pieces. */
  login(name: string, resource: string, options?: { framed?: boolean; split?: Split }): Promise<Line>
}

/** Starts it. Everybody in `names` has an account and sees everybody else's presence. */
export async function openRelay(names: readonly string[]): Promise<Relay> {
  const server = await createServer({
    domains: [domain],
    accounts: { hashes: ['SHA-1'], iterations: 4096 },
    c2s: { shaper: {}, maxRecipients: Number.POSITIVE_INFINITY },
    // It shows everybody under which id a message was archived, which nobody sent.
    archive: { enabled: false },
  })
  const host = server.host()
  for (const name of names) {
    await host.get(AccountsService).register(parseJid(`${name}@${domain}`).bare, 'secret')
  }
  const store = host.get(RosterStoreService)
  for (const owner of names) {
    for (const contact of names) if (contact !== owner) await befriend(store, owner, contact)
  }
  return {
    server,
    login: (name, resource, options) => login(server, name, resource, options),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

const friends = { subscription: 'both', pendingIn: false, pendingOut: false, approved: false } as const

async function befriend(store: RosterStore, owner: string, contact: string): Promise<void> {
  const [account, { bare }] = [parseJid(`${owner}@${domain}`).bare, parseJid(`${contact}@${domain}`)]
  await store.update(account, bare, () => ({ ...friends, jid: bare, groups: [], listed: true }))
}

/** Where a line's bytes go to while somebody logs in and after. */
class PipeLine implements Line {
  readonly framing: 'stream' | 'framed'
  readonly ended: Promise<void>
  readonly #end: PipeEnd
  #messages: Buffer[] = []
  #gone = false
  #wake = () => {}

  constructor(end: PipeEnd) {
    this.#end = end
    this.framing = end.framing
    this.ended = new Promise((resolve) => {
      end.attach({
        receive: (chunk) => {
          this.#messages.push(Buffer.from(chunk))
          this.#wake()
        },
        secured() {},
        drained() {},
        disconnected: () => {
          this.#gone = true
          this.#wake()
          resolve()
        },
      })
    })
  }

  send(bytes: string | Uint8Array): void {
    this.#end.write(typeof bytes === 'string' ? wireFromText(bytes) : wireFromBytes(bytes))
  }

  taken(): Buffer[] {
    return this.#messages.splice(0)
  }

  async heard(what: RegExp): Promise<void> {
    while (!what.test(Buffer.concat(this.#messages).toString('latin1'))) {
      if (this.#gone) throw new Error(`the connection ended before ${what}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  hangUp(): void {
    this.#end.end()
  }
}

const plain = (name: string) => Buffer.from(`\0${name}\0secret`).toString('base64')

async function login(
  server: Server,
  name: string,
  resource: string,
  { framed = false, split }: { framed?: boolean; split?: Split } = {},
): Promise<Line> {
  const ends = createPipe({ framing: framed ? 'framed' : 'stream', ...(split && { split }) })
  ends.server.attach(server.accept(ends.server))
  const line = new PipeLine(ends.client)
  const say = async (words: string, answer: RegExp) => {
    line.send(words)
    await line.heard(answer)
    line.taken()
  }
  const open = framed ? `<open xmlns='${framing}' to='${domain}' version='1.0'/>` : header
  // In frames nothing is declared around an element.
  const ns = framed ? " xmlns='jabber:client'" : ''
  await say(open, /features>/)
  await say(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain(name)}</auth>`,
    /<success/,
  )
  await say(open, /features>/)
  const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`
  await say(`<iq${ns} type='set' id='bind'>${bind}</iq>`, /<\/iq>/)
  return line
}
