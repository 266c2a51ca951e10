import type { Hooks } from '@xmppkit/hooks'
import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable, type Logger, randomIds } from '@xmppkit/runtime'
import { readPriority, type Stanza, StreamError } from '@xmppkit/stanza'
import { type BareMessagePolicy, withoutSuperseded } from './decide-delivery.js'
import { createDelivery } from './delivery.js'
import { createEnding } from './ending.js'
import { SessionError } from './errors.js'
import { createHoldingBack } from './holding-back.js'
import { createMemoryRegistry } from './memory-registry.js'
import type {
  DeliveryOutcome,
  SessionEntry,
  SessionHandle,
  SessionInfo,
  SessionPage,
  SessionPageRequest,
  SessionRecord,
  SessionRegistry,
} from './ports.js'
import { presenceSet, presenceUnset, sessionOpened } from './tokens.js'

/** Collaborators of {@link createSessions}. */
export interface SessionsDeps {
  /** The hooks of the host. */
  readonly hooks: Pick<Hooks, 'fold' | 'foldInto' | 'run' | 'has'>
  /** Told what fails. */
  readonly logger: Logger
  /** Times sessions and waits. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Sends answers on their way; usually the router's `route`. */
  readonly route: (stanza: Stanza) => Awaitable<void>
  /** Tells whether an account exists; asked only if it has no session. */
  readonly accountExists: (account: BareJid) => Awaitable<boolean>
  /**
   * Tells whether it is known without looking that an account exists; `false` says nothing. Asked first, and only about
   * messages whose answer tells anyhow whether it does: for others an answer that comes sooner would tell.
   */
  readonly accountIsKnown?: (account: BareJid) => boolean
  /**
   * Answers iq requests to bare addresses, such as the iq dispatcher for the target `account`; also to those of accounts
   * that do not exist, so that nobody can tell them apart (L-6).
   */
  readonly accountIq: (stanza: Stanza) => Awaitable<void>
  /** Knows the sessions. @default a registry in memory */
  readonly registry?: SessionRegistry
  /**
   * Limits a domain has of its own: sessions of one account, in place of {@link SessionsOptions.maxPerAccount}, and sessions
   * of the whole domain. @default none
   */
  readonly limitOf?: (domain: string, limit: 'maxPerAccount' | 'maxPerDomain') => number | undefined
  /** Names resources nobody chose. @default random ones */
  readonly ids?: Ids
}

/** Options of {@link createSessions}. */
export interface SessionsOptions {
  /** Most sessions of one account, so that one user cannot fill the memory. @default 10 */
  readonly maxPerAccount?: number
  /**
   * What happens if a resource is bound that is in use: the old session ends with `conflict`, the new one is refused, or
   * it gets another resource (see {@link Sessions.resourceFor}).
   * @default 'close-old'
   */
  readonly onConflict?: 'close-old' | 'refuse' | 'rename'
  /** What happens if an account has too many sessions: the new one is refused, or the oldest ends. @default 'refuse' */
  readonly onLimit?: 'refuse' | 'close-oldest'
  /**
   * Who gets a chat or normal message to the bare address: all resources sharing the highest priority, or all that have
   * one of at least 0.
   * @default 'highest-priority'
   */
  readonly bareMessages?: BareMessagePolicy
  /** How long a session that is told to end may take, before it is taken out by force. @default 1000 */
  readonly settleTimeoutMs?: number
  /** Most sessions on one page of {@link Sessions.list}. @default 1000 */
  readonly maxPageSize?: number
}

/** Defaults of {@link SessionsOptions}. */
export const sessionsDefaults: Readonly<Required<SessionsOptions>> = Object.freeze({
  maxPerAccount: 10,
  onConflict: 'close-old',
  onLimit: 'refuse',
  bareMessages: 'highest-priority',
  settleTimeoutMs: 1000,
  maxPageSize: 1000,
})

/** The connected resources of the accounts of a host, and how stanzas reach them. */
export interface Sessions {
  /**
   * The address to bind: the resource the client wants, or a new one if it wants none or, with `rename`, if it is taken.
   * @throws SessionError `session/conflict` if it is taken and new sessions are refused
   * @throws JidError if the resource is malformed
   */
  resourceFor(account: BareJid, wanted?: string): FullJid
  /**
   * Opens a session. An older session with the same address ends first, so that its last presence is out before the
   * first of the new one.
   * @throws SessionError `session/conflict`, `session/limit` or `session/duplicate`
   */
  open(handle: SessionHandle, info?: Partial<SessionInfo>): Awaitable<void>
  /**
   * Ends a session: nobody finds it any more, then everybody is told, then what it could not deliver is re-routed.
   * A second call does nothing but re-route what it is given.
   *
   * @param handle - the session
   * @param reason - for logs
   * @param undelivered - stanzas it took over without `done` and did not write, in order; each is re-routed once
   */
  close(handle: SessionHandle, reason?: string, undelivered?: Iterable<Stanza>): Awaitable<void>
  /**
   * Takes note of the presence a client sent without `to`: available or unavailable.
   * @throws StanzaError `bad-request` if its priority is none
   */
  setPresence(handle: SessionHandle, stanza: Stanza): Awaitable<void>
  /** A session is connected in another way than before, as far as `info` says; nobody is told. */
  reconnected(handle: SessionHandle, info: Partial<SessionInfo>): Awaitable<void>
  /** The sessions of an account, oldest first, available or not; one per resource. */
  resources(account: BareJid): readonly SessionRecord[]
  /**
   * Delivers a stanza to a local account or one of its resources: RFC 6121 §8.5. Never throws.
   *
   * Resolves when the server has taken responsibility: a session took it, it is stored, or it was answered.
   */
  deliver(stanza: Stanza): Awaitable<void>
  /**
   * Hands a stanza to one session, whatever its presence, past {@link receivePacket} and the table. Never throws.
   * @param done - told what became of it, `failed` if there is no such session; without it the stanza is then gone
   */
  deliverTo(sid: string, stanza: Stanza, done?: (outcome: DeliveryOutcome) => void): Awaitable<void>
  /**
   * Delivers a stanza again that a session took over and could not write: to another resource, to offline storage, or
   * back to its sender with an error. A copy ({@link isCopy}) is dropped, and so is presence. Never throws.
   */
  reroute(stanza: Stanza): Awaitable<void>
  /**
   * What an ended session could not write is on its way elsewhere until this has come to an end, and may not be overtaken
   * (M-7): whoever decides where a message for the account goes waits for {@link Sessions.heldBack}.
   */
  holdBack(account: BareJid, until: PromiseLike<unknown>): void
  /** Resolves when nothing of the account is on its way from an ended session any more; `undefined` if nothing is. */
  heldBack(account: BareJid): Promise<void> | undefined
  /**
   * Ends sessions with a stream error: one resource, all of an account, or all of a domain. Waits, not for long, until
   * they are gone.
   * @returns how many there were
   */
  kick(jid: Jid, error: StreamError): Promise<number>
  /** How many sessions there are, of one domain or of all. */
  count(domain?: string): number
  /** Some of the sessions, oldest first; at most {@link SessionsOptions.maxPageSize}. */
  list(page: SessionPageRequest): SessionPage
}

/**
 * Makes the session manager of one host: the registry of connected resources and the delivery rules of RFC 6121 §8.
 *
 * It stays synchronous as long as nobody it asks has to wait.
 *
 * @example
 * ```ts
 * const sessions = createSessions(
 *   { hooks, logger, clock: systemClock, route: router.route, accountExists: (jid) => accounts.exists(jid), accountIq },
 *   { onConflict: 'refuse' },
 * )
 * await sessions.open(handle, { transport: 'tls' })
 * await sessions.deliver(message({ to: handle.jid, body: 'Hello' }))
 * ```
 */
export function createSessions(deps: SessionsDeps, options: SessionsOptions = {}): Sessions {
  const { hooks, clock, registry = createMemoryRegistry(), ids = randomIds } = deps
  const settings = Object.freeze({ ...sessionsDefaults, ...options })
  const holding = createHoldingBack()
  const delivery = createDelivery({ ...deps, ...holding, registry }, settings)
  const ending = createEnding({ ...deps, registry, reroute: delivery.reroute }, settings)
  let lastOrder = 0

  function isTaken(account: BareJid, resource: string): boolean {
    return registry.list(account).some((session) => session.jid.resource === resource)
  }

  /** Sessions that have to go for this one; throws where the new one has to. */
  function victimsOf(jid: FullJid): readonly SessionEntry[] {
    const current = registry.list(jid.bare)
    if (current.length === 0) return current
    const replaced = current.filter((session) => session.jid.resource === jid.resource)
    const others = current.filter((session) => session.jid.resource !== jid.resource)
    if (replaced.length > 0 && settings.onConflict !== 'close-old') throw conflict(jid)
    const most = deps.limitOf?.(jid.domain, 'maxPerAccount') ?? settings.maxPerAccount
    const excess = others.length + 1 - most
    if (excess <= 0) return replaced
    if (settings.onLimit === 'refuse') {
      throw new SessionError('session/limit', `${jid.bare} has ${current.length} sessions`)
    }
    return [...replaced, ...others.slice(0, excess)]
  }

  function refuseFull(domain: string): void {
    const most = deps.limitOf?.(domain, 'maxPerDomain')
    if (most !== undefined && registry.count(domain) >= most) {
      throw new SessionError('session/limit', `${domain} has ${most} sessions`)
    }
  }

  function open(handle: SessionHandle, info: Partial<SessionInfo> = {}): Awaitable<void> {
    if (registry.get(handle.sid) !== undefined) {
      throw new SessionError('session/duplicate', 'a session with this sid is open already')
    }
    const victims = victimsOf(handle.jid)
    if (victims.length === 0) refuseFull(handle.jid.domain)
    const now = clock.now()
    lastOrder = Math.max(now, lastOrder + 1)
    const entry = newEntry(
      handle,
      lastOrder,
      { ...info, openedAt: info.openedAt ?? now },
      undefined,
      undefined,
    )
    const put = registry.put(entry)
    if (victims.length === 0 && !isThenable(put)) return hooks.run(sessionOpened, { session: entry })
    return replace(entry, victims, put)
  }

  async function replace(
    entry: SessionEntry,
    victims: readonly SessionEntry[],
    put: Awaitable<void>,
  ): Promise<void> {
    await put
    const error = new StreamError('conflict', { text: 'replaced by a new session' })
    await Promise.all(victims.map((victim) => ending.end(victim, error)))
    // It may have ended while the old one did, which nobody needs to hear of.
    if (registry.get(entry.sid) !== undefined) await hooks.run(sessionOpened, { session: entry })
  }

  function setPresence(handle: SessionHandle, stanza: Stanza): Awaitable<void> {
    const before = registry.get(handle.sid)
    if (before === undefined) return
    const available = stanza.type === 'available'
    if (!available && stanza.type !== 'unavailable') {
      throw new TypeError(`presence of type ${stanza.type} is not the presence of a session`)
    }
    const priority = available ? readPriority(stanza) : undefined
    const session = newEntry(
      before.handle,
      before.order,
      before.info,
      priority,
      available ? stanza : undefined,
    )
    const put = registry.put(session)
    return isThenable(put)
      ? put.then(() => announce(session, stanza, before.priority))
      : announce(session, stanza, before.priority)
  }

  function announce(
    session: SessionEntry,
    stanza: Stanza,
    previousPriority: number | undefined,
  ): Awaitable<void> {
    if (session.priority !== undefined) return hooks.run(presenceSet, { session, stanza, previousPriority })
    if (previousPriority !== undefined) return hooks.run(presenceUnset, { session, stanza, previousPriority })
  }

  return {
    resourceFor(account, wanted = '') {
      if (wanted === '') return account.withResource(ids.next())
      const jid = account.withResource(wanted)
      if (settings.onConflict === 'close-old' || !isTaken(account, jid.resource)) return jid
      if (settings.onConflict === 'refuse') throw conflict(jid)
      return account.withResource(ids.next())
    },
    open,
    close: ending.close,
    setPresence,
    reconnected(handle, info) {
      const before = registry.get(handle.sid)
      if (before === undefined) return
      const { order, priority, presence } = before
      return registry.put(
        newEntry(
          before.handle,
          order,
          { ...before.info, ...info, openedAt: before.info.openedAt },
          priority,
          presence,
        ),
      )
    },
    resources: (account) => withoutSuperseded(registry.list(account)),
    deliver: delivery.deliver,
    deliverTo: delivery.deliverTo,
    reroute: delivery.reroute,
    ...holding,
    kick: ending.kick,
    count: (domain) => registry.count(domain),
    list: (page) =>
      registry.page({ ...page, limit: Math.max(1, Math.min(page.limit, settings.maxPageSize)) }),
  }
}

function conflict(jid: FullJid): SessionError {
  return new SessionError('session/conflict', `${jid} is in use`)
}

// The one place where entries are made, so that all have the same hidden class.
function newEntry(
  handle: SessionHandle,
  order: number,
  info: SessionInfo,
  priority: number | undefined,
  presence: Stanza | undefined,
): SessionEntry {
  return { sid: handle.sid, jid: handle.jid, order, priority, presence, info, handle }
}
