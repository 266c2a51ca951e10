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
  after: (ms: number, fn: () => void): Disposable => new SystemTimer(ms, fn),
})

// A class, because every connection waits for something: methods made for each timer would cost it half a kilobyte.
class SystemTimer implements Disposable {
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, fn: () => void) {
    if (ms !== Number.POSITIVE_INFINITY) this.#arm(Math.max(0, ms), fn)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #arm(ms: number, fn: () => void): void {
    this.#timer =
      ms <= longestTimerMs
        ? setTimeout(fn, ms)
        : setTimeout(() => this.#arm(ms - longestTimerMs, fn), longestTimerMs)
    this.#timer.unref()
  }
}
