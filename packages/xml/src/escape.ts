import { XmlWriteError } from './errors.js'
import { asWire, type Wire, wireFromText } from './wire.js'

const plain = /^[\x20!#-%(-;=?-~]*$/
const illegal = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const inText = /[&<>\r]/g
const inAttribute = /[&<>"'\t\n\r]/g

const references = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['\t', '&#9;'],
  ['\n', '&#10;'],
  ['\r', '&#13;'],
])
const reference = (character: string): string => references.get(character)!

function checked(text: string): string {
  const found = illegal.exec(text)
  if (!found) return text
  const code = found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
  throw new XmlWriteError('xml/bad-character', `XML cannot carry U+${code} (at offset ${found.index})`)
}

/**
 * Escapes `& < >` and carriage returns, so that the reader's line-ending normalisation gives the same text back.
 *
 * @throws XmlWriteError for a character XML cannot carry
 */
export function escapeText(text: string): string {
  return plain.test(text) ? text : checked(text).replace(inText, reference)
}

/**
 * Escapes `& < > " '`, tabs, newlines and carriage returns, which attribute normalisation would turn into spaces.
 *
 * @throws XmlWriteError for a character XML cannot carry
 */
export function escapeAttribute(value: string): string {
  return plain.test(value) ? value : checked(value).replace(inAttribute, reference)
}

/** {@link escapeAttribute} as bytes. */
export function attributeWire(value: string): Wire {
  return plain.test(value) ? asWire(value) : wireFromText(escapeAttribute(value))
}
