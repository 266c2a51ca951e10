import { XmlError } from './errors.js'

const bad = (): XmlError => new XmlError('unsupported-encoding', 'the bytes are not UTF-8')

/**
 * Finds the end of the multi-byte character at `i` and checks that it is legal UTF-8 and legal XML.
 *
 * @returns the offset behind it, or 0 when it is cut off by `end`
 * @throws XmlError `unsupported-encoding` for bytes that are not UTF-8, `not-well-formed` for U+FFFE and U+FFFF
 */
export function characterEnd(buf: Uint8Array, i: number, end: number): number {
  const lead = buf[i]!
  // 80-C1 are lone continuations and overlong forms of ASCII.
  if (lead < 0xc2 || lead > 0xf4) throw bad()
  if (i + 1 >= end) return 0
  const second = buf[i + 1]!
  if ((second & 0xc0) !== 0x80) throw bad()
  if (lead < 0xe0) return i + 2
  // Overlong forms, surrogates, and code points beyond U+10FFFF show in the second byte.
  if (lead === 0xe0 ? second < 0xa0 : lead === 0xed && second > 0x9f) throw bad()
  if (lead === 0xf0 ? second < 0x90 : lead === 0xf4 && second > 0x8f) throw bad()
  if (i + 2 >= end) return 0
  const third = buf[i + 2]!
  if ((third & 0xc0) !== 0x80) throw bad()
  if (lead < 0xf0) {
    if (lead === 0xef && second === 0xbf && third > 0xbd) {
      throw new XmlError('not-well-formed', 'a character XML does not allow')
    }
    return i + 3
  }
  if (i + 3 >= end) return 0
  if ((buf[i + 3]! & 0xc0) !== 0x80) throw bad()
  return i + 4
}

/** The code point of a character {@link characterEnd} accepted, between `i` and `end`. */
export function codePoint(buf: Uint8Array, i: number, end: number): number {
  let code = buf[i]! & (0xff >> (end - i + 1))
  while (++i < end) code = (code << 6) | (buf[i]! & 0x3f)
  return code
}
