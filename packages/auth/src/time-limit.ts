import { type Awaitable, type Clock, isThenable } from '@xmppkit/runtime'
import { AuthError } from './errors.js'

/** What whoever works on an answer is given. */
export interface Wait {
  /** Aborts when nobody waits any more. Made when it is asked for: most never do. */
  readonly signal: AbortSignal
}

/**
 * Waits for somebody else's answer, but no longer than the limit and no longer than `outer` wants.
 *
 * @throws AuthError `auth/timeout`; the abort reason of `outer`; whatever `work` throws
 */
export type TimeLimit = <T>(outer: AbortSignal, work: (wait: Wait) => Awaitable<T>) => Awaitable<T>

/** Creates a {@link TimeLimit} of so many milliseconds. */
export function createTimeLimit(clock: Pick<Clock, 'after'>, ms: number): TimeLimit {
  return <T>(outer: AbortSignal, work: (wait: Wait) => Awaitable<T>) => {
    const wait = new LimitedWait()
    const answer = work(wait)
    return isThenable(answer) ? limited(clock, ms, outer, answer, wait) : answer
  }
}

class LimitedWait implements Wait {
  #controller: AbortController | undefined
  #over: { readonly reason: unknown } | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#over !== undefined) this.#controller.abort(this.#over.reason)
    return this.#controller.signal
  }

  end(reason: unknown): void {
    this.#over = { reason }
    this.#controller?.abort(reason)
  }
}

function limited<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  outer: AbortSignal,
  answer: Promise<T>,
  wait: LimitedWait,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const giveUp = (reason: unknown): void => {
      wait.end(reason)
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
    answer.then(
      (value) => {
        done()
        resolve(value)
      },
      (error: unknown) => {
        done()
        reject(error)
      },
    )
  })
}
