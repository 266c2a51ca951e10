import { randomFillSync } from 'node:crypto'

/** A source of identifiers. */
export interface Ids {
  /** An identifier never given out before, of URL-safe characters. */
  next(): string
}

const idBytes = 18
// A login takes several, and asking the system for each costs ten times what the bytes do.
const pool = Buffer.allocUnsafeSlow(idBytes * 128)
let used = pool.length

/** Identifiers nobody can guess: 144 bits of the system's randomness, as 24 characters of base64url. */
export const randomIds: Ids = Object.freeze({
  next() {
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    used += idBytes
    return pool.toString('base64url', used - idBytes, used)
  },
})

/**
 * Identifiers anybody can guess, `prefix1`, `prefix2`, and so on: for tests only.
 *
 * @example
 * ```ts
 * const ids = createCountingIds('id')
 * ids.next() // 'id1'
 * ```
 */
export function createCountingIds(prefix = 'id'): Ids {
  let last = 0
  return { next: () => `${prefix}${++last}` }
}
