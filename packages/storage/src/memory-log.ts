import { StorageError } from './errors.js'
import type { Log, LogEntry, LogPage } from './log.js'
import { type MemoryStoreOptions, memoryStoreDefaults } from './memory-options.js'
import { assertName, assertStorable, domainOfOwner, maxOwnerBytes } from './storable-text.js'

interface Kept {
  readonly entry: LogEntry
  lease: { readonly holder: string; readonly until: number } | undefined
}

/**
 * Makes a {@link Log} in this process's memory: for tests, and for what may be forgotten.
 *
 * @example
 * ```ts
 * const log = createMemoryLog()
 * await log.append('alice@example.org', { value: 'hello', at: clock.now() })
 * ```
 */
export function createMemoryLog(options: MemoryStoreOptions = {}): Log {
  const { maxEntries, maxValueBytes } = Object.freeze({ ...memoryStoreDefaults, ...options })
  // Maps keep insertion order, which is the order of ids.
  const owners = new Map<string, Map<string, Kept>>()
  let total = 0
  let lastId = 0

  const alive = (owner: string, now: number) =>
    [...(owners.get(owner)?.values() ?? [])].filter(({ entry }) => !expired(entry, now))

  function removeWhere(
    ofOwner: (owner: string) => boolean,
    gone: (entry: LogEntry) => boolean,
    limit: number,
  ) {
    let removed = 0
    for (const [owner, entries] of owners) {
      if (!ofOwner(owner)) continue
      for (const [id, { entry }] of entries) {
        if (removed >= limit) break
        if (gone(entry)) removed += Number(entries.delete(id))
      }
      if (entries.size === 0) owners.delete(owner)
    }
    total -= removed
    return removed
  }

  return {
    async append(owner, entry, limit = Number.POSITIVE_INFINITY) {
      assertName('the owner', owner, maxOwnerBytes)
      assertStorable('the value', entry.value, maxValueBytes)
      if (limit !== Number.POSITIVE_INFINITY && alive(owner, entry.at).length >= limit) return 'full'
      if (total >= maxEntries)
        throw new StorageError('storage/full', `${maxEntries} entries are kept already`)
      total += 1
      lastId += 1
      const id = String(lastId).padStart(16, '0')
      const entries = owners.get(owner) ?? new Map<string, Kept>()
      owners.set(owner, entries)
      entries.set(id, { entry: Object.freeze({ ...entry, id }), lease: undefined })
      return { id }
    },
    async read(owner, page) {
      return pageOf(
        alive(owner, page.now).map(({ entry }) => entry),
        page,
      )
    },
    async get(owner, id) {
      return owners.get(owner)?.get(id)?.entry
    },
    async lease(owner, { holder, limit, now, until }) {
      assertName('the holder', holder)
      const leased: LogEntry[] = []
      for (const kept of alive(owner, now)) {
        if (leased.length >= limit) break
        if (kept.lease && kept.lease.until > now) {
          if (kept.lease.holder === holder) continue
          break
        }
        kept.lease = { holder, until }
        leased.push(kept.entry)
      }
      return leased
    },
    async ack(owner, ids) {
      const wanted = new Set(ids)
      return removeWhere(
        (other) => other === owner,
        ({ id }) => wanted.has(id),
        Number.POSITIVE_INFINITY,
      )
    },
    async release(owner, holder) {
      for (const kept of owners.get(owner)?.values() ?? []) {
        if (kept.lease?.holder === holder) kept.lease = undefined
      }
    },
    async count(owner, now) {
      return alive(owner, now).length
    },
    async removeOwner(owner) {
      const count = owners.get(owner)?.size ?? 0
      owners.delete(owner)
      total -= count
      return count
    },
    async removeExpired(now, limit) {
      return removeWhere(
        () => true,
        (entry) => expired(entry, now),
        limit,
      )
    },
    async removeBefore(domain, before, limit) {
      return removeWhere(
        (owner) => domainOfOwner(owner) === domain,
        ({ at }) => at < before,
        limit,
      )
    },
  }
}

function pageOf(entries: readonly LogEntry[], { after, before, newestFirst, limit }: LogPage): LogEntry[] {
  const within = entries.filter(
    ({ id }) => (after === undefined || id > after) && (before === undefined || id < before),
  )
  return (newestFirst ? within.reverse() : within).slice(0, limit)
}

function expired({ expiresAt }: LogEntry, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now
}
