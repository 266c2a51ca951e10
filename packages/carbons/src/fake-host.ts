import { type C2s, type C2sSession, userReceivePacket, userSendPacket } from '@xmppkit/c2s'
import { createHooks, type Hooks, isDrop } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, silentLogger as logger } from '@xmppkit/runtime'
import { createSessions, type DeliveryOutcome, type SessionHandle, type Sessions } from '@xmppkit/sessions'
import { presence, readStanza, type Stanza } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { type Carbons, createCarbons } from './carbons.js'
import type { CarbonsOptions } from './carbons-options.js'

/** A client of a test. */
export interface Client {
  readonly jid: FullJid
  readonly session: C2sSession
  /** Sends a stanza written without its namespace. */
  send(xml: string): Promise<void>
  /** Sends presence. */
  available(priority?: number): Promise<void>
  /** What it was sent since the last call. */
  heard(): string[]
  /** The stanzas themselves. */
  stanzas(): Stanza[]
  /** How much was written to it that did not arrive. */
  readonly unwritten: number
  /** From now on nothing that is written to it arrives, until `leave`, which gives it back. */
  stall(): void
  /** The connection is lost. */
  leave(): Promise<void>
}

/** A host with carbons for `example.com`; all other domains are elsewhere. */
export interface FakeHost {
  readonly carbons: Carbons
  readonly hooks: Hooks
  readonly sessions: Sessions
  /** A stanza of another domain comes in. */
  arrives(xml: string): Promise<void>
  /** What was sent to other domains since the last call. */
  away(): string[]
  /** Connects a client and lets it send presence. */
  connect(address: string, priority?: number): Promise<Client>
  /** The same with carbons. */
  connectWithCarbons(address: string, priority?: number): Promise<Client>
}

/** Lets everything that waits for promises run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A stanza as text: attributes sorted, without the namespace of all stanzas. */
function shown({ raw }: Stanza): string {
  const attributes = raw.attributes.map(([name, value]) => ` ${name}='${value}'`).sort()
  const content = textFromWire(raw.content).replaceAll('"', "'")
  return `<${raw.name}${attributes.join('')}${content === '' ? '/>' : `>${content}</${raw.name}>`}`
}

/** Reads a stanza written without its namespace. */
export const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))

/** Puts a host together of real blocks, with clients that are plain objects. */
export function fakeHost(options: CarbonsOptions = {}, bind2?: C2s['bind2']): FakeHost {
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  const clock = createManualClock()
  const away: string[] = []
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
    accountExists: () => true,
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  const carbons = createCarbons({ hooks, sessions, iq, ...(bind2 && { bind2 }) }, options)
  const connect = async (address: string, priority?: number) => {
    const client = await connectClient({ hooks, sessions, route }, address)
    if (priority !== undefined) await client.available(priority)
    return client
  }
  return {
    carbons,
    hooks,
    sessions,
    async arrives(xml) {
      await route(read(xml))
      await settled()
    },
    away: () => away.splice(0),
    connect,
    async connectWithCarbons(address, priority) {
      const client = await connect(address, priority)
      carbons.enable(client.session)
      return client
    },
  }
}

interface ClientDeps {
  readonly hooks: Hooks
  readonly sessions: Sessions
  route(stanza: Stanza): void | Promise<void>
}

interface Unwritten {
  readonly stanza: Stanza
  readonly done: ((outcome: DeliveryOutcome) => void) | undefined
}

// The way of a stanza from and to its client, as @xmppkit/c2s has it.
async function connectClient({ hooks, sessions, route }: ClientDeps, address: string): Promise<Client> {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const got: Stanza[] = []
  const unwritten: Unwritten[] = []
  let stalled = false
  const session = { sid: address, jid, account: jid.bare } as C2sSession
  const handle: SessionHandle = {
    sid: address,
    jid,
    deliver(stanza, done) {
      const passed = hooks.fold(userReceivePacket, stanza, { session })
      if (passed instanceof Promise) throw new Error('carbons never wait')
      if (isDrop(passed)) return done?.('delivered')
      if (stalled) unwritten.push({ stanza, done })
      else {
        got.push(passed)
        done?.('delivered')
      }
    },
    close: () => sessions.close(handle),
  }
  await sessions.open(handle)
  return {
    jid,
    session,
    async send(xml) {
      const stanza = read(xml)
      const sent = await hooks.fold(userSendPacket, stanza.with({ from: jid, to: stanza.to ?? jid.bare }), {
        session,
      })
      if (!isDrop(sent)) await route(sent)
      await settled()
    },
    async available(priority = 0) {
      await sessions.setPresence(handle, presence({ from: jid, priority }))
    },
    get unwritten() {
      return unwritten.length
    },
    heard: () => got.splice(0).map(shown),
    stanzas: () => got.splice(0),
    stall() {
      stalled = true
    },
    async leave() {
      const mine = unwritten.filter(({ done }) => done === undefined).map(({ stanza }) => stanza)
      await sessions.close(handle, 'lost', mine)
      for (const { done } of unwritten) done?.('failed')
      await settled()
    },
  }
}
