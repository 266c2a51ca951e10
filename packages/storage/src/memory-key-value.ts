import { StorageError } from './errors.js'
import type { KeyValue } from './key-value.js'
import { type MemoryStoreOptions, memoryStoreDefaults } from './memory-options.js'
import { assertName, assertStorable, domainOfOwner, maxOwnerBytes } from './storable-text.js'

/**
 * Makes a {@link KeyValue} in this process's memory: for tests, and for what may be forgotten.
 *
 * @example
 * ```ts
 * const store = createMemoryKeyValue()
 * await store.set('alice@example.org', 'theme', 'dark')
 * ```
 */
export function createMemoryKeyValue(options: MemoryStoreOptions = {}): KeyValue {
  const { maxEntries, maxValueBytes } = Object.freeze({ ...memoryStoreDefaults, ...options })
  const owners = new Map<string, Map<string, string>>()
  let total = 0

  function check(owner: string, key: string): void {
    assertName('the owner', owner, maxOwnerBytes)
    assertName('the key', key)
  }

  function write(owner: string, key: string, value: string): void {
    assertStorable('the value', value, maxValueBytes)
    const entries = owners.get(owner) ?? new Map<string, string>()
    if (!entries.has(key)) {
      if (total >= maxEntries)
        throw new StorageError('storage/full', `${maxEntries} entries are kept already`)
      total += 1
    }
    entries.set(key, value)
    owners.set(owner, entries)
  }

  function remove(owner: string, key: string): boolean {
    const entries = owners.get(owner)
    if (!entries?.delete(key)) return false
    total -= 1
    if (entries.size === 0) owners.delete(owner)
    return true
  }

  // async: what is thrown is a rejection, and nothing is answered before the caller can wait.
  return {
    async get(owner, key) {
      return owners.get(owner)?.get(key)
    },
    async set(owner, key, value) {
      check(owner, key)
      write(owner, key, value)
    },
    async delete(owner, key) {
      return remove(owner, key)
    },
    async list(owner, { prefix = '', after, limit }) {
      return [...(owners.get(owner) ?? [])]
        .filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([key, value]) => ({ key, value }))
    },
    async count(owner) {
      return owners.get(owner)?.size ?? 0
    },
    async update(owner, key, decide) {
      check(owner, key)
      const previous = owners.get(owner)?.get(key)
      const value = decide(previous)
      const before = previous === undefined ? {} : { previous }
      if (value === undefined) return { ...before, changed: remove(owner, key) }
      if (value === previous) return { ...before, value, changed: false }
      write(owner, key, value)
      return { ...before, value, changed: true }
    },
    async removeOwner(owner) {
      const count = owners.get(owner)?.size ?? 0
      owners.delete(owner)
      total -= count
      return count
    },
    async removeDomain(domain, limit) {
      let removed = 0
      for (const [owner, entries] of owners) {
        if (domainOfOwner(owner) !== domain) continue
        for (const key of entries.keys()) {
          if (removed >= limit) return removed
          removed += Number(remove(owner, key))
        }
      }
      return removed
    },
  }
}
