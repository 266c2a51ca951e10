import { removeUser } from '@xmppkit/auth'
import { type C2s, type C2sSession, userSendPacket } from '@xmppkit/c2s'
import { createDisco, type Disco } from '@xmppkit/disco'
import { createHooks, type Hooks, isDrop } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type BareJid, type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import {
  createSessions,
  type DeliveryOutcome,
  type SessionHandle,
  type Sessions,
  storing,
} from '@xmppkit/sessions'
import { presence, readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { type Archive, createArchive } from './archive.js'
import type { ArchiveOptions } from './archive-options.js'
import { createMemoryArchiveStore } from './memory-store.js'
import type { ArchiveStore } from './ports.js'
import type { ArchiveContacts } from './preferences.js'

type Receipt = (outcome: DeliveryOutcome) => void

/** A client of a test. */
export interface Client {
  readonly jid: FullJid
  readonly session: C2sSession
  /** Receipts it has not given, where it gives them by hand. */
  readonly receipts: Receipt[]
  /** What it was sent since the last call. */
  heard(): string[]
  /** Sends presence. */
  available(priority?: number): Promise<void>
  /** Sends a stanza, written without its namespace; resolves when the server has dealt with it. */
  send(xml: string): Promise<void>
  /** Sends a chat message with this body. */
  says(to: string, body: string, attributes?: string, children?: string): Promise<void>
  /** Queries its archive; answers with the ids or bodies of the results, and the answer. */
  query(payload?: string, attributes?: string): Promise<{ readonly bodies: string; readonly answer: string }>
  /** The connection is lost; receipts that were not given are failures. */
  leave(): Promise<void>
}

/** How a client behaves. */
export interface Behaviour {
  /** Gives receipts when the test says so. */
  readonly receiptsByHand?: boolean
  /** Refuses what its policy forbids. */
  readonly refuses?: (stanza: Stanza) => boolean
}

/** A host with archives for `example.com`. */
export interface FakeHost {
  readonly store: ArchiveStore
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly disco: Disco
  readonly clock: ManualClock
  readonly archive: Archive
  readonly logged: string[]
  /** A stanza from elsewhere comes in, written without its namespace. */
  arrives(xml: string): Promise<void>
  /** What was sent to others since the last call. */
  answers(): string[]
  connect(address: string, behaviour?: Behaviour): Promise<Client>
  /** What an archive holds, as text. */
  archived(account: string): Promise<string[]>
  /** Removes an account as `@xmppkit/auth` does. */
  remove(account: string): Promise<void>
}

/** Lets everything that waits for promises run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const withoutNamespaces = (xml: string) => xml.replaceAll('"', "'").replaceAll(" xmlns='jabber:client'", '')

/** A stanza as text: attributes sorted, without the namespace of all stanzas. */
function shown({ raw }: Stanza): string {
  const attributes = raw.attributes.map(([name, value]) => ` ${name}='${value}'`).sort()
  const content = withoutNamespaces(textFromWire(raw.content))
  return `<${raw.name}${attributes.join('')}${content === '' ? '/>' : `>${content}</${raw.name}>`}`
}

/** Reads a stanza written without its namespace. */
export const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))

const bare = (address: string): BareJid => parseJid(address).bare

/** Puts a host together of real blocks, with clients that are plain objects. */
export function fakeHost(
  setup: {
    readonly options?: ArchiveOptions
    readonly store?: (store: ArchiveStore) => ArchiveStore
    readonly exists?: boolean
    readonly contacts?: ArchiveContacts
    readonly bind2?: C2s['bind2']
  } = {},
): FakeHost {
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock(Date.UTC(2026, 0, 31, 12))
  const answers: string[] = []
  const route = (stanza: Stanza): void | Promise<void> =>
    stanza.to?.domain === 'example.com' ? sessions.deliver(stanza) : void answers.push(shown(stanza))
  const iq = createIq({
    route,
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: createCountingIds('iq'),
    logger,
  })
  const sessions = createSessions({
    hooks,
    logger,
    clock,
    route,
    accountExists: () => setup.exists !== false,
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  const memory = createMemoryArchiveStore()
  const store = setup.store?.(memory) ?? memory
  const disco = createDisco({ iq, hooks, sessions })
  const archive = createArchive(
    {
      store,
      hooks,
      iq,
      sessions,
      disco,
      clock,
      logger,
      ids: createCountingIds('a'),
      domains: () => ['example.com'],
      isLocal: (domain) => domain === 'example.com',
      ...(setup.bind2 && { bind2: setup.bind2 }),
      ...(setup.contacts && { contacts: setup.contacts }),
    },
    setup.options,
  )
  return {
    store,
    hooks,
    sessions,
    disco,
    clock,
    archive,
    logged,
    arrives: async (xml) => {
      await route(read(xml))
    },
    answers: () => answers.splice(0),
    connect: (address, behaviour = {}) => connectClient({ hooks, sessions, route }, address, behaviour),
    async archived(account) {
      const page = await memory.page(bare(account), { limit: 1000 })
      return typeof page === 'string' ? [] : page.messages.map(({ stanza }) => withoutNamespaces(stanza))
    },
    async remove(account) {
      await hooks.run(removeUser, { account: bare(account), id: '1' })
    },
  }
}

interface Server {
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly route: (stanza: Stanza) => void | Promise<void>
}

async function connectClient(server: Server, address: string, behaviour: Behaviour): Promise<Client> {
  const { sessions } = server
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const got: string[] = []
  const receipts: Receipt[] = []
  const handle: SessionHandle = {
    sid: address,
    jid,
    deliver(stanza, done) {
      if (behaviour.refuses?.(stanza)) throw new StanzaError('not-acceptable')
      got.push(shown(stanza))
      if (done && behaviour.receiptsByHand) receipts.push(done)
      else done?.('delivered')
    },
    close: () => sessions.close(handle),
  }
  await sessions.open(handle)
  const session = { sid: address, jid, account: jid.bare } as C2sSession
  const heard = () => got.splice(0)
  const send = async (xml: string) => {
    const stanza = read(xml)
    const stamped = stanza.with({ from: jid, to: stanza.to ?? jid.bare })
    const sent = await server.hooks.fold(userSendPacket, stamped, { session })
    if (!isDrop(sent)) {
      await server.route(sent)
      await sent
        .meta(storing)
        ?.flush()
        .catch(() => {})
    }
    await settled()
  }
  return {
    jid,
    session,
    receipts,
    heard,
    send,
    async available(priority = 0) {
      await sessions.setPresence(handle, presence({ from: jid, priority }))
    },
    says: (to, body, attributes = '', children = '') =>
      send(`<message to='${to}' type='chat'${attributes}><body>${body}</body>${children}</message>`),
    async query(payload = '', attributes = '') {
      heard()
      await send(`<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'${attributes}>${payload}</query></iq>`)
      const all = heard()
      const bodies = all.slice(0, -1).map((xml) => /<body>(.*?)<\/body>/.exec(xml)?.[1] ?? xml)
      return { bodies: bodies.join(' '), answer: all.at(-1) ?? '' }
    },
    async leave() {
      await sessions.close(handle)
      for (const receipt of receipts.splice(0)) receipt('failed')
      await settled()
    },
  }
}

/** A query form with these fields. */
export const form = (fields: Readonly<Record<string, string | readonly string[]>>): string => {
  const all = Object.entries({ FORM_TYPE: 'urn:xmpp:mam:2', ...fields })
  const text = all.map(([name, values]) => {
    const list = (typeof values === 'string' ? [values] : values).map((value) => `<value>${value}</value>`)
    return `<field var='${name}'>${list.join('')}</field>`
  })
  return `<x xmlns='jabber:x:data' type='submit'>${text.join('')}</x>`
}

/** What part of a result is wanted. */
export const rsm = (content: string): string => `<set xmlns='http://jabber.org/protocol/rsm'>${content}</set>`
