import { removeUser } from '@xmppkit/auth'
import { createDisco } from '@xmppkit/disco'
import { createHooks, type Hooks } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import { createSessions, type DeliveryOutcome, type SessionHandle, type Sessions } from '@xmppkit/sessions'
import { presence, readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { createFlexibleRetrieval } from './flexible-retrieval.js'
import { createMemoryOfflineStore } from './memory-store.js'
import { createOffline, type Offline } from './offline.js'
import type { OfflineOptions } from './offline-options.js'
import type { OfflineStore } from './ports.js'

type Receipt = (outcome: DeliveryOutcome) => void

/** A client of a test. */
export interface Client {
  readonly jid: FullJid
  readonly handle: SessionHandle
  /** Receipts it has not given, where it gives them by hand. */
  readonly receipts: Receipt[]
  /** What it was sent since the last call. */
  heard(): string[]
  /** The bodies of that. */
  bodies(): (string | undefined)[]
  /** Sends presence; waits until what follows has happened. */
  available(priority?: number): Promise<void>
  unavailable(): Promise<void>
  /** Sends a request to its account, written without its namespace. */
  ask(xml: string): Promise<void>
  /** The connection is lost; receipts that were not given are failures. */
  leave(): Promise<void>
}

/** How a client behaves. */
export interface Behaviour {
  /** Gives receipts when the test says so. */
  readonly receiptsByHand?: boolean
  /** It acknowledges what it gets (XEP-0198). */
  readonly acknowledges?: boolean
  /** Refuses what its policy forbids. */
  readonly refuses?: (stanza: Stanza) => boolean
}

/** A host with offline messages for `example.com`. */
export interface FakeHost {
  readonly store: OfflineStore
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly clock: ManualClock
  readonly offline: Offline
  readonly logged: string[]
  /** A stanza for an account comes in, written without its namespace; resolves when the server has taken it over. */
  arrives(xml: string): Promise<void>
  /** A chat message with this body from romeo to juliet comes in. */
  says(body: string, attributes?: string, children?: string): Promise<void>
  /** What was sent to others since the last call. */
  answers(): string[]
  connect(address: string, behaviour?: Behaviour): Promise<Client>
  /** Number of messages that wait for juliet. */
  waiting(): Promise<number>
  /** Removes juliet's account as `@xmppkit/auth` does. */
  remove(): Promise<void>
}

/** Lets everything that waits for promises run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A store that has to look before it knows whether something waits, as one that others write to. */
export const unknowing = (store: OfflineStore): OfflineStore => {
  const { mayWait: _, ...others } = store
  return others
}

/** A stanza as text: attributes sorted, without the namespace of all stanzas. */
export function shown({ raw }: Stanza): string {
  const attributes = raw.attributes.map(([name, value]) => ` ${name}='${value}'`).sort()
  const content = textFromWire(raw.content).replaceAll('"', "'")
  return `<${raw.name}${attributes.join('')}${content === '' ? '/>' : `>${content}</${raw.name}>`}`
}

/** Reads a stanza written without its namespace. */
export const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))

const juliet = parseJid('juliet@example.com').bare

/** Puts a host together of real blocks, with clients that are plain objects. */
export function fakeHost(
  setup: {
    readonly options?: OfflineOptions
    readonly store?: (store: OfflineStore) => OfflineStore
    readonly missing?: boolean
  } = {},
): FakeHost {
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock(Date.UTC(2002, 8, 10, 23, 8, 25))
  const answers: string[] = []
  const route = (stanza: Stanza): void | Promise<void> =>
    stanza.to?.domain === 'example.com' ? sessions.deliver(stanza) : void answers.push(shown(stanza))
  const iq = createIq({
    route,
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: createCountingIds('id'),
    logger,
  })
  const sessions = createSessions({
    hooks,
    logger,
    clock,
    route,
    accountExists: () => setup.missing !== true,
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  const memory = createMemoryOfflineStore()
  const store = setup.store?.(memory) ?? memory
  const deps = { store, hooks, sessions, clock, logger }
  const offline = createOffline(deps, setup.options)
  const disco = createDisco({ iq, hooks, sessions })
  createFlexibleRetrieval({ ...deps, iq, disco, offline }, setup.options)

  const arrives = async (xml: string) => {
    await route(read(xml))
  }
  return {
    store,
    hooks,
    sessions,
    clock,
    offline,
    logged,
    arrives,
    says: (body, attributes = '', children = '') =>
      arrives(
        `<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'${attributes}><body>${body}</body>${children}</message>`,
      ),
    answers: () => answers.splice(0),
    connect: (address, behaviour = {}) => connectClient(sessions, address, behaviour),
    waiting: () => memory.count(juliet, clock.now()),
    async remove() {
      await hooks.run(removeUser, { account: juliet, id: '1' })
    },
  }
}

async function connectClient(sessions: Sessions, address: string, behaviour: Behaviour): Promise<Client> {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const got: Stanza[] = []
  const receipts: Receipt[] = []
  const handle: SessionHandle = {
    sid: address,
    jid,
    deliver(stanza, done) {
      if (behaviour.refuses?.(stanza)) throw new StanzaError('not-acceptable')
      got.push(stanza)
      if (done && behaviour.receiptsByHand) receipts.push(done)
      else done?.('delivered')
    },
    close: () => sessions.close(handle),
  }
  await sessions.open(handle, { acknowledges: behaviour.acknowledges === true })
  return {
    jid,
    handle,
    receipts,
    heard: () => got.splice(0).map(shown),
    bodies: () => got.splice(0).map((stanza) => stanza.text('body')),
    async available(priority = 0) {
      await sessions.setPresence(handle, presence({ from: jid, priority }))
      await settled()
    },
    async unavailable() {
      await sessions.setPresence(handle, presence({ from: jid, type: 'unavailable' }))
      await settled()
    },
    async ask(xml) {
      const stanza = read(xml)
      await sessions.deliver(stanza.with({ from: jid, to: stanza.to ?? jid.bare }))
      await settled()
    },
    async leave() {
      await sessions.close(handle)
      for (const receipt of receipts.splice(0)) receipt('failed')
      await settled()
    },
  }
}
