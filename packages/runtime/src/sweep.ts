import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

/** What {@link startSweep} needs, and how it goes about it. */
export interface SweepOptions {
  /** Tells when to sweep. */
  readonly clock: Pick<Clock, 'after'>
  /** Told, as an error with its cause, when a sweep fails; the next one comes nevertheless. */
  readonly logger: Pick<Logger, 'error'>
  /** What it says then, such as `'expired messages could not be removed'`. */
  readonly failed: string
  /** Milliseconds from the end of one sweep to the next; `Infinity` for none. */
  readonly everyMs: number
  /** Rows removed at one time, so that nobody else waits long for the store. @default 1000 */
  readonly batch?: number
}

/**
 * Removes as `remove` does until there is less than a batch of it, or until the sweep is disposed.
 *
 * @param remove removes at most `limit` rows and answers how many there were
 */
export type RemoveAll = (remove: (limit: number) => Promise<number>) => Promise<void>

/**
 * Runs `sweep` again and again until disposed, for stores whose rows end without anybody asking for them.
 *
 * @example
 * ```ts
 * const store = { removeExpired: async (now: number, limit: number) => 0 }
 * const clock = createManualClock(0)
 * const options = { clock, logger: silentLogger, failed: 'tokens could not be removed', everyMs: 60_000 }
 * using sweep = startSweep(options, (removeAll) => removeAll((limit) => store.removeExpired(clock.now(), limit)))
 * ```
 */
export function startSweep(
  options: SweepOptions,
  sweep: (removeAll: RemoveAll) => Promise<void>,
): Disposable {
  const { clock, logger, failed, everyMs, batch = 1_000 } = options
  let timer: Disposable | undefined
  let ended = false

  const removeAll: RemoveAll = async (remove) => {
    let removed = batch
    while (removed >= batch && !ended) removed = await remove(batch)
  }
  const run = async (): Promise<void> => {
    try {
      await sweep(removeAll)
    } catch (cause) {
      logger.error(failed, { cause })
    }
    wait()
  }
  const wait = (): void => {
    if (!ended) timer = clock.after(everyMs, () => void run())
  }

  wait()
  return {
    [Symbol.dispose]() {
      ended = true
      timer?.[Symbol.dispose]()
    },
  }
}
