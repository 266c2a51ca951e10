import type { AccountData } from '@xmppkit/c2s'
import type { BareJid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import type {
  PushNotification,
  PushOutcome,
  PushRegistration,
  PushSender,
  PushStore,
  PushSummary,
} from './ports.js'
import type { PushSettings } from './push-options.js'

/** What {@link createPushDelivery} needs. */
export interface PushDeliveryDeps {
  /** Where registrations are removed. */
  readonly store: Pick<PushStore, 'list' | 'disable'>
  /** Keeps changes of one account in order. */
  readonly change: AccountData['change']
  /** Who sends, the first that accepts a registration. */
  readonly senders: readonly PushSender[]
  /** Measures how long it takes. */
  readonly clock: Pick<Clock, 'after'>
  /** Told of failures; never of what the registration holds. */
  readonly logger: Logger
}

/** What has happened so far. */
export interface PushDeliveryCounts {
  /** Notifications that were sent. */
  sent: number
  /** Notifications that could not be sent. */
  failed: number
  /** Registrations that were removed because their device is gone. */
  removed: number
}

/** Sends notifications to devices, and removes devices that are gone. */
export interface PushDelivery extends Disposable {
  /** Sends one; never rejects. */
  deliver(account: BareJid, registration: PushRegistration, summary: PushSummary): Promise<void>
  /** What has happened so far. */
  readonly counts: Readonly<PushDeliveryCounts>
}

/** Registrations whose failures are remembered. */
const maxFailing = 10_000

/** Makes the delivery; disposing it gives up what is under way. */
export function createPushDelivery(
  { store, change, senders, clock, logger }: PushDeliveryDeps,
  settings: Pick<PushSettings, 'sendTimeoutMs' | 'maxFailures'>,
): PushDelivery {
  const counts: PushDeliveryCounts = { sent: 0, failed: 0, removed: 0 }
  const underWay = new Set<AbortController>()
  const failures = createFailureCounts()
  let ended = false

  const send = async (sender: PushSender, about: Omit<PushNotification, 'signal'>) => {
    const controller = new AbortController()
    const { signal } = controller
    const ms = settings.sendTimeoutMs
    const timer = clock.after(ms, () => controller.abort(new Error(`no answer within ${ms} ms`)))
    underWay.add(controller)
    try {
      // A sender that does not listen to the signal takes up its place no longer than one that does.
      return await Promise.race([sender.send({ ...about, signal }), aborted(signal)])
    } finally {
      underWay.delete(controller)
      timer[Symbol.dispose]()
    }
  }

  /** What was registered anew while it was being sent to stays. */
  const removeStale = async (account: BareJid, { service, node, enabledAt }: PushRegistration) => {
    const known = (await store.list(account)).find((one) => one.service === service && one.node === node)
    return known?.enabledAt === enabledAt && (await store.disable(account, service, node)) > 0
  }

  const remove = async (account: BareJid, registration: PushRegistration, why: string) => {
    const { service } = registration
    const fields = { account: account.toString(), service, why }
    try {
      if (!(await change(account, () => removeStale(account, registration)))) return
      counts.removed += 1
      logger.info('a push registration was removed', fields)
    } catch (cause) {
      logger.error('a push registration could not be removed', { ...fields, cause })
    }
  }

  const failed = async (account: BareJid, registration: PushRegistration, cause: unknown) => {
    if (ended) return
    counts.failed += 1
    const count = failures.add(account, registration)
    const fields = { account: account.toString(), service: registration.service, count, cause }
    logger.warn('a push notification could not be sent', fields)
    if (count < settings.maxFailures) return
    failures.forget(account, registration)
    await remove(account, registration, 'too many failures')
  }

  return {
    counts,
    async deliver(account, registration, summary) {
      const sender = senders.find((one) => one.accepts?.(registration) ?? true)
      if (sender === undefined || ended) return
      let outcome: PushOutcome
      try {
        outcome = await send(sender, { account, registration, summary })
      } catch (cause) {
        return failed(account, registration, cause)
      }
      failures.forget(account, registration)
      if (outcome === 'sent') counts.sent += 1
      else await remove(account, registration, 'gone')
    },
    [Symbol.dispose]() {
      ended = true
      for (const controller of underWay) controller.abort(new Error('the server stops'))
    },
  }
}

/** Failures in a row by registration; of too many, whoever failed longest ago is forgotten first. */
function createFailureCounts() {
  const counts = new Map<string, number>()
  const keyOf = (account: BareJid, { service, node }: PushRegistration) =>
    JSON.stringify([account.toString(), service, node])
  return {
    add(account: BareJid, registration: PushRegistration): number {
      const key = keyOf(account, registration)
      const count = (counts.get(key) ?? 0) + 1
      counts.delete(key)
      counts.set(key, count)
      if (counts.size > maxFailing) counts.delete(counts.keys().next().value!)
      return count
    },
    forget(account: BareJid, registration: PushRegistration): void {
      if (counts.size > 0) counts.delete(keyOf(account, registration))
    },
  }
}

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
