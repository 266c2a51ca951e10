import { createHash, createHmac } from 'node:crypto'
import { SaslError } from './errors.js'
import { encodeUtf8 } from './utf8.js'

/** The hash functions SCRAM is registered with, strongest last. */
export const scramHashes = ['SHA-1', 'SHA-256', 'SHA-512'] as const

/** A hash function of SCRAM. */
export type ScramHash = (typeof scramHashes)[number]

/** What a server stores instead of a password (RFC 5802 §3). It lets nobody log in and yields no password. */
export interface ScramVerifier {
  /** The hash function it was made with; each needs its own verifier. */
  readonly hash: ScramHash
  /** Random bytes of this account and hash. */
  readonly salt: Uint8Array
  /** Rounds of PBKDF2. */
  readonly iterations: number
  /** `H(ClientKey)`, against which a client's proof is checked. */
  readonly storedKey: Uint8Array
  /** `ServerKey`, with which the server proves itself. */
  readonly serverKey: Uint8Array
}

const nodeNames = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' } as const
const lengths = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 } as const

/** The digest as `node:crypto` names it. @internal */
export function digestName(hash: ScramHash): string {
  return nodeNames[hash]
}

/** The output length of the hash in bytes. @internal */
export function digestLength(hash: ScramHash): number {
  return lengths[hash]
}

/** `HMAC(key, data)` of RFC 5802. @internal */
export function hmac(hash: ScramHash, key: Uint8Array, data: Uint8Array | string): Uint8Array {
  return createHmac(nodeNames[hash], key).update(data).digest()
}

/** `H(data)` of RFC 5802. @internal */
export function digest(hash: ScramHash, data: Uint8Array): Uint8Array {
  return createHash(nodeNames[hash]).update(data).digest()
}

/** The exclusive or of two byte strings of one length. @internal */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] as number))
}

const clientKeyLabel = encodeUtf8('Client Key')
const serverKeyLabel = encodeUtf8('Server Key')

/** `ClientKey` of a salted password. @internal */
export function clientKeyOf(hash: ScramHash, saltedPassword: Uint8Array): Uint8Array {
  return hmac(hash, saltedPassword, clientKeyLabel)
}

/**
 * What a server keeps of a `SaltedPassword` somebody else has computed, such as a client that brings its account a new hash
 * (XEP-0480). The salted password itself is as good as the password: let go of it.
 *
 * @throws SaslError `sasl/invalid-parameters` if it has not the length of the hash
 */
export function scramVerifierOf(
  saltedPassword: Uint8Array,
  { hash, salt, iterations }: Pick<ScramVerifier, 'hash' | 'salt' | 'iterations'>,
): ScramVerifier {
  if (saltedPassword.byteLength !== digestLength(hash)) {
    throw new SaslError('sasl/invalid-parameters', `a salted password has ${digestLength(hash)} bytes`)
  }
  const storedKey = digest(hash, clientKeyOf(hash, saltedPassword))
  return { hash, salt, iterations, storedKey, serverKey: serverKeyOf(hash, saltedPassword) }
}

/** `ServerKey` of a salted password. @internal */
export function serverKeyOf(hash: ScramHash, saltedPassword: Uint8Array): Uint8Array {
  return hmac(hash, saltedPassword, serverKeyLabel)
}
