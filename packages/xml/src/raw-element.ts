import type { Element } from 'ltx'
import type { Wire } from './wire.js'

/** How {@link RawElement.toWire} writes the start tag. */
export interface ToWireOptions {
  /**
   * The namespace the element is written in: crossing from a client's stream to a server's changes the content
   * namespace and nothing else.
   * @default the element's own
   */
  readonly ns?: string
  /**
   * Write the namespace out. Leave it out only where it is the default namespace already.
   * @default true
   */
  readonly declare?: boolean
}

/** Name and namespace of a direct child. */
export interface ChildName {
  /** Local name. */
  readonly name: string
  /** Namespace, empty for none. */
  readonly ns: string
}

/**
 * One element as it came: start tag decoded, content checked and left in its bytes, direct children indexed.
 *
 * It never changes; what looks like a change makes another one that shares the content.
 */
export interface RawElement {
  /** Tells an element from the other events of a stream. */
  readonly kind: 'element'
  /** Local name. */
  readonly name: string
  /** Namespace, empty for none. */
  readonly ns: string
  /** Qualified names and values in document order, without the default `xmlns`. */
  readonly attributes: readonly (readonly [name: string, value: string])[]
  /** What is between the tags, self-contained where the default namespace is {@link RawElement.ns}. */
  readonly content: Wire
  /** Bytes the element took on the wire; of an element made here, the bytes it will take. */
  readonly size: number
  /** How many direct child elements there are. */
  readonly childCount: number
  /** Direct child elements in document order. */
  readonly children: readonly ChildName[]
  /** The value of an attribute by qualified name (`to`, `xml:lang`). */
  attr(name: string): string | undefined
  /** True when a direct child has this name and namespace. */
  has(name: string, ns: string): boolean
  /** The first direct child of this name and namespace. */
  child(name: string, ns: string): RawElement | undefined
  /**
   * The direct child at a position of {@link RawElement.children}.
   * @throws RangeError when there is none
   */
  childAt(index: number): RawElement
  /** The text directly inside, decoded. */
  text(): string
  /** The text directly inside the first direct child of this name and namespace, without making it an element. */
  childText(name: string, ns: string): string | undefined
  /**
   * The first direct child of this name and namespace as a new ltx tree: what `child(name, ns)?.toElement()` makes, without the
   * element in between.
   */
  childElement(name: string, ns: string): Element | undefined
  /** A new ltx tree. Its top has `xmlns`; children keep their namespace when taken out. */
  toElement(): Element
  /**
   * The same element with other attributes; `undefined` takes one away.
   * @throws XmlWriteError for a name or value XML cannot carry, or a prefix that is not declared
   */
  withAttributes(changes: Readonly<Record<string, string | undefined>>): RawElement
  /**
   * The same element with something behind its content: a tree, an element, or whole elements and text written as XML.
   * @throws XmlWriteError for a tree that cannot be written
   * @throws XmlError for a wire that is not well-formed by itself
   */
  append(child: Element | RawElement | Wire): RawElement
  /** The same element with only the direct children `keep` is true for. Text stays. */
  filterChildren(keep: (name: string, ns: string, index: number) => boolean): RawElement
  /** The element as XML: a fresh start tag and the untouched content. */
  toWire(options?: ToWireOptions): Wire
}
