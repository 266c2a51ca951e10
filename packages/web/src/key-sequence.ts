import { createHash } from 'node:crypto'

/**
 * The keys of a session (XEP-0124 §15): each is the hash of the next, so that whoever has only seen requests cannot make another.
 * A session that began without one has none.
 */
export interface KeySequence {
  /** Whether the next request in order is of whoever began the session; if it is, the sequence moves on. */
  accepts(key: string | undefined, newKey: string | undefined): boolean
}

/** Makes the sequence that begins with the `newkey` of the request that created the session. */
export function createKeySequence(first: string | undefined): KeySequence {
  let expected = first?.toLowerCase()
  return {
    accepts(key, newKey) {
      if (expected === undefined) return true
      const hash = key === undefined ? '' : createHash('sha1').update(key).digest('hex')
      // lint-allow secret: a hash that was seen by whoever could read along, and not what makes it
      if (hash !== expected) return false
      expected = (newKey ?? key ?? '').toLowerCase()
      return true
    },
  }
}
