import type { Element } from 'ltx'
import { type Wire, wireFromText } from './wire.js'
import { writeTree } from './writer.js'

/** An element as it was written behind others, with what is known of it without reading it again. */
export interface WrittenChild {
  readonly wire: Wire
  /** Its entry in a `ChildIndex`, counted from its first byte; undefined where only the reader can tell. */
  readonly entry: readonly number[] | undefined
}

/**
 * Writes a tree as a child of an element whose namespace is `ns`.
 *
 * @param inherited - the default namespace of the tree it is part of, where that is not the one it came from
 * @throws XmlWriteError for a tree that cannot be written
 */
export function writeChild(element: Element, ns: string, inherited?: string): WrittenChild {
  const { text, tagLength, ns: own } = writeTree(element, { ns }, undefined, inherited)
  const wire = wireFromText(text)
  const tagEnd = wireFromText(text.slice(0, tagLength)).length
  return { wire, entry: entryOf(wire, element.name, own === ns ? undefined : own, tagEnd) }
}

/**
 * The index entry of an element written as `<name xmlns="ns" …`, with its start tag closed behind `tagEnd`.
 *
 * @param declared - the namespace, if it was written out
 */
export function entryOf(
  wire: Wire,
  name: string,
  declared: string | undefined,
  tagEnd: number,
): readonly number[] | undefined {
  // Of names with a prefix or beyond ASCII, and of namespaces with references, the reader knows more.
  if (!plainName.test(name) || (declared !== undefined && !plainNamespace.test(declared))) return undefined
  const nameEnd = 1 + name.length
  const nsStart = declared === undefined ? -1 : nameEnd + ' xmlns="'.length
  const nsEnd = declared === undefined ? -1 : nsStart + declared.length
  const tagClosed = wire.charCodeAt(tagEnd) === 0x2f ? tagEnd + 2 : tagEnd + 1
  return [0, wire.length, 1, nameEnd, nsStart, nsEnd, 0, tagClosed]
}

const plainName = /^[A-Za-z_][\w.-]*$/
const plainNamespace = /^[\x21\x23-\x25\x28-\x3b\x3d\x3f-\x7e]*$/
