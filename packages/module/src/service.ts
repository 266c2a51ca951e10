/** Names something one module provides and others need; tokens of one key are one service, also across copies. */
export interface Service<T> {
  /** Unique, `package/service`. */
  readonly key: string
  /** Which modules provide it, for the error that says it is missing. */
  readonly providedBy: readonly string[]
  /** Carries the type; never there at run time. */
  readonly '~type'?: () => T
}

/** A need that may go unmet: the module then gets `undefined`. */
export interface Maybe<T> {
  /** The service wanted. */
  readonly maybe: Service<T>
}

/** A value the embedder brings, for modules that need it. */
export interface Provided {
  /** What the value is. */
  readonly service: Service<unknown>
  /** The value. */
  readonly value: unknown
}

/** What a module needs: services under the names it wants to use for them. */
export type Needs = Readonly<Record<string, Service<unknown> | Maybe<unknown>>>

/** What a module gets for its {@link Needs}. */
export type Resolved<N> = {
  readonly [K in keyof N]: N[K] extends Maybe<infer T>
    ? T | undefined
    : N[K] extends Service<infer T>
      ? T
      : never
}

/**
 * Declares a service; the package that owns its interface exports the token.
 *
 * @param key - unique, `package/service`
 * @param options - `providedBy` names modules that provide it, for the error that says it is missing
 *
 * @example
 * ```ts
 * export const RouterService = service<Router>('router/router')
 * ```
 */
export function service<T>(
  key: string,
  options: { readonly providedBy?: readonly string[] } = {},
): Service<T> {
  return Object.freeze({ key, providedBy: Object.freeze([...(options.providedBy ?? [])]) })
}

/** Makes a need soft: the module gets `undefined` when nothing provides the service. */
export function maybe<T>(wanted: Service<T>): Maybe<T> {
  return Object.freeze({ maybe: wanted })
}

/** Brings a value of the embedder's own, so that modules of a host may need it; hosts may share one value. */
export function provide<T>(offered: Service<T>, value: NoInfer<T>): Provided {
  return Object.freeze({ service: offered, value })
}
