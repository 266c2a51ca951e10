import { removeUser } from '@xmppkit/auth'
import { type C2sSession, userSendPacket } from '@xmppkit/c2s'
import { createDisco, type Disco } from '@xmppkit/disco'
import { createHooks, type Hooks, isDrop } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type BareJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import { createSessions, type DeliveryOutcome, type SessionHandle, type Sessions } from '@xmppkit/sessions'
import { readStanza, type Stanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { createInbox, type Inbox } from './inbox.js'
import type { InboxOptions } from './inbox-options.js'
import { createMemoryInboxStore, type InboxLogEntry } from './memory-store.js'
import type { InboxStore } from './ports.js'

/** What a client was told of its inbox. */
export interface Told {
  /** Entries as `bob 2 m1 hi`: name, unread messages, id of the newest, text of the last people read. */
  readonly entries: readonly string[]
  /** The answer: its type, the totals, the ends of the page. */
  readonly answer: string
}

/** A client of a test. */
export interface SceneClient {
  /** What it was sent since the last call. */
  heard(): Stanza[]
  /** Sends a stanza, written without its namespace; resolves when the server has dealt with it. */
  send(xml: string): Promise<void>
  /** Asks for its inbox. */
  ask(attributes?: string, set?: string, to?: string): Promise<Told>
  /** Receipts it has not given, where it gives them by hand. */
  readonly receipts: ((outcome: DeliveryOutcome) => void)[]
}

/** Inboxes wired by hand, for the tests of this package, over a log that tests write. */
export interface InboxScene {
  readonly store: InboxStore
  readonly hooks: Hooks
  readonly clock: ManualClock
  readonly disco: Disco
  readonly sessions: Sessions
  readonly inbox: Inbox
  readonly log: InboxLogEntry[]
  readonly logged: string[]
  /** Archives a message of alice's, which bob wrote and people read unless said otherwise; its id is its text. */
  archives(id: string, more?: Partial<Omit<InboxLogEntry, 'with'>> & { readonly with?: string }): void
  connect(resource: string, receiptsByHand?: boolean): Promise<SceneClient>
  /** Removes alice's account as `@xmppkit/auth` does. */
  remove(): Promise<void>
}

/** Whose archive the log is. */
export const alice: BareJid = parseJid('alice@example.com').bare

/** Lets everything that waits for promises run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))

function toldOf(heard: readonly Stanza[]): Told {
  const entries = heard.slice(0, -1).map(({ raw }) => {
    const entry = raw.child('entry', 'urn:xmpp:inbox:1')
    const body = /<body>(.*?)<\/body>/.exec(String(raw.toElement()))?.[1] ?? 'nothing'
    const name = entry?.attr('jid')?.split('@')[0]
    return `${name} ${entry?.attr('unread')} ${entry?.attr('id')} ${body}`
  })
  const text = String(heard.at(-1)?.element ?? '')
  const condition = /<([a-z-]+) xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/.exec(text)?.[1]
  const part = (pattern: RegExp) => pattern.exec(text)?.[1] ?? '-'
  const totals = ['total', 'unread', 'all-unread'].map((name) => part(new RegExp(` ${name}="(\\d+)"`)))
  const ends = [/<first index="(\d+)"/, /<first[^>]*>(.*?)</, /<last>(.*?)</, /<count>(\d+)</].map(part)
  return { entries, answer: condition ?? `${totals.join('/')} ${ends.join(' ')}` }
}

/** Makes a scene. */
export function inboxScene(
  setup: { readonly options?: InboxOptions; readonly store?: (store: InboxStore) => InboxStore } = {},
): InboxScene {
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock(Date.UTC(2026, 0, 31, 12))
  const route = (stanza: Stanza): void | Promise<void> =>
    stanza.to?.domain === 'example.com' ? sessions.deliver(stanza) : undefined
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
    accountExists: () => true,
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  const disco = createDisco({ iq, hooks, sessions })
  const log: InboxLogEntry[] = []
  const memory = createMemoryInboxStore({
    log: { messages: (account) => (account.equals(alice) ? log : []) },
  })
  const store = setup.store?.(memory) ?? memory
  const inbox = createInbox({ store, hooks, iq, sessions, disco, clock, logger }, setup.options)
  const server = { hooks, sessions, route }
  return {
    store,
    hooks,
    clock,
    disco,
    sessions,
    inbox,
    log,
    logged,
    archives(id, { with: party = 'bob', ...more } = {}) {
      const stanza = `<message xmlns='jabber:client'><body>${id}</body></message>`
      log.push({
        place: (log.at(-1)?.place ?? 0) + 1,
        id,
        at: clock.now(),
        with: parseJid(`${party}@example.net/x`),
        direction: 'received',
        instant: true,
        originId: `o${id}`,
        stanza,
        ...more,
      })
    },
    connect: (resource, receiptsByHand = false) => connectClient(server, resource, receiptsByHand),
    async remove() {
      await hooks.run(removeUser, { account: alice, id: '1' })
    },
  }
}

interface Server {
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly route: (stanza: Stanza) => void | Promise<void>
}

async function connectClient(
  { hooks, sessions, route }: Server,
  resource: string,
  receiptsByHand: boolean,
): Promise<SceneClient> {
  const jid = parseJid(`${alice}/${resource}`)
  if (!isFullJid(jid)) throw new Error('a client has a resource')
  const got: Stanza[] = []
  const receipts: SceneClient['receipts'] = []
  const handle: SessionHandle = {
    sid: resource,
    jid,
    deliver(stanza, done) {
      got.push(stanza)
      if (done && receiptsByHand) receipts.push(done)
      else done?.('delivered')
    },
    close: () => sessions.close(handle),
  }
  await sessions.open(handle)
  const session = { sid: resource, jid, account: alice } as C2sSession
  const heard = () => got.splice(0)
  const send = async (xml: string) => {
    const stanza = read(xml)
    const stamped = stanza.with({ from: jid, to: stanza.to ?? alice })
    const sent = await hooks.fold(userSendPacket, stamped, { session })
    if (!isDrop(sent)) await route(sent)
    await settled()
  }
  return {
    receipts,
    heard,
    send,
    async ask(attributes = '', set = '', to = '') {
      heard()
      const part = set === '' ? '' : `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`
      const query = `<inbox xmlns='urn:xmpp:inbox:1' ${attributes}>${part}</inbox>`
      await send(`<iq type='get' id='q'${to}>${query}</iq>`)
      return toldOf(heard())
    },
  }
}
