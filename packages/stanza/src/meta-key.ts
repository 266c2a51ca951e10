/** Names a value that travels with a stanza inside the server and never goes over the wire. */
export interface MetaKey<T> {
  /** For logs and debuggers. */
  readonly name: string
  /** Carries the type of the value; never set. */
  readonly type?: T
}

/**
 * Makes a key for {@link Stanza.meta}; two keys are different even if their names are the same.
 *
 * @example
 * ```ts
 * const originIp = metaKey<string>('example/origin-ip')
 * const marked = stanza.withMeta(originIp, '192.0.2.1')
 * marked.meta(originIp) // '192.0.2.1'
 * ```
 */
export function metaKey<T>(name: string): MetaKey<T> {
  return Object.freeze({ name })
}
