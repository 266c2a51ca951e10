import { type Clock, isThenable } from '@xmppkit/runtime'

/** A clock whose timers cannot harm anybody but their module. */
export interface GuardedClock extends Clock {
  /** Cancels every timer there is and will be. */
  stop(): void
}

/** Wraps a clock for one module: what a timer throws goes to `crashed`. */
export function createGuardedClock(clock: Clock, crashed: (error: unknown) => void): GuardedClock {
  const timers = new Set<Disposable>()
  let stopped = false

  function fire(fn: () => unknown): void {
    try {
      const result = fn()
      // An asynchronous function fits `() => void`, and its rejection would end the process.
      if (isThenable(result)) result.then(undefined, crashed)
    } catch (error) {
      crashed(error)
    }
  }

  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after(ms, fn) {
      if (stopped) return { [Symbol.dispose]() {} }
      const timer = clock.after(ms, () => {
        timers.delete(timer)
        fire(fn)
      })
      timers.add(timer)
      return {
        [Symbol.dispose]() {
          timers.delete(timer)
          timer[Symbol.dispose]()
        },
      }
    },
    stop() {
      stopped = true
      for (const timer of timers) timer[Symbol.dispose]()
      timers.clear()
    },
  }
}
