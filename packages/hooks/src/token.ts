/** Names a hook that tells everybody who listens; listeners cannot change what happened. */
export interface EventToken<P> {
  /** Tells the two kinds of token apart. */
  readonly kind: 'event'
  /** Unique name, `package/hook`; tokens of one name are one hook, also across installed copies. */
  readonly name: string
  /** Carries the type of the payload; never there at run time. */
  readonly '~types'?: (payload: P) => P
}

/** Names a hook in which a value walks from handler to handler, each of which may change, stop or drop it. */
export interface FilterToken<V, P = void> {
  /** Tells the two kinds of token apart. */
  readonly kind: 'filter'
  /** Unique name, `package/hook`; tokens of one name are one hook, also across installed copies. */
  readonly name: string
  /** Carries the types of the value and the payload; never there at run time. */
  readonly '~types'?: (value: V, payload: P) => [V, P]
}

/**
 * Declares an event; the package that fires it exports the token.
 *
 * @param name - unique, `package/hook`
 *
 * @example
 * ```ts
 * export const roomDestroyed = event<{ room: string }>('muc/room-destroyed')
 * ```
 */
export function event<P = void>(name: string): EventToken<P> {
  return Object.freeze({ kind: 'event', name })
}

/**
 * Declares a filter; the package that fires it exports the token.
 *
 * @param name - unique, `package/hook`
 *
 * @example
 * ```ts
 * export const checkText = filter<string, { from: string }>('chat/check-text')
 * ```
 */
export function filter<V, P = void>(name: string): FilterToken<V, P> {
  return Object.freeze({ kind: 'filter', name })
}
