import { createAccountData, messageHeld } from '@xmppkit/c2s'
import type { Hooks } from '@xmppkit/hooks'
import type { Iq } from '@xmppkit/iq'
import type { BareJid } from '@xmppkit/jid'
import { type Clock, createScope, type Logger } from '@xmppkit/runtime'
import { offlineMessage, offlineSeq, type Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import { type Alarm, mergeAlarms, summaryOf } from './alarm.js'
import { createHeldMessages } from './held-messages.js'
import type { PushRegistration, PushSender, PushStore } from './ports.js'
import { createPushDelivery } from './push-delivery.js'
import { pushKindOf } from './push-kind.js'
import { type PushOptions, pushDefaults } from './push-options.js'
import { createPushQueue, type PushQueueOutcome } from './push-queue.js'
import { servePushRequests } from './push-requests.js'

/** Collaborators of {@link createPush}. */
export interface PushDeps {
  /** Where registrations are kept. */
  readonly store: PushStore
  /** Who sends: of several the first that accepts a registration. */
  readonly senders: readonly PushSender[]
  /** The host's hooks: messages nobody can take now come through them. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Knows which clients are there. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Where clients register. */
  readonly iq: Pick<Iq, 'handle'>
  /** Dates registrations and limits waits. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told of failures and of notifications that were dropped. */
  readonly logger: Logger
  /** How many messages wait for an account. @default those this notification is about are counted */
  readonly waiting?: (account: BareJid) => Promise<number>
}

/** Whom of an account to wake up. */
export interface PushTarget {
  /**
   * The client that sleeps, by its resource: its registrations are used, and those of clients that are not there. By
   * default all of the account are.
   */
  readonly client?: string
}

/** What has happened since the start. */
export interface PushStats {
  /** Notifications that were sent. */
  readonly sent: number
  /** Notifications that could not be sent. */
  readonly failed: number
  /** Messages that became one notification with others. */
  readonly coalesced: number
  /** Messages nobody was notified of because too many accounts waited. */
  readonly dropped: number
  /** Registrations that were removed because their device was gone. */
  readonly removed: number
  /** Accounts that wait to be notified now, or were a moment ago. */
  readonly waiting: number
}

/** The push notifications of one host. */
export interface Push extends AsyncDisposable {
  /**
   * Wakes up an account's devices for a message, if it is worth that. Returns at once; what sending comes to is logged and
   * counted.
   */
  notify(account: BareJid, message: Stanza, target?: PushTarget): PushQueueOutcome | 'ignored'
  /** What has happened since the start. */
  stats(): PushStats
  /** Ends: nobody is notified any more. Resolves when nothing is under way either. */
  close(): Promise<void>
}

const label = 'push'
const dropLogMs = 60_000
/** Held messages that are known, about 200 bytes each. */
const maxHeld = 10_000

/**
 * Wakes up devices (XEP-0357): for messages that were stored because nobody could take them, and for those that are held
 * for a client that sleeps (`messageHeld`). It never keeps a message waiting.
 *
 * @example
 * ```ts
 * const push = createPush({ store, hooks, sessions, iq, clock, logger, senders: [createPushServiceSender({ iq })] })
 * ```
 */
export function createPush(deps: PushDeps, options: PushOptions = {}): Push {
  const settings = Object.freeze({ ...pushDefaults, ...options })
  const { store, hooks, sessions, clock, logger } = deps
  const scope = createScope()
  const counts = { coalesced: 0, dropped: 0 }
  const logDrop = createDropLog(deps)
  const held = createHeldMessages(maxHeld)

  const chosen = (alarm: Alarm, all: readonly PushRegistration[]) => {
    if (alarm.everybody) return all
    const there = new Set(sessions.resources(alarm.account).map(({ jid }) => jid.resource))
    return all.filter(({ client }) => alarm.clients.has(client) || !there.has(client))
  }
  const waitingOf = async (alarm: Alarm): Promise<number> => {
    try {
      return Math.max(alarm.count, (await deps.waiting?.(alarm.account)) ?? 0)
    } catch (cause) {
      logger.warn('waiting messages could not be counted', { account: alarm.account.toString(), cause })
      return alarm.count
    }
  }
  const work = async (alarm: Alarm) => {
    try {
      const registrations = chosen(alarm, await store.list(alarm.account))
      if (registrations.length === 0) return
      const messageCount = settings.includeCount ? await waitingOf(alarm) : undefined
      const summary = summaryOf(alarm, messageCount)
      await Promise.all(registrations.map((one) => delivery.deliver(alarm.account, one, summary)))
    } catch (cause) {
      logger.error('nobody could be notified', { account: alarm.account.toString(), cause })
    }
  }
  // In this order: what is under way is given up, then waited for.
  const queue = scope.use(createPushQueue({ clock, work }, settings))
  const delivery = scope.use(
    createPushDelivery({ ...deps, change: (account, work) => data.change(account, work) }, settings),
  )

  const removeAll = (account: BareJid) => {
    queue.forget(account.toString())
    return store.removeAll(account)
  }
  const data = scope.use(createAccountData({ hooks, sessions, removeAll, label }))
  scope.use(servePushRequests({ ...deps, data }, settings))

  const notify = (account: BareJid, message: Stanza, { client }: PushTarget = {}) => {
    const kind = pushKindOf(message)
    if (kind === undefined || data.isLeaving(account)) return 'ignored'
    const alarm = { account, kind, message, client }
    const outcome = queue.add(account.toString(), (waiting) => mergeAlarms(waiting, alarm, settings))
    if (outcome === 'queued') return outcome
    counts[outcome] += 1
    if (outcome === 'dropped') logDrop()
    return outcome
  }
  scope.use(
    hooks.on(
      offlineMessage,
      (value) => {
        const { action, stanza } = value
        // What was not stored is answered with an error, and a device that woke up would find nothing.
        if (action === 'stored' && stanza.to && !held.take(stanza)) notify(stanza.to.bare, stanza)
        return value
      },
      { seq: offlineSeq.push, label },
    ),
  )
  scope.use(
    hooks.on(
      messageHeld,
      ({ session, stanza }) => {
        const outcome = notify(session.jid.bare, stanza, { client: session.jid.resource })
        if (outcome === 'queued' || outcome === 'coalesced') held.add(stanza)
      },
      { label },
    ),
  )

  return {
    notify,
    stats: () => ({ ...delivery.counts, ...counts, waiting: queue.size }),
    close: () => scope.close(),
    [Symbol.asyncDispose]: () => scope.close(),
  }
}

/** Says that notifications are dropped, not more often than once a minute. */
function createDropLog({ clock, logger }: Pick<PushDeps, 'clock' | 'logger'>): () => void {
  let dropped = 0
  let loggedAt = Number.NEGATIVE_INFINITY
  return () => {
    dropped += 1
    if (clock.now() - loggedAt < dropLogMs) return
    loggedAt = clock.now()
    logger.warn('push notifications were dropped: too many accounts wait', { dropped })
    dropped = 0
  }
}
