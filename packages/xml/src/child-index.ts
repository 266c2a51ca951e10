import type { ChildName } from './raw-element.js'
import { KID, type Scan, UNNORMALISED, WIDE, WIDE_NAME } from './scan-state.js'
import { valueFromWire } from './unescape.js'
import { asWire, textFromWire, type Wire } from './wire.js'

/**
 * Where the direct children lie in an element's content: per child {@link KID} integers, which are its start and end,
 * those of its local name, those of the value that declares its namespace (-1 where it inherits), flags, and the end of
 * its start tag.
 */
export type ChildIndex = readonly number[]

const noChildren: ChildIndex = []

/** Copies the index out of the scanner's scratch space, counted from the start of the content. */
export function childIndexOf(s: Scan): ChildIndex {
  const { kids, kidEnd, contentStart } = s
  if (kidEnd === 0) return noChildren
  const index: number[] = []
  for (let k = 0; k < kidEnd; k += KID) {
    index.push(kids[k]! - contentStart, kids[k + 1]! - contentStart)
    index.push(kids[k + 2]! - contentStart, kids[k + 3]! - contentStart)
    const inherits = kids[k + 4]! < 0
    index.push(inherits ? -1 : kids[k + 4]! - contentStart, inherits ? -1 : kids[k + 5]! - contentStart)
    index.push(kids[k + 6]!, kids[k + 7]! - contentStart)
  }
  return index
}

/** The position of the first child of this name and namespace, or -1. Reads nothing but the bytes it compares. */
export function findChild(
  content: Wire,
  index: ChildIndex,
  ns: string,
  name: string,
  childNs: string,
): number {
  for (let k = 0; k < index.length; k += KID) {
    const flags = index[k + 6]!
    const named =
      (flags & WIDE_NAME) === 0
        ? sameAscii(content, index[k + 2]!, index[k + 3]!, name)
        : childName(content, index, k) === name
    if (!named) continue
    if (index[k + 4]! < 0 ? ns === childNs : sameNs(content, index, k, childNs)) return k / KID
  }
  return -1
}

/** Local names and namespaces of all children. */
export function namesOf(content: Wire, index: ChildIndex, ns: string): readonly ChildName[] {
  const names: ChildName[] = []
  for (let k = 0; k < index.length; k += KID) {
    names.push({ name: childName(content, index, k), ns: childNs(content, index, k, ns) })
  }
  return names
}

/** What is directly inside a child, or undefined when more than characters and references is. */
export function charactersOf(content: Wire, index: ChildIndex, position: number): Wire | undefined {
  const start = index[position * KID + 7]!
  const end = index[position * KID + 1]!
  if (start === end) return asWire('')
  const inside = content.slice(start, content.lastIndexOf('<', end - 1))
  return inside.includes('<') ? undefined : asWire(inside)
}

/** What stands behind the name in the tag of a child that is nothing but one tag without a prefix; undefined for others. */
export function emptyTagTail(content: Wire, index: ChildIndex, position: number): Wire | undefined {
  const k = position * KID
  const end = index[k + 1]!
  if (index[k + 7] !== end || index[k + 2] !== index[k]! + 1) return undefined
  return asWire(content.slice(index[k + 3], end - '/>'.length))
}

/** An index shifted by an offset. */
export function shifted(index: ChildIndex, by: number): number[] {
  return index.map((value, i) => (i % KID === 6 || value < 0 ? value : value + by))
}

function sameAscii(content: Wire, start: number, end: number, text: string): boolean {
  return end - start === text.length && content.startsWith(text, start)
}

function sameNs(content: Wire, index: ChildIndex, k: number, ns: string): boolean {
  if ((index[k + 6]! & (UNNORMALISED | WIDE)) === 0)
    return sameAscii(content, index[k + 4]!, index[k + 5]!, ns)
  return childNs(content, index, k, '') === ns
}

function childName(content: Wire, index: ChildIndex, k: number): string {
  return textFromWire(asWire(content.slice(index[k + 2], index[k + 3])))
}

function childNs(content: Wire, index: ChildIndex, k: number, inherited: string): string {
  if (index[k + 4]! < 0) return inherited
  const wire = asWire(content.slice(index[k + 4], index[k + 5]))
  return (index[k + 6]! & (UNNORMALISED | WIDE)) === 0 ? wire : valueFromWire(wire)
}
