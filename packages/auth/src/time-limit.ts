import { type Awaitable, type Clock, isThenable } from '@xmppkit/runtime'
import { AuthError } from './errors.js'

/**
 * Waits for somebody else's answer, but no longer than the limit and no longer than `outer` wants.
 *
 * @throws AuthError `auth/timeout`; the abort reason of `outer`; whatever `work` throws
 */
export type TimeLimit = <T>(outer: AbortSignal, work: (signal: AbortSignal) => Awaitable<T>) => Awaitable<T>

/** Creates a {@link TimeLimit} of so many milliseconds. */
export function createTimeLimit(clock: Pick<Clock, 'after'>, ms: number): TimeLimit {
  return <T>(outer: AbortSignal, work: (signal: AbortSignal) => Awaitable<T>) => {
    const controller = new AbortController()
    const answer = work(controller.signal)
    return isThenable(answer) ? limited(clock, ms, outer, answer, controller) : answer
  }
}

function limited<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  outer: AbortSignal,
  answer: Promise<T>,
  controller: AbortController,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      controller.abort(reason)
      reject(reason)
    }
    const abandon = (): void => giveUp(outer.reason)
    const timer = clock.after(ms, () => giveUp(new AuthError('auth/timeout', `no answer within ${ms} ms`)))
    const done = (): void => {
      timer[Symbol.dispose]()
      outer.removeEventListener('abort', abandon)
    }
    if (outer.aborted) abandon()
    else outer.addEventListener('abort', abandon, { once: true })
    answer.then(resolve, reject).then(done, done)
  })
}
