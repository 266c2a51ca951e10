import { attributeValue } from './namespaces.js'
import { ownText } from './own-text.js'
import { ATTR, DEFAULT_DECLARATION, type Scan, UNNORMALISED, WIDE, WIDE_NAME } from './scan-state.js'
import { valueFromWire } from './unescape.js'
import { asWire, textFromWire, type Wire } from './wire.js'

/** The start tag of a scanned element from its name on, copied once: its parts pin this small string, never a buffer. */
export function topTag(s: Scan): string {
  return s.slice(s.topNameStart, s.contentStart)
}

/** The element's name without its prefix, cut out of its {@link topTag}. */
export function localName(s: Scan, tag: string): string {
  const start = s.topNameStart
  const wire = asWire(tag.slice(s.topColon < 0 ? 0 : s.topColon + 1 - start, s.topNameEnd - start))
  return s.topFlags === 0 ? wire : textFromWire(wire)
}

/** Names and decoded values, alternately, cut out of the {@link topTag}; not `xmlns`. */
export function topAttributes(s: Scan, tag: string): string[] {
  const { attrs, attrBase, topNameStart: start } = s
  const flat: string[] = []
  for (let a = 0; a < attrBase; a += ATTR) {
    const flags = attrs[a + 5]!
    if ((flags & DEFAULT_DECLARATION) !== 0) continue
    const name = asWire(tag.slice(attrs[a]! - start, attrs[a + 1]! - start))
    const value = asWire(tag.slice(attrs[a + 3]! - start, attrs[a + 4]! - start))
    flat.push(
      (flags & WIDE_NAME) === 0 ? name : textFromWire(name),
      ownText((flags & (UNNORMALISED | WIDE)) === 0 ? value : valueFromWire(value), tag),
    )
  }
  return flat
}

/**
 * The attributes as they were written, white space in front included, where they are plain ASCII without references and
 * without `xmlns`: every parser takes those for the same, so they may go on as they are.
 */
export function plainAttributes(s: Scan, tag: string): Wire | undefined {
  const { attrs, attrBase, topNameStart: start } = s
  if (attrBase === 0) return asWire('')
  const unusual = DEFAULT_DECLARATION | UNNORMALISED | WIDE | WIDE_NAME
  for (let a = 0; a < attrBase; a += ATTR) if ((attrs[a + 5]! & unusual) !== 0) return undefined
  return asWire(tag.slice(s.topNameEnd - start, attrs[attrBase - ATTR + 4]! + 1 - start))
}

/** The default namespace of the content as the source has it, which is not the element's own if that has a prefix. */
export function defaultNamespace(s: Scan): string {
  for (let a = 0; a < s.attrBase; a += ATTR) {
    if ((s.attrs[a + 5]! & DEFAULT_DECLARATION) !== 0) return attributeValue(s, a)
  }
  return s.around.ns
}
