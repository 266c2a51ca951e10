/** A handler without its types: events get the payload as value. */
export type Invoke = (value: unknown, payload: unknown) => unknown

/** True for anything with a `then` method. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  )
}
