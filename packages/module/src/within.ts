import type { Awaitable, Clock } from '@xmppkit/runtime'

/** Waits for some work, but no longer than `ms`; work that is late goes on unheard. */
export function within<T>(
  clock: Pick<Clock, 'after'>,
  ms: number,
  work: () => Awaitable<T>,
  late: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.after(ms, () => reject(late()))
    const done = () => timer[Symbol.dispose]()
    Promise.resolve().then(work).then(resolve, reject).finally(done)
  })
}
