import { byteClass, textStop, valueStop } from './characters.js'
import { beginTag } from './scan-content.js'
import { type Scan, UNNORMALISED, WIDE } from './scan-state.js'
import { beginAttribute, endAttribute, nameAttribute } from './scan-tag.js'
import { closeElement, openElement } from './start-tag.js'
import { characterEnd } from './utf8.js'

/**
 * Reads a whole element straight on when all of it is here and its form is the usual one: no prefixes but `xml:`, no
 * CDATA, no numeric references, single spaces in tags. Most stanzas are so, and are read a tenth faster this way.
 *
 * It decides nothing: what it does not know it leaves to the states of `advance`, which start over, and what it takes
 * in goes through the same functions for tags, namespaces and characters.
 *
 * @returns true when the element is complete
 */
export function scanOrdinary(s: Scan): boolean {
  const start = s.pos
  if (readOn(s)) return true
  s.begin(s.limits, s.around, s.headerOnly)
  s.pos = start
  return false
}

/**
 * Bytes past `end` may be looked at, but decide nothing: nothing is taken in, and nothing refused, that does not end
 * before it.
 */
function readOn(s: Scan): boolean {
  const LETTER = 1
  const FRAME = 3
  const { buf, base, end } = s
  let i = s.pos
  for (;;) {
    if ((byteClass[buf[i]!]! & LETTER) !== 0) {
      beginTag(s, i - base)
      i = startTag(s, i)
      if (i === 0) return false
      const empty = buf[i - 2] === 0x2f /* slash */
      openElement(s, empty)
    } else if (buf[i] === 0x2f /* slash */ && s.depth > 0) {
      const frame = (s.depth - 1) * FRAME
      const nameEnd = base + s.frames[frame + 1]!
      i++
      for (let k = base + s.frames[frame]!; k < nameEnd; k++, i++) if (buf[i] !== buf[k]) return false
      if (i >= end || buf[i] !== 0x3e /* > */) return false
      s.pos = ++i
      closeElement(s, s.lt)
    } else return false
    if (s.depth === 0) return true
    i = text(s, i)
    if (i === 0) return false
    s.lt = i - base
    i++
  }
}

/** The offset behind a start tag whose name begins at `i`, or 0. */
function startTag(s: Scan, i: number): number {
  const NAME_BYTE = 2
  const { buf, base, end } = s
  while (++i < end && (byteClass[buf[i]!]! & NAME_BYTE) !== 0);
  s.tagEnd = i - base
  s.tagColon = -1
  s.tagFlags = 0
  if (s.tagEnd - s.tagStart > s.limits.maxNameBytes) return 0
  while (i < end && buf[i] === 0x20) {
    i = attribute(s, i + 1)
    if (i === 0) return 0
  }
  if (buf[i] === 0x2f /* slash */) i++
  if (i >= end || buf[i] !== 0x3e /* > */) return 0
  s.pos = i + 1
  return s.pos
}

/** The offset behind an attribute that begins at `i`, or 0. */
function attribute(s: Scan, i: number): number {
  const LETTER = 1
  const NAME_BYTE = 2
  const { buf, base, end } = s
  if (i >= end || (byteClass[buf[i]!]! & LETTER) === 0) return 0
  beginAttribute(s, i - base)
  while (++i < end && (byteClass[buf[i]!]! & NAME_BYTE) !== 0);
  if (buf[i] === 0x3a /* : */) {
    i = xmlPrefixEnd(s, i)
    if (i === 0) return 0
    while (i < end && (byteClass[buf[i]!]! & NAME_BYTE) !== 0) i++
  }
  if (buf[i] !== 0x3d /* = */ || i - base - s.nameStart > s.limits.maxNameBytes) return 0
  nameAttribute(s, i - base)
  const quote = buf[++i]!
  if (quote !== 0x22 && quote !== 0x27) return 0
  const start = ++i
  const stops = valueStop
  let flags = 0
  for (;;) {
    while (i < end && stops[buf[i]!] === 0) i++
    if (i >= end) return 0
    const byte = buf[i]!
    if (byte === quote) {
      endAttribute(s, start - base, i - base, flags)
      return i + 1
    } else if (byte >= 0x80) {
      i = characterEnd(buf, i, end)
      flags |= WIDE
      if (i === 0) return 0
    } else if (byte === 0x26 /* & */) {
      i = predefinedEnd(buf, i)
      flags |= UNNORMALISED
      if (i === 0) return 0
    } else if (byte !== 0x22 && byte !== 0x27) return 0
    else i++
  }
}

/** The offset of the local name behind `xml:`, whose colon is at `i`, or 0 for another prefix. */
function xmlPrefixEnd(s: Scan, i: number): number {
  const { buf, base } = s
  const start = base + s.nameStart
  const xml = i - start === 3 && buf[start] === 0x78 && buf[start + 1] === 0x6d && buf[start + 2] === 0x6c
  if (!xml || (byteClass[buf[i + 1]!]! & 1) === 0) return 0
  s.colon = i - base
  return i + 1
}

/** The offset of the `<` behind text that begins at `i`, or 0. */
function text(s: Scan, i: number): number {
  const { buf, end } = s
  const stops = textStop
  for (;;) {
    // Four at a time: two thirds of the time on the long texts of pictures and encrypted messages.
    while (
      i + 3 < end &&
      (stops[buf[i]!]! | stops[buf[i + 1]!]! | stops[buf[i + 2]!]! | stops[buf[i + 3]!]!) === 0
    ) {
      i += 4
    }
    while (i < end && stops[buf[i]!] === 0) i++
    if (i >= end) return 0
    const byte = buf[i]!
    if (byte === 0x3c /* < */) return i
    if (byte === 0x26 /* & */) i = predefinedEnd(buf, i)
    else if (byte >= 0x80) i = wideEnd(buf, i, end)
    else return 0
    if (i === 0) return 0
  }
}

/** The offset behind all characters beyond ASCII from `i` on, or 0 when one is cut off. */
function wideEnd(buf: Buffer, i: number, end: number): number {
  do i = characterEnd(buf, i, end)
  while (i !== 0 && i < end && buf[i]! >= 0x80)
  return i
}

/** The offset behind a reference to a predefined entity whose `&` is at `i`, or 0. */
function predefinedEnd(buf: Buffer, i: number): number {
  const first = buf[i + 1]
  const second = buf[i + 2]
  if (buf[i + 3] === 0x3b) return second === 0x74 && (first === 0x6c || first === 0x67) ? i + 4 : 0
  const third = buf[i + 3]
  if (buf[i + 4] === 0x3b) return first === 0x61 && second === 0x6d && third === 0x70 ? i + 5 : 0
  if (buf[i + 5] !== 0x3b) return 0
  const fourth = buf[i + 4]
  const quot = first === 0x71 && second === 0x75 && third === 0x6f && fourth === 0x74
  const apos = first === 0x61 && second === 0x70 && third === 0x6f && fourth === 0x73
  return quot || apos ? i + 6 : 0
}
