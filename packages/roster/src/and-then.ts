import { type Awaitable, isThenable } from '@xmppkit/runtime'

/** Goes on with a value: in this turn when it is there already, else when it comes. */
export function andThen<T, R>(value: Awaitable<T>, use: (value: T) => Awaitable<R>): Awaitable<R> {
  return isThenable(value) ? (value as Promise<T>).then(use) : use(value as T)
}
