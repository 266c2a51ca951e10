import { byteClass, isNameChar, isNameStart, valueStop } from './characters.js'
import { XmlError } from './errors.js'
import {
  ATTR,
  DEFAULT_DECLARATION,
  grown,
  malformed,
  overLimit,
  PREFIX_DECLARATION,
  PREFIXED,
  REFERENCE,
  type Scan,
  UNNORMALISED,
  WIDE,
  WIDE_NAME,
} from './scan-state.js'
import { openElement } from './start-tag.js'
import { characterEnd, codePoint } from './utf8.js'

const COLON = 0x3a

/**
 * Scans a start tag from behind its `<` to its end, or as far as the bytes reach.
 *
 * One loop over locals: half of a stanza's bytes pass through here. The constants are locals too, because bundlers turn
 * those of a module into variables, which cost a tenth of the time.
 */
export function scanTag(s: Scan): void {
  // What may come next: a name or its local part (of the tag, of an attribute), ...
  const TAG_FIRST = 0
  const TAG_NAME = 1
  const ATTR_FIRST = 2
  const ATTR_NAME = 3
  // ... an attribute behind white space, =, a quote, a value, what follows one, the > behind a slash.
  const GAP = 4
  const EQUALS = 5
  const QUOTE = 6
  const VALUE = 7
  const AFTER_VALUE = 8
  const EMPTY = 9
  // Bits of byteClass.
  const LETTER = 1
  const NAME_BYTE = 2
  const WHITE = 4
  const { buf, base, end } = s
  const stops = valueStop
  let i = s.pos
  let state = s.state
  scan: while (i < end) {
    const byte = buf[i]!
    switch (state) {
      case TAG_FIRST:
      case ATTR_FIRST: {
        const next = (byteClass[byte]! & LETTER) !== 0 ? i + 1 : wideNameByte(s, i, true)
        if (next === 0) break scan
        i = next
        state = state === TAG_FIRST ? TAG_NAME : ATTR_NAME
        break
      }
      case TAG_NAME:
      case ATTR_NAME: {
        while (i < end && (byteClass[buf[i]!]! & NAME_BYTE) !== 0) i++
        if (i - base - s.nameStart > s.limits.maxNameBytes) throw overLimit('a name is too long')
        if (i === end) break
        const stop = buf[i]!
        if (stop === 0x3a /* : */) {
          if (s.colon >= 0) throw badName()
          s.colon = i - base
          i++
          state = state === TAG_NAME ? TAG_FIRST : ATTR_FIRST
        } else if (stop >= 0x80) {
          const next = wideNameByte(s, i, false)
          if (next === 0) break scan
          i = next
        } else if (state === TAG_NAME) {
          s.tagEnd = i - base
          s.tagFlags = s.nameFlags
          s.tagColon = s.colon
          state = AFTER_VALUE
        } else {
          nameAttribute(s, i - base)
          state = EQUALS
          if (stop === 0x3d /* = */) {
            state = QUOTE
            i++
          }
        }
        break
      }
      case GAP:
        if ((byteClass[byte]! & LETTER) !== 0) {
          beginAttribute(s, i - base)
          state = ATTR_NAME
          i++
        } else if ((byteClass[byte]! & WHITE) !== 0) {
          i++
        } else if (byte >= 0x80 || byte === 0x3a /* : */) {
          if (byte === 0x3a /* : */) throw badName()
          beginAttribute(s, i - base)
          state = ATTR_FIRST
        } else {
          state = AFTER_VALUE
        }
        break
      case EQUALS:
        if (byte === 0x3d /* = */) state = QUOTE
        else if ((byteClass[byte]! & WHITE) === 0) throw malformed('an attribute has no value')
        i++
        break
      case QUOTE:
        if (byte === 0x22 || byte === 0x27) {
          s.quote = byte
          s.valueFlags = 0
          s.valueStart = i + 1 - base
          state = VALUE
        } else if ((byteClass[byte]! & WHITE) === 0) throw malformed('an attribute value has no quotes')
        i++
        break
      case VALUE: {
        while (i < end && stops[buf[i]!] === 0) i++
        if (i === end) break
        const stop = buf[i]!
        if (stop === s.quote) {
          endAttribute(s, s.valueStart, i - base, s.valueFlags)
          state = AFTER_VALUE
          i++
        } else if (stop >= 0x80) {
          const next = characterEnd(buf, i, end)
          if (next === 0) break scan
          s.valueFlags |= WIDE
          i = next
        } else if (stop === 0x26 /* & */) {
          s.valueFlags |= UNNORMALISED
          s.back = VALUE
          s.state = REFERENCE
          s.pos = i + 1
          return
        } else if ((byteClass[stop]! & WHITE) !== 0) {
          s.valueFlags |= UNNORMALISED
          i++
        } else if (stop === 0x3c /* < */) throw malformed('an attribute value holds <')
        else if (stop < 0x20) throw malformed('a control character')
        else i++
        break
      }
      case AFTER_VALUE:
        if ((byteClass[byte]! & WHITE) !== 0) {
          state = GAP
          i++
        } else if (byte === 0x2f /* slash */) {
          state = EMPTY
          i++
        } else if (byte === 0x3e /* > */) {
          s.pos = i + 1
          openElement(s, false)
          return
        } else throw malformed('a tag holds an illegal character')
        break
      default:
        if (byte !== 0x3e /* > */) throw malformed('a slash inside a tag')
        s.pos = i + 1
        openElement(s, true)
        return
    }
  }
  s.pos = i
  s.state = state
}

function badName(): XmlError {
  return new XmlError('bad-namespace-prefix', 'a name is not a prefix and a local name')
}

/** The offset behind a character no ASCII letter, or 0 when it is cut off. */
function wideNameByte(s: Scan, i: number, first: boolean): number {
  const byte = s.buf[i]!
  const next = byte < 0x80 ? i : characterEnd(s.buf, i, s.end)
  if (next === 0) return 0
  const code = byte < 0x80 ? byte : codePoint(s.buf, i, next)
  if (!(first ? isNameStart(code) : isNameChar(code))) {
    if (first && (s.colon >= 0 || byte === COLON)) throw badName()
    throw malformed('a name holds an illegal character')
  }
  s.nameFlags = WIDE_NAME
  return next
}

/** Begins the record of an attribute whose name starts here. */
export function beginAttribute(s: Scan, start: number): void {
  if ((s.attrEnd - s.attrBase) / ATTR >= s.limits.maxAttributes) throw overLimit('too many attributes')
  if (s.attrEnd + ATTR > s.attrs.length) s.attrs = grown(s.attrs)
  s.nameStart = start
  s.nameFlags = 0
  s.colon = -1
}

/** Notes the name of the attribute at hand, which ends here. */
export function nameAttribute(s: Scan, end: number): void {
  const kind = kindOf(s, end)
  const { attrs, attrEnd } = s
  s.kinds |= kind
  attrs[attrEnd] = s.nameStart
  attrs[attrEnd + 1] = end
  attrs[attrEnd + 2] = s.colon
  attrs[attrEnd + 5] = kind | s.nameFlags
}

/** Notes the value of the attribute at hand, and counts it. */
export function endAttribute(s: Scan, start: number, end: number, flags: number): void {
  const { attrs, attrEnd } = s
  attrs[attrEnd + 3] = start
  attrs[attrEnd + 4] = end
  attrs[attrEnd + 5]! |= flags
  s.attrEnd = attrEnd + ATTR
}

function kindOf(s: Scan, end: number): number {
  const { buf, colon } = s
  const at = s.base + s.nameStart
  const xmlns =
    (colon < 0 ? end : colon) - s.nameStart === 5 &&
    buf[at] === 0x78 &&
    buf[at + 1] === 0x6d &&
    buf[at + 2] === 0x6c &&
    buf[at + 3] === 0x6e &&
    buf[at + 4] === 0x73
  if (colon < 0) return xmlns ? DEFAULT_DECLARATION : 0
  return xmlns ? PREFIX_DECLARATION : PREFIXED
}
