import { type Clock, disposable, type Logger } from '@xmppkit/runtime'
import type { FastTokenStore } from './ports.js'

/** What {@link startSweep} needs. */
export interface SweepDeps {
  readonly store: Pick<FastTokenStore, 'removeExpired'>
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly logger: Pick<Logger, 'error'>
  readonly intervalMs: number
}

/** Tokens removed at once, so that nobody else waits long. */
const batch = 1_000

/** Removes tokens that have ended, again and again. */
export function startSweep({ store, clock, logger, intervalMs }: SweepDeps): Disposable {
  let ended = false
  let timer: Disposable | undefined
  const sweep = async (): Promise<void> => {
    let removed = batch
    try {
      while (removed >= batch && !ended) removed = await store.removeExpired(clock.now(), batch)
    } catch (error) {
      logger.error('tokens that have ended could not be removed', { error })
    }
    wait()
  }
  const wait = (): void => {
    if (!ended) timer = clock.after(intervalMs, () => void sweep())
  }
  wait()
  return disposable(() => {
    ended = true
    timer?.[Symbol.dispose]()
  })
}
