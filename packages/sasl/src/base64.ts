import { SaslError } from './errors.js'

/**
 * Decodes base64 exactly as RFC 4648 §4 writes it: no whitespace, correct padding, unused bits zero.
 *
 * @returns the bytes, or `undefined` if the text is anything else (SASL1 answers `incorrect-encoding`)
 */
export function tryDecodeBase64Strict(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Node ignores what it cannot read; only canonical text survives the way back.
  return bytes.toString('base64') === text ? bytes : undefined
}

/**
 * Decodes base64 as {@link tryDecodeBase64Strict} does.
 *
 * @throws SaslError `sasl/bad-base64` if the text is anything else
 */
export function decodeBase64Strict(text: string): Uint8Array {
  const bytes = tryDecodeBase64Strict(text)
  if (bytes === undefined) throw new SaslError('sasl/bad-base64', 'the text is not strict base64')
  return bytes
}

/** Encodes bytes as padded base64 without line breaks. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
