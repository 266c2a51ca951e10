/** Time, as a collaborator: blocks ask this and never the system, so that tests can turn the hands. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; jumps when the system's clock is set. */
  now(): number
  /** Milliseconds since an arbitrary moment; never goes back. For measuring and for time-outs. */
  monotonic(): number
  /**
   * Runs a function once, `ms` milliseconds from now, unless it is disposed before.
   * The timer does not keep the process alive; `Infinity` never fires; the function must not throw.
   */
  after(ms: number, fn: () => void): Disposable
}

// setTimeout fires at once when asked for more than a signed 32-bit number of milliseconds.
const longestTimerMs = 2 ** 31 - 1

/** The clock of the machine. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms: number, fn: () => void): Disposable {
    let timer: NodeJS.Timeout | undefined
    const arm = (remainingMs: number) => {
      if (remainingMs <= longestTimerMs) timer = setTimeout(fn, remainingMs)
      else timer = setTimeout(() => arm(remainingMs - longestTimerMs), longestTimerMs)
      timer.unref()
    }
    if (ms !== Number.POSITIVE_INFINITY) arm(Math.max(0, ms))
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
})
