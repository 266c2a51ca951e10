import { randomBytes } from 'node:crypto'

/** A source of identifiers. */
export interface Ids {
  /** An identifier never given out before, of URL-safe characters. */
  next(): string
}

/** Identifiers nobody can guess: 144 bits of the system's randomness, as 24 characters of base64url. */
export const randomIds: Ids = Object.freeze({ next: () => randomBytes(18).toString('base64url') })

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
