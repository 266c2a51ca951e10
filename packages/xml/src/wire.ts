import { XmlWriteError } from './errors.js'

declare const brand: unique symbol

/**
 * UTF-8 bytes kept as a string with one character per byte (latin1).
 *
 * A `Wire` goes to a socket as it is, with the encoding `'latin1'`, and its length is its length in bytes. It is not
 * text: joining it with an ordinary string corrupts every character beyond ASCII, hence the brand.
 */
export type Wire = string & { readonly [brand]: 'wire' }

const beyondAscii = /[^\0-\x7f]/
const loneSurrogate = /\p{Surrogate}/u

/** Marks a string the caller built from nothing but other wires and ASCII as a wire. */
export function asWire(bytes: string): Wire {
  return bytes as Wire
}

/**
 * Encodes text as UTF-8.
 *
 * @throws XmlWriteError for a lone surrogate, which UTF-8 cannot carry
 */
export function wireFromText(text: string): Wire {
  if (!beyondAscii.test(text)) return asWire(text)
  if (loneSurrogate.test(text)) throw new XmlWriteError('xml/bad-character', 'text holds a lone surrogate')
  return asWire(Buffer.from(text, 'utf8').toString('latin1'))
}

/** Decodes the UTF-8 bytes of a wire. */
export function textFromWire(wire: Wire): string {
  return beyondAscii.test(wire) ? Buffer.from(wire, 'latin1').toString('utf8') : wire
}

/** Copies bytes into a wire. */
export function wireFromBytes(bytes: Uint8Array): Wire {
  return asWire(asBuffer(bytes).toString('latin1'))
}

/** Copies a wire into bytes. */
export function bytesFromWire(wire: Wire): Uint8Array {
  return Buffer.from(wire, 'latin1')
}

/** How many bytes a wire takes on the network. */
export function wireLength(wire: Wire): number {
  return wire.length
}

/** The same bytes as a Buffer, nothing copied. */
export function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
