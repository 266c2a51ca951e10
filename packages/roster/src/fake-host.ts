import { removeUser } from '@xmppkit/auth'
import { type C2sSession, selfPresence, userSendPacket } from '@xmppkit/c2s'
import { createHooks, type Hooks, isDrop } from '@xmppkit/hooks'
import { createIq } from '@xmppkit/iq'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { createRouter, domainHandler } from '@xmppkit/router'
import { createCountingIds, createManualClock, type Logger, type ManualClock } from '@xmppkit/runtime'
import { createSessions, type SessionHandle, type Sessions } from '@xmppkit/sessions'
import { errorReplyTo, isStanzaError, readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { createMemoryRosterStore } from './memory-store.js'
import type { RosterStore } from './ports.js'
import { createRoster, type Roster } from './roster.js'
import type { RosterOptions } from './roster-options.js'
import { isSubscriptionType } from './subscription.js'

/** A client of a test: says stanzas, and shows what it was sent. */
export interface Client {
  readonly jid: FullJid
  /** Sends a stanza written without its namespace, and waits until everything that follows has happened. */
  send(xml: string): Promise<void>
  /** What the client was sent since the last call. */
  heard(): string[]
  /** The connection is lost. */
  leave(): Promise<void>
}

/** A host with rosters for `example.com`; all other domains are elsewhere. */
export interface FakeHost {
  readonly store: RosterStore
  readonly roster: Roster
  readonly hooks: Hooks
  readonly sessions: Sessions
  readonly clock: ManualClock
  /** What was sent to other domains since the last call. */
  away(): string[]
  /** A stanza of another domain comes in. */
  arrives(xml: string): Promise<void>
  /** Connects a client that says nothing yet. */
  connect(address: string): Promise<Client>
  /** Connects one that asks for its roster and becomes available; what it hears of that is forgotten. */
  online(address: string): Promise<Client>
  /** Removes an account as `@xmppkit/auth` does. */
  remove(account: string): Promise<void>
  /** Messages of the log, and errors of listeners. */
  readonly logged: string[]
}

/** What a test wants otherwise. */
export interface FakeHostSetup {
  readonly options?: RosterOptions
  /** Wraps the store in memory. */
  readonly store?: (store: RosterStore) => RosterStore
  /** Accounts of `example.com` that do not exist. */
  readonly missing?: readonly string[]
  /** Takes presence and the like for other domains; they are noted if absent. */
  readonly route?: (stanza: Stanza) => void | Promise<void>
}

/** Lets everything that waits for promises, or for the next turn, run. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A stanza as text: attributes sorted, without the namespace of all stanzas. */
export function shown({ raw }: Stanza): string {
  const attributes = raw.attributes.map(([name, value]) => ` ${name}='${value}'`).sort()
  const content = textFromWire(raw.content).replaceAll('"', "'")
  return `<${raw.name}${attributes.join('')}${content === '' ? '/>' : `>${content}</${raw.name}>`}`
}

const rawOf = (xml: string) => parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`))

/** Puts a host together of real blocks, with clients that are plain objects. */
export function fakeHost(setup: FakeHostSetup = {}): FakeHost {
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const hooks = createHooks({ onError: (error) => note(String(error)) })
  const clock = createManualClock()
  const ids = createCountingIds('push')
  const away: string[] = []
  const federation = setup.route ?? ((stanza: Stanza) => void away.push(shown(stanza)))
  const router = createRouter({ hooks, logger, federation })
  const { route, interceptReplies } = router
  const iq = createIq({ route, interceptReplies, clock, ids, logger })
  const sessions = createSessions({
    hooks,
    logger,
    clock,
    route,
    accountExists: (account) => !setup.missing?.includes(account.toString()),
    accountIq: (stanza) => iq.dispatch(stanza, 'account'),
  })
  router.register(
    'example.com',
    domainHandler({
      account: (stanza) => sessions.deliver(stanza),
      server: (stanza) => iq.dispatch(stanza, 'server'),
      hooks,
    }),
  )
  const memory = createMemoryRosterStore({ clock })
  const store = setup.store?.(memory) ?? memory
  const roster = createRoster({ store, hooks, sessions, iq, route, ids, clock, logger }, setup.options)

  const host: FakeHost = {
    store,
    roster,
    hooks,
    sessions,
    clock,
    logged,
    away: () => away.splice(0),
    async arrives(xml) {
      await route(readStanza(rawOf(xml)))
      await settled()
    },
    connect: (address) => connectClient({ hooks, sessions, route }, address),
    async online(address) {
      const client = await host.connect(address)
      await client.send("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>")
      await client.send('<presence/>')
      client.heard()
      host.away()
      return client
    },
    async remove(account) {
      await hooks.run(removeUser, { account: parseJid(account).bare, id: account })
      await settled()
    },
  }
  return host
}

interface ClientDeps {
  readonly hooks: Hooks
  readonly sessions: Sessions
  route(stanza: Stanza): void | Promise<void>
}

// The way of a stanza from its client, as @xmppkit/c2s has it: stamped, filtered, then noted as presence or routed.
async function connectClient({ hooks, sessions, route }: ClientDeps, address: string): Promise<Client> {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const heard: string[] = []
  const handle: SessionHandle = {
    sid: address,
    jid,
    deliver(stanza, done) {
      heard.push(shown(stanza))
      done?.('delivered')
    },
    close: () => sessions.close(handle),
  }
  let available = false
  const session = { sid: address, jid, account: jid.bare } as C2sSession

  const handleStanza = async (stanza: Stanza) => {
    const checked = await hooks.fold(userSendPacket, stamped(stanza, jid), { session })
    if (isDrop(checked)) return
    if (checked.kind !== 'presence' || checked.to) return route(checked)
    const first = checked.type === 'available' && !available
    available = checked.type === 'available'
    await sessions.setPresence(handle, checked)
    await hooks.run(selfPresence, { session, stanza: checked, first })
  }

  await sessions.open(handle)
  return {
    jid,
    async send(xml) {
      const raw = rawOf(xml)
      try {
        await handleStanza(readStanza(raw))
      } catch (error) {
        const refusal = isStanzaError(error) ? error : new StanzaError('internal-server-error')
        const reply = errorReplyTo(raw, refusal, { to: jid })
        if (reply) heard.push(shown(readStanza(reply)))
      }
      await settled()
    },
    heard: () => heard.splice(0),
    async leave() {
      await sessions.close(handle)
      await settled()
    },
  }
}

function stamped(stanza: Stanza, jid: FullJid): Stanza {
  if (stanza.kind !== 'presence') return stanza.with({ from: jid, to: stanza.to ?? jid.bare })
  return isSubscriptionType(stanza.type)
    ? stanza.with({ from: jid.bare, to: stanza.to?.bare })
    : stanza.with({ from: jid })
}
