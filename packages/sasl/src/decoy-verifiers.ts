import { createHmac, randomBytes } from 'node:crypto'
import { scramHasherDefaults } from './scram-hasher.js'
import { digestLength, type ScramHash, type ScramVerifier } from './scram-verifier.js'

/** Options of {@link createDecoyVerifiers}. */
export interface DecoyOptions {
  /**
   * Key of the decoys. Keep one per account store, next to it: a salt that changes when the server restarts
   * tells an attacker that the account does not exist.
   * @default 32 random bytes
   */
  readonly secret?: Uint8Array
  /**
   * Rounds to announce; those of the real accounts.
   * @default 10000
   */
  readonly iterations?: number
  /**
   * Length of the salts, at most 64; that of the real ones.
   * @default 16
   */
  readonly saltBytes?: number
}

/** Invents verifiers for accounts that do not exist. */
export interface DecoyVerifiers {
  /** The verifier of a username nobody has: always the same for one name, and no password belongs to it. */
  verifier(username: string, hash: ScramHash): ScramVerifier
}

/**
 * Creates the source of decoys with which a login for an unknown account looks like one with a wrong password
 * (RFC 5802 §9).
 *
 * @example
 * ```ts
 * const decoys = createDecoyVerifiers({ secret: storeSecret, iterations: hasher.iterations })
 * decoys.verifier('nobody', 'SHA-256').iterations // 10000
 * ```
 */
export function createDecoyVerifiers(options: DecoyOptions = {}): DecoyVerifiers {
  const secret = options.secret ?? randomBytes(32)
  const iterations = options.iterations ?? scramHasherDefaults.iterations
  const saltBytes = options.saltBytes ?? scramHasherDefaults.saltBytes
  // Only the salt is ever shown, so only that has to be the name's own. No password is known to hash to this.
  const key = randomBytes(64)
  return {
    verifier: (username, hash) => ({
      hash,
      iterations,
      salt: createHmac('sha512', secret).update(`salt\0${hash}\0${username}`).digest().subarray(0, saltBytes),
      storedKey: key.subarray(0, digestLength(hash)),
      serverKey: key.subarray(0, digestLength(hash)),
    }),
  }
}
