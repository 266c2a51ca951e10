import { removeUser } from '@xmppkit/auth'
import { type C2s, type KeptSession, keptMessage, messageHeld } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid, FullJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, createScope, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { StreamError } from '@xmppkit/stanza'
import type { KeyValue } from '@xmppkit/storage'
import type { StreamState } from '@xmppkit/stream'
import type { Element, RawElement } from '@xmppkit/xml'
import { enabledElement, failedElement, readHandled, resumedElement } from './elements.js'
import { createEndedSessions } from './ended-sessions.js'
import { joinLogins } from './inline-features.js'
import { Keeper, type KeeperDeps, type Resumable } from './keeper.js'
import { streamManagementFeature } from './stream-feature.js'
import { type StreamManagementOptions, streamManagementDefaults } from './stream-management-options.js'
import { createWaitingSessions } from './waiting-sessions.js'

/** Collaborators of {@link createStreamManagement}. */
export interface StreamManagementDeps {
  /** The clients of the host. */
  readonly c2s: Pick<C2s, 'features' | 'inline' | 'bind2' | 'sessionOf' | 'move'>
  /** The hooks of the host. */
  readonly hooks: Pick<Hooks, 'on' | 'run'>
  /** Ends sessions when nobody is left to manage them. */
  readonly sessions: Pick<Sessions, 'kick'>
  /** Remembers what was handled in sessions that have ended. */
  readonly store: KeyValue
  /** Names what can be resumed; nobody may guess it. */
  readonly ids: Ids
  /** For every wait. */
  readonly clock: Pick<Clock, 'now' | 'after' | 'monotonic'>
  /** Told when the store fails. */
  readonly logger: Logger
}

/** What became of `<resume/>`. */
export interface Resumption {
  /** `<resumed/>` or `<failed/>`, for the client. */
  readonly answer: Element
  /** The address of the session the stream has now; absent if it failed: then a resource can be bound. */
  readonly bound?: FullJid
}

/**
 * Stream management of the clients of a host: as a feature of their streams, and within their logins and bindings (XEP-0388,
 * XEP-0386). Who logs clients in by other means passes the elements on and puts the answers into its own.
 */
export interface StreamManagement extends AsyncDisposable {
  /**
   * Takes `<enable/>` of a stream whose resource is bound, or being bound, and answers with `<enabled/>` or `<failed/>`. From
   * then on stanzas count.
   */
  enable(el: RawElement, state: StreamState): Element
  /**
   * Takes `<resume/>` of a client that has just proved to be an account. If it resolves with `bound`, report that as bound:
   * then what the client has not handled is sent again.
   */
  resume(el: RawElement, account: BareJid, state: StreamState): Awaitable<Resumption>
  /** Sessions that wait to be resumed at this moment. */
  readonly waiting: number
  /** Takes other options; they count for what is enabled from now on, limits for all. */
  update(options: StreamManagementOptions): void
  /** Ends: sessions it manages end with `reset`, and what they have goes elsewhere. */
  close(): Promise<void>
}

/**
 * Makes stream management (XEP-0198) a feature of a host's clients: acknowledgements in both directions, and sessions that
 * wait for their client to come back, on whatever connection.
 *
 * Without it, a stanza has reached the client when the operating system has it. With it, when the client says so; until then
 * the session is responsible for it, and gives it back when it ends (SM-6).
 *
 * @example
 * ```ts
 * const management = createStreamManagement({ c2s, hooks, sessions, store: createMemoryKeyValue(), ids, clock, logger })
 * ```
 */
export function createStreamManagement(
  deps: StreamManagementDeps,
  options: StreamManagementOptions = {},
): StreamManagement {
  const { c2s, hooks, sessions, ids } = deps
  let settings = resolved(options)
  const shared = {
    ...deps,
    get settings() {
      return settings
    },
  }
  const waiting = createWaitingSessions(shared)
  const endedSessions = createEndedSessions(shared)
  const bySession = new Map<string, Keeper>()
  // By account first: the id of somebody else's session is as good as none.
  const byAccount = new Map<string, Map<string, Keeper>>()

  const keeperDeps: KeeperDeps = {
    clock: deps.clock,
    get settings() {
      return settings
    },
    wait: (keeper) => waiting.add(keeper),
    held({ session }, stanza) {
      const message = keptMessage(stanza)
      if (message !== undefined) void hooks.run(messageHeld, { session, stanza: message })
    },
    ended(keeper) {
      waiting.remove(keeper)
      bySession.delete(keeper.session.sid)
      if (forget(keeper) && !keeper.left) endedSessions.remember(keeper)
    },
  }

  function know(keeper: Keeper, { id }: Resumable): void {
    const key = keeper.session.account.toString()
    const keepers = byAccount.get(key) ?? new Map<string, Keeper>()
    byAccount.set(key, keepers.set(id, keeper))
  }

  /** Nobody resumes it from now on; false if that was so before. */
  function forget({ session, resumable }: Keeper): boolean {
    const key = session.account.toString()
    const keepers = byAccount.get(key)
    const known = resumable !== undefined && keepers?.delete(resumable.id) === true
    if (keepers?.size === 0) byAccount.delete(key)
    return known
  }

  function keeperOf(state: StreamState): Keeper | undefined {
    const session = c2s.sessionOf(state)
    return session && bySession.get(session.sid)
  }

  function enable(el: RawElement, state: StreamState): Element {
    const session = c2s.sessionOf(state)
    // One that has ended while it was bound would never release its keeper.
    if (session === undefined || session.ended || bySession.has(session.sid)) {
      return failedElement('unexpected-request')
    }
    const timeoutMs = timeoutFor(el, settings)
    const resumable = timeoutMs > 0 ? { id: ids.next(), timeoutMs } : undefined
    manage(session, resumable)
    return enabledElement(resumable)
  }

  function manage(session: KeptSession, resumable: Resumable | undefined): void {
    const keeper = new Keeper(keeperDeps, session, resumable)
    bySession.set(session.sid, keeper)
    if (resumable !== undefined) know(keeper, resumable)
    session.keepWith(keeper)
  }

  function resume(el: RawElement, account: BareJid, state: StreamState): Awaitable<Resumption> {
    const id = el.attr('previd')
    const h = readHandled(el)
    if (id === undefined || h === undefined) return { answer: failedElement('bad-request') }
    if (c2s.sessionOf(state) !== undefined) return { answer: failedElement('unexpected-request') }
    const keeper = byAccount.get(account.toString())?.get(id)
    // A client that has handled what it was not sent is not the one that was here. The session waits on (SM-4).
    if (!keeper?.mayResumeAt(h) || !c2s.move(keeper.session, state)) return notFound(account, id)
    waiting.remove(keeper)
    keeper.resumeAt(h)
    // What the old connection brought is still being handled: it counts, or the client would send it again.
    const idle = keeper.session.idle()
    return isThenable(idle) ? idle.then(() => resumed(keeper, id, state)) : resumed(keeper, id, state)
  }

  function resumed({ session, count }: Keeper, id: string, state: StreamState): Resumption {
    // It may have ended, or gone on to a third connection.
    if (session.ended || c2s.sessionOf(state) !== session) return { answer: failedElement('item-not-found') }
    return { answer: resumedElement(id, count), bound: session.jid }
  }

  async function notFound(account: BareJid, id: string): Promise<Resumption> {
    return { answer: failedElement('item-not-found', await endedSessions.handled(account, id)) }
  }

  const scope = createScope()
  scope.use(endedSessions)
  // The next of that name must find nothing (SEC-25): sessions that wait end, and of none is known that it was there.
  async function accountRemoved(account: BareJid): Promise<void> {
    const error = new StreamError('not-authorized', { text: 'the account was removed' })
    const keepers = [...(byAccount.get(account.toString())?.values() ?? [])]
    for (const keeper of keepers) forget(keeper)
    const waits = keepers.filter(({ session }) => !session.connected)
    await Promise.all(waits.map(({ session }) => sessions.kick(session.jid, error)))
    await endedSessions.forget(account)
  }
  scope.use(hooks.on(removeUser, ({ account }) => accountRemoved(account), { label: 'stream-management' }))
  scope.use(c2s.features.add(streamManagementFeature({ enable, resume, keeperOf })))
  scope.use(joinLogins(c2s, { enable, resume }))

  async function close(): Promise<void> {
    const error = new StreamError('reset', { text: 'stream management is not available any more' })
    await Promise.all([...bySession.values()].map(({ session }) => sessions.kick(session.jid, error)))
    await scope.close()
  }

  return {
    enable,
    resume,
    get waiting() {
      return waiting.size
    },
    update(next) {
      settings = resolved(next)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function resolved(options: StreamManagementOptions): Required<StreamManagementOptions> {
  return Object.freeze({ ...streamManagementDefaults, ...options })
}

/** How long a session would wait: 0 if it does not, because its client or this server does not want to. */
function timeoutFor(el: RawElement, settings: Required<StreamManagementOptions>): number {
  const { resumeTimeoutMs, maxWaiting, maxWaitingPerAccount } = settings
  const resume = el.attr('resume')
  if ((resume !== 'true' && resume !== '1') || Math.min(maxWaiting, maxWaitingPerAccount) < 1) return 0
  const max = el.attr('max')
  const wanted = max !== undefined && /^\d{1,10}$/.test(max) ? Number(max) * 1000 : 0
  return wanted > 0 ? Math.min(wanted, resumeTimeoutMs) : resumeTimeoutMs
}
