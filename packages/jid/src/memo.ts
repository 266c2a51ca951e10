/** A bounded cache of a pure function's results. */
export interface Memo<T> {
  /** What was put under a key, if it is still there. */
  get(key: string): T | undefined
  /** Remembers a value; keys longer than the limit are not kept. */
  set(key: string, value: T): void
  /** How many values are held. */
  readonly size: number
}

/**
 * Makes a cache of two generations: when the young one is full it becomes the old one, and what is asked for
 * again moves back. Holds at most `2 * maxEntries` values, evicts in constant time and keeps what is in use.
 */
export function createMemo<T>(maxEntries: number, maxKeyLength: number): Memo<T> {
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  const set = (key: string, value: T) => {
    if (key.length > maxKeyLength) return
    if (young.size >= maxEntries) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const aged = old.get(key)
      if (aged !== undefined) {
        old.delete(key)
        set(key, aged)
      }
      return aged
    },
    set,
    get size() {
      return young.size + old.size
    },
  }
}
