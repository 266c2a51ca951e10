import { createHash } from 'node:crypto'

// The hash functions of signature algorithms (RFC 4055, 5758, 8017), by the bytes of their object identifier. MD5 and SHA-1
// stand for SHA-256 (RFC 5929 §4.1).
const hashes: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', 'sha256'], // md5WithRSAEncryption
  ['2a864886f70d010105', 'sha256'], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce3d0401', 'sha256'], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
])

/**
 * The data of the channel binding `tls-server-end-point` (RFC 5929 §4): the hash of the server's certificate, by the function
 * its signature uses.
 *
 * @param certificate - in DER
 * @returns `undefined` for a signature without one hash function, as Ed25519 is: the binding is not defined then
 */
export function endPointHash(certificate: Uint8Array): Uint8Array | undefined {
  const algorithm = signatureAlgorithm(certificate)
  const hash = algorithm === undefined ? undefined : hashes.get(algorithm)
  return hash === undefined ? undefined : createHash(hash).update(certificate).digest()
}

// Certificate ::= SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm SEQUENCE { algorithm OID, ... }, ... } (RFC 5280 §4.1)
function signatureAlgorithm(der: Uint8Array): string | undefined {
  const certificate = valueAt(der, 0, 0x30)
  const signed = certificate && valueAt(der, certificate.start, 0x30)
  const algorithm = signed && valueAt(der, signed.end, 0x30)
  const identifier = algorithm && valueAt(der, algorithm.start, 0x06)
  return identifier && Buffer.from(der.subarray(identifier.start, identifier.end)).toString('hex')
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Where the value at an offset lies, if it has this tag and is within the bytes. */
function valueAt(der: Uint8Array, at: number, tag: number): Range | undefined {
  const first = der[at + 1]
  if (der[at] !== tag || first === undefined) return undefined
  const extra = first < 0x80 ? 0 : first & 0x7f
  if (extra > 4) return undefined
  let length = extra === 0 ? first : 0
  for (let i = 0; i < extra; i++) length = length * 256 + (der[at + 2 + i] ?? 0)
  const start = at + 2 + extra
  return start + length <= der.length ? { start, end: start + length } : undefined
}
