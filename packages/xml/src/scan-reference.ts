import { isNameChar, isNameStart, isXmlChar } from './characters.js'
import { XmlError } from './errors.js'
import { malformed, overLimit, REFERENCE, type Scan } from './scan-state.js'
import { characterEnd, codePoint } from './utf8.js'

// Behind &x, &#, &#1, &#x and &#x1.
const REFERENCE_NAME = 18
const REFERENCE_HASH = 19
const REFERENCE_DECIMAL = 20
const REFERENCE_HEX_FIRST = 21
const REFERENCE_HEX = 22

const HASH = 0x23
const SEMICOLON = 0x3b
const LOWER_X = 0x78

const predefined = new Set(['amp', 'lt', 'gt', 'quot', 'apos'])

/** Scans a reference from behind its `&` to its `;`, or as far as the bytes reach. */
export function scanReference(s: Scan): void {
  while (s.pos < s.end) {
    const byte = s.buf[s.pos]!
    if (s.state === REFERENCE && byte === HASH) {
      s.state = REFERENCE_HASH
      s.referenceValue = 0
      s.pos++
    } else if (s.state === REFERENCE_HASH) {
      s.state = byte === LOWER_X ? REFERENCE_HEX_FIRST : REFERENCE_DECIMAL
      if (byte === LOWER_X) s.pos++
      else digit(s, byte, 10)
    } else if (s.state > REFERENCE_HASH) {
      if (byte === SEMICOLON && s.state !== REFERENCE_HEX_FIRST) {
        endNumber(s)
        return
      }
      digit(s, byte, s.state === REFERENCE_DECIMAL ? 10 : 16)
    } else if (s.state === REFERENCE_NAME && byte === SEMICOLON) {
      endName(s)
      return
    } else if (!nameCharacter(s, byte)) return
  }
}

function digit(s: Scan, byte: number, radix: number): void {
  const value = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57
  const legal = value >= 0 && value < radix && (byte <= 0x39 || (byte | 0x20) >= 0x61)
  if (!legal) throw malformed('a character reference holds no digit where one must be')
  s.referenceValue = s.referenceValue * radix + value
  if (s.referenceValue > 0x10ffff) throw malformed('a character reference beyond Unicode')
  if (s.state === REFERENCE_HEX_FIRST) s.state = REFERENCE_HEX
  s.pos++
}

function endNumber(s: Scan): void {
  if (!isXmlChar(s.referenceValue)) throw malformed('a reference to a character XML does not allow')
  s.pos++
  s.state = s.back
}

function nameCharacter(s: Scan, byte: number): boolean {
  const end = byte < 0x80 ? s.pos + 1 : characterEnd(s.buf, s.pos, s.end)
  if (end === 0) return false
  const code = byte < 0x80 ? byte : codePoint(s.buf, s.pos, end)
  if (s.state === REFERENCE) {
    if (!isNameStart(code)) throw malformed('a bare ampersand')
    s.nameStart = s.pos - s.base
    s.state = REFERENCE_NAME
  } else if (!isNameChar(code)) throw malformed('an unterminated reference')
  s.pos = end
  if (end - s.base - s.nameStart > s.limits.maxNameBytes) throw overLimit('a name is too long')
  return true
}

function endName(s: Scan): void {
  // RFC 6120 §11.1: entities other than the predefined ones would need a DTD.
  if (!predefined.has(s.slice(s.nameStart, s.pos - s.base))) {
    throw new XmlError('restricted-xml', 'a reference to an entity that is not predefined')
  }
  s.pos++
  s.state = s.back
}
