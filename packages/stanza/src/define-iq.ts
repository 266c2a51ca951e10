import type { Codec } from './codec.js'

/** A request and the answer it gets, typed once for whoever asks and whoever answers. */
export interface IqDefinition<Q, R> {
  /** Whether it asks or changes. */
  readonly type: 'get' | 'set'
  /** The payload of the request. */
  readonly request: Codec<Q>
  /** The payload of the answer; without one the answer is an empty result. */
  readonly result: Codec<R> | undefined
}

/**
 * Defines an iq whose answer carries a payload.
 *
 * @example
 * ```ts
 * const rosterGet = defineIq({ type: 'get', request: roster, result: roster })
 * iq.handle(rosterGet, 'account', (request) => ({ items: load(request.from) }))
 * const { items } = await iq.request(rosterGet, to, { items: [] })
 * ```
 */
export function defineIq<Q, R>(definition: {
  readonly type: 'get' | 'set'
  readonly request: Codec<Q>
  readonly result: Codec<R>
}): IqDefinition<Q, R>
/** Defines an iq whose answer is empty. */
export function defineIq<Q>(definition: {
  readonly type: 'get' | 'set'
  readonly request: Codec<Q>
}): IqDefinition<Q, void>
export function defineIq<Q, R>(definition: {
  readonly type: 'get' | 'set'
  readonly request: Codec<Q>
  readonly result?: Codec<R>
}): IqDefinition<Q, R> {
  const { type, request, result } = definition
  return Object.freeze({ type, request, result })
}
