/**
 * Makes a `Disposable` of a function that undoes something; it runs at most once, however often it is disposed.
 *
 * @example
 * ```ts
 * const routes = new Map<string, string>([['a', 'b']])
 * const route = disposable(() => routes.delete('a'))
 * route[Symbol.dispose]()
 * ```
 */
export function disposable(undo: () => void): Disposable {
  let pending: (() => void) | undefined = undo
  return {
    [Symbol.dispose]() {
      const run = pending
      pending = undefined
      run?.()
    },
  }
}
