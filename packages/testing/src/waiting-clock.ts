import { type Clock, disposable, systemClock } from '@xmppkit/runtime'

/** The system's clock, with timers that keep the process alive: while a test waits, `node:test` must not take it for done. */
export const waitingClock: Clock = Object.freeze({
  ...systemClock,
  after(ms: number, fn: () => void) {
    if (ms === Number.POSITIVE_INFINITY) return disposable(() => {})
    const timer = setTimeout(fn, ms)
    return disposable(() => clearTimeout(timer))
  },
})
