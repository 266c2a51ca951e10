import type { Clock } from './clock.js'

/** A clock that stands still until it is told to move: for tests and simulations. */
export interface ManualClock extends Clock {
  /**
   * Moves on by `ms`, running the timers that become due in order of their time (ties: in order of their making),
   * and lets promises settle before, between and after them. Timers set meanwhile count if they are due in time.
   *
   * What a timer's function throws rejects the promise; the clock then stands at that timer.
   */
  advance(ms: number): Promise<void>
  /** Number of timers that have neither fired nor been disposed. */
  readonly timers: number
}

interface Timer {
  readonly due: number
  readonly fn: () => void
}

// A turn of the event loop runs every microtask there is, however long their chain.
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/**
 * Makes a {@link ManualClock}.
 *
 * @param startMs - what `now()` says at first; epoch milliseconds
 *
 * @example
 * ```ts
 * const clock = createManualClock()
 * let fired = false
 * clock.after(1_000, () => { fired = true })
 * await clock.advance(1_000) // fired
 * ```
 */
export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  const timers = new Set<Timer>()
  let elapsed = 0

  function nextDue(until: number): Timer | undefined {
    let next: Timer | undefined
    // A Set iterates in insertion order, and `<` keeps the first of equals.
    for (const timer of timers) {
      if (timer.due <= until && (next === undefined || timer.due < next.due)) next = timer
    }
    return next
  }

  return {
    now: () => startMs + elapsed,
    monotonic: () => elapsed,
    after(ms, fn) {
      const timer: Timer = { due: elapsed + Math.max(0, ms), fn }
      if (ms !== Number.POSITIVE_INFINITY) timers.add(timer)
      return { [Symbol.dispose]: () => void timers.delete(timer) }
    },
    async advance(ms) {
      const until = elapsed + ms
      await settle()
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer)
        elapsed = timer.due
        timer.fn()
        await settle()
      }
      elapsed = until
    },
    get timers() {
      return timers.size
    },
  }
}
