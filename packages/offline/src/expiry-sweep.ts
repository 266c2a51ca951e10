import type { Clock, Logger } from '@xmppkit/runtime'
import type { OfflineStore } from './ports.js'

/** What the sweep needs. */
export interface ExpirySweepDeps {
  /** Where messages wait. */
  readonly store: Pick<OfflineStore, 'removeExpired'>
  /** Tells when to sweep, and what has expired. */
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Told when it fails. */
  readonly logger: Logger
}

/** Messages removed at one time. */
const batch = 1000

/**
 * Removes messages whose time to live is over, again and again until disposed. They do not count towards the
 * limit of an account, so nothing else keeps them from filling the store.
 */
export function sweepExpired({ store, clock, logger }: ExpirySweepDeps, everyMs: number): Disposable {
  let timer: Disposable | undefined
  let ended = false

  const sweep = async () => {
    try {
      let removed = batch
      while (removed >= batch && !ended) removed = await store.removeExpired(clock.now(), batch)
    } catch (cause) {
      logger.error('expired messages could not be removed', { cause })
    }
    schedule()
  }
  const schedule = () => {
    if (!ended) timer = clock.after(everyMs, () => void sweep())
  }

  schedule()
  return {
    [Symbol.dispose]() {
      ended = true
      timer?.[Symbol.dispose]()
    },
  }
}
