import { removeUser } from '@xmppkit/auth'
import { type C2sSession, userReceivePacket, userSendPacket } from '@xmppkit/c2s'
import { createHooks, type Hooks, isDrop } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, silentLogger as logger } from '@xmppkit/runtime'
import {
  createSessions,
  offlineMessage,
  resourceVisible,
  type SessionHandle,
  type Sessions,
} from '@xmppkit/sessions'
import { errorReply, isStanzaError, presence, readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { type Blocking, createBlocking } from './blocking.js'
import type { BlockingOptions } from './blocking-options.js'
import { createMemoryBlocklistStore } from './memory-store.js'
import type { BlockingContact, BlocklistStore } from './ports.js'

/** A client of a test. */
export interface Client {
  readonly jid: FullJid
  /** Sends a stanza written without its namespace. */
  send(xml: string): Promise<void>
  /** Blocks or unblocks. */
  block(...jids: string[]): Promise<void>
  unblock(...jids: string[]): Promise<void>
  /** What it was sent since the last call. */
  heard(): string[]
  leave(): Promise<void>
}

/** A host with blocking for `example.com`; all other domains are elsewhere. */
export interface FakeHost {
  readonly blocking: Blocking
  readonly store: BlocklistStore
  readonly hooks: Hooks
  readonly sessions: Sessions
  /** Ids of messages that were stored for later. */
  readonly offline: (string | undefined)[]
  /** Errors of listeners. */
  readonly failures: unknown[]
  /** A stanza of another domain comes in. */
  arrives(xml: string): Promise<void>
  /** What was sent to other domains since the last call. */
  away(): string[]
  /** Connects a client; what it and others hear of that is forgotten. */
  connect(address: string): Promise<Client>
  /** Removes an account as `@xmppkit/auth` does. */
  remove(account: string): Promise<void>
}

/** What a test wants otherwise. */
export interface FakeHostSetup {
  readonly options?: BlockingOptions
  readonly store?: BlocklistStore
  /** Contacts of juliet's, by address. */
  readonly contacts?: Readonly<Record<string, BlockingContact['subscription']>>
  /** Addresses that were shown her presence directly. */
  readonly shown?: readonly string[]
  /** Accounts of `example.com` that do not exist. */
  readonly missing?: readonly string[]
}

/** Lets everything that waits for promises run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A stanza as text: attributes sorted, without the namespace of all stanzas. */
function shown({ raw }: Stanza): string {
  const attributes = raw.attributes.map(([name, value]) => ` ${name}='${value}'`).sort()
  const content = textFromWire(raw.content).replaceAll('"', "'")
  return `<${raw.name}${attributes.join('')}${content === '' ? '/>' : `>${content}</${raw.name}>`}`
}

const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))

/** Puts a host together of real blocks, with clients that are plain objects. */
export function fakeHost(setup: FakeHostSetup = {}): FakeHost {
  const failures: unknown[] = []
  const hooks = createHooks({ onError: (error) => void failures.push(error) })
  const clock = createManualClock()
  const away: string[] = []
  const offline: (string | undefined)[] = []
  const route = (stanza: Stanza): void | Promise<void> =>
    stanza.to?.domain === 'example.com' ? sessions.deliver(stanza) : void away.push(shown(stanza))
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
    accountExists: (account) => !setup.missing?.includes(account.toString()),
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  hooks.on(offlineMessage, ({ stanza }) => {
    offline.push(stanza.id)
    return { action: 'stored', stanza }
  })
  // What rosters answer.
  hooks.on(resourceVisible, (_visible, { stanza }) => setup.shown?.includes(String(stanza.from)) === true)
  const contacts = Object.entries(setup.contacts ?? {}).map(([jid, subscription]) => ({
    jid: parseJid(jid).bare,
    subscription,
  }))
  const store = setup.store ?? createMemoryBlocklistStore()
  const ids = createCountingIds('push')
  const items = async () => contacts
  const blocking = createBlocking(
    { store, hooks, sessions, iq, route, ids, contacts: { items } },
    setup.options,
  )
  return {
    blocking,
    store,
    hooks,
    sessions,
    offline,
    failures,
    async arrives(xml) {
      await route(read(xml))
      await settled()
    },
    away: () => away.splice(0),
    async connect(address) {
      const client = await connectClient({ hooks, sessions, route }, address)
      away.length = 0
      return client
    },
    async remove(account) {
      await hooks.run(removeUser, { account: parseJid(account).bare, id: account })
    },
  }
}

interface ClientDeps {
  readonly hooks: Hooks
  readonly sessions: Sessions
  route(stanza: Stanza): void | Promise<void>
}

// The way of a stanza from and to its client, as @xmppkit/c2s has it.
async function connectClient({ hooks, sessions, route }: ClientDeps, address: string): Promise<Client> {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const got: Stanza[] = []
  const session = { sid: address, jid, account: jid.bare } as C2sSession
  const handle: SessionHandle = {
    sid: address,
    jid,
    async deliver(stanza, done) {
      const passed = await hooks.fold(userReceivePacket, stanza, { session })
      if (!isDrop(passed)) got.push(passed)
      done?.('delivered')
    },
    close: () => sessions.close(handle),
  }
  const say = async (xml: string) => {
    const stanza = read(xml)
    const stamped = stanza.with({ from: jid, to: stanza.to ?? jid.bare })
    try {
      const sent = await hooks.fold(userSendPacket, stamped, { session })
      if (!isDrop(sent)) await route(sent)
    } catch (error) {
      const reply = errorReply(
        stamped,
        isStanzaError(error) ? error : new StanzaError('internal-server-error'),
      )
      if (reply) got.push(reply)
    }
    await settled()
  }
  const list = (name: string, jids: readonly string[]) =>
    say(
      `<iq type='set' id='${name}'><${name} xmlns='urn:xmpp:blocking'>${jids.map((one) => `<item jid='${one}'/>`).join('')}</${name}></iq>`,
    )
  await sessions.open(handle)
  await sessions.setPresence(handle, presence({ from: jid, status: 'here' }))
  await settled()
  got.length = 0
  return {
    jid,
    send: say,
    block: (...jids) => list('block', jids),
    unblock: (...jids) => list('unblock', jids),
    heard: () => got.splice(0).map(shown),
    async leave() {
      await sessions.close(handle)
      await settled()
    },
  }
}
