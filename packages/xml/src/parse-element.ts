import { byteClass, SPACE } from './characters.js'
import { XmlError } from './errors.js'
import { parseBytes } from './parsed-element.js'
import type { RawElement } from './raw-element.js'
import { type ReaderLimits, readerLimits } from './reader-limits.js'
import { nothingAround } from './scan-state.js'
import { asBuffer } from './wire.js'
import { declarationEnd } from './xml-declaration.js'

/**
 * Reads one complete XML document as strictly as a stream is read: for configuration, stores, imports and tests.
 *
 * An XML declaration in front and white space around the element are allowed.
 *
 * @param limits - what to accept at most, {@link readerLimits}.afterAuthentication unless given
 * @throws XmlError when it is not the XML of RFC 6120 §11 or exceeds a limit
 * @example
 * ```ts
 * parseElement("<ping xmlns='urn:xmpp:ping'/>").ns // 'urn:xmpp:ping'
 * ```
 */
export function parseElement(
  text: string | Uint8Array,
  limits: ReaderLimits = readerLimits.afterAuthentication,
): RawElement {
  const buf = bytesOf(text)
  let start = 0
  if (buf[0] === 0x3c && buf[1] === 0x3f) {
    start = declarationEnd(buf, 0, buf.length)
    if (start === 0) throw new XmlError('not-well-formed', 'the XML declaration is not complete')
  }
  let end = buf.length
  while (start < end && (byteClass[buf[start]!]! & SPACE) !== 0) start++
  while (end > start && (byteClass[buf[end - 1]!]! & SPACE) !== 0) end--
  return parseBytes(buf.subarray(start, end), limits, nothingAround)
}

function bytesOf(text: string | Uint8Array): Buffer {
  if (typeof text !== 'string') return asBuffer(text)
  // Encoding would turn it into U+FFFD without a word.
  if (/\p{Surrogate}/u.test(text)) throw new XmlError('not-well-formed', 'the text holds a lone surrogate')
  return Buffer.from(text, 'utf8')
}
