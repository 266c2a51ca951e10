import type { Element } from '@xmppkit/xml'
import { isElementNamed } from './child-elements.js'

/** A name in a namespace. */
export interface QName {
  /** Local name. */
  readonly name: string
  /** Namespace. */
  readonly ns: string
}

/**
 * One kind of element and the typed value it carries, both directions in one object.
 *
 * Whether an element is meant is {@link matches}; whether it is valid is `decode`.
 */
export interface Codec<T> {
  /** Local name of the element. */
  readonly name: string
  /** Namespace of the element. */
  readonly ns: string
  /** All names it reads, where it reads more than one (see `choice`); the first is `name` and `ns`. */
  readonly alternatives?: readonly QName[]
  /**
   * Reads an element. Unknown attributes and children are ignored.
   * @throws DecodeError with the path of what is missing or wrong
   */
  decode(el: Element): T
  /** Writes a fresh element that declares its namespace. */
  encode(value: T): Element
}

/** The type of the values of a codec. */
export type Infer<C> = C extends Codec<infer T> ? T : never

/** The names a codec reads; one, unless it is a choice. */
export function codecNames(codec: Codec<unknown>): readonly QName[] {
  return codec.alternatives ?? [codec]
}

/** Tells whether an element is of the kind a codec reads, by name and namespace; it may still be malformed. */
export function matches(codec: Codec<unknown>, el: Element): boolean {
  if (codec.alternatives === undefined) return isElementNamed(el, codec.name, codec.ns)
  return codec.alternatives.some((one) => isElementNamed(el, one.name, one.ns))
}
