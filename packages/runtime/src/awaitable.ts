/** A value, or a promise of it: whoever returns one waits only when there is something to wait for. */
export type Awaitable<T> = T | Promise<T>

/** True for anything with a `then` method, so also for promises of another library or realm. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
