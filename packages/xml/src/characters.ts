// NameStartChar and NameChar of XML 1.0 (fifth edition) beyond ASCII, without the colon, as first and last code points.
const nameStartRanges = [
  0xc0, 0xd6, 0xd8, 0xf6, 0xf8, 0x2ff, 0x370, 0x37d, 0x37f, 0x1fff, 0x200c, 0x200d, 0x2070, 0x218f, 0x2c00,
  0x2fef, 0x3001, 0xd7ff, 0xf900, 0xfdcf, 0xfdf0, 0xfffd, 0x10000, 0xeffff,
]
const nameOnlyRanges = [0xb7, 0xb7, 0x300, 0x36f, 0x203f, 0x2040]

function within(ranges: readonly number[], code: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (code >= ranges[i]! && code <= ranges[i + 1]!) return true
  }
  return false
}

// Bits of byteClass: may start a name, may stand in one, is white space.
const NAME_START = 1
const NAME = 2
/** Bit of {@link byteClass}: white space. */
export const SPACE = 4

/** What an ASCII byte may be inside a tag. Bytes beyond ASCII have no bit: their code point decides. */
export const byteClass = new Uint8Array(256)
/** Bytes the scanner must look at inside text. */
export const textStop = new Uint8Array(256)
/** Bytes the scanner must look at inside an attribute value. */
export const valueStop = new Uint8Array(256)
/** Bytes the scanner must look at inside a CDATA section. */
export const cdataStop = new Uint8Array(256)

for (let byte = 0; byte < 256; byte++) {
  const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a && byte < 0x80
  if (letter || byte === 0x5f) byteClass[byte] = NAME_START | NAME
  else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e) byteClass[byte] = NAME
  const space = byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d
  if (space) byteClass[byte] = SPACE
  const unusual = byte >= 0x80 || (byte < 0x20 && !space)
  cdataStop[byte] = unusual || byte === 0x3e ? 1 : 0
  textStop[byte] = unusual || byte === 0x3c || byte === 0x3e || byte === 0x26 ? 1 : 0
  valueStop[byte] =
    unusual || (space && byte !== 0x20) || byte === 0x3c || byte === 0x26 || byte === 0x22 || byte === 0x27
      ? 1
      : 0
}

/** NameStartChar of XML 1.0 without the colon. */
export function isNameStart(code: number): boolean {
  return code < 0x80 ? (byteClass[code]! & NAME_START) !== 0 : within(nameStartRanges, code)
}

/** NameChar of XML 1.0 without the colon. */
export function isNameChar(code: number): boolean {
  if (code < 0x80) return (byteClass[code]! & NAME) !== 0
  return within(nameStartRanges, code) || within(nameOnlyRanges, code)
}

/** Char of XML 1.0, which excludes control characters, surrogates, U+FFFE and U+FFFF. */
export function isXmlChar(code: number): boolean {
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
}

const asciiLocalName = /^[A-Za-z_][\w.-]*$/

/** True for a name without a colon (NCName of Namespaces in XML). */
export function isLocalName(name: string): boolean {
  if (asciiLocalName.test(name)) return true
  let first = true
  for (const character of name) {
    const code = character.codePointAt(0)!
    if (first ? !isNameStart(code) : !isNameChar(code)) return false
    first = false
  }
  return !first
}
