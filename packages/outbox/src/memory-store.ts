import type { DeadEntry, OutboxEntry, OutboxStore } from './ports.js'

type Kept = OutboxEntry & Partial<Pick<DeadEntry, 'deadAt' | 'error'>>

const isDead = (entry: Kept): entry is DeadEntry => entry.deadAt !== undefined

/**
 * An {@link OutboxStore} in this process's memory, for tests and for servers that keep nothing.
 *
 * @example
 * ```ts
 * const store = createMemoryOutboxStore()
 * ```
 */
export function createMemoryOutboxStore(): OutboxStore {
  const entries = new Map<string, Kept>()
  const leases = new Map<string, { readonly holder: string; readonly until: number }>()
  let lastId = 0

  const change = (target: string, id: string, to: (entry: Kept) => Kept) => {
    const entry = entries.get(id)
    if (entry?.target === target && !isDead(entry)) entries.set(id, Object.freeze(to(entry)))
  }
  const some = (limit: number, wanted: (entry: Kept) => boolean): Kept[] => {
    const found: Kept[] = []
    for (const entry of entries.values()) {
      if (found.length >= limit) break
      if (wanted(entry)) found.push(entry)
    }
    return found
  }
  const removed = (gone: readonly Kept[]): number => {
    for (const { id } of gone) entries.delete(id)
    return gone.length
  }

  return {
    async append(fresh) {
      for (const entry of fresh) {
        lastId += 1
        const id = lastId.toString().padStart(16, '0')
        entries.set(id, Object.freeze({ ...entry, id, refusals: 0 }))
      }
    },
    async waiting(target, limit, except) {
      const left = new Set(except)
      return some(
        limit,
        (entry) => entry.target === target && !isDead(entry) && !left.has(entry.conversation),
      )
    },
    async ack(target, ids) {
      for (const id of ids) {
        const entry = entries.get(id)
        if (entry?.target === target && !isDead(entry)) entries.delete(id)
      }
    },
    async refused(target, id) {
      change(target, id, (entry) => ({ ...entry, refusals: entry.refusals + 1 }))
    },
    async bury(target, id, { error, at }) {
      change(target, id, (entry) => ({ ...entry, deadAt: at, error }))
    },
    async dead({ target, after = '', limit }) {
      const found = some(
        limit,
        (entry) => isDead(entry) && entry.id > after && (target === undefined || entry.target === target),
      )
      return found.filter(isDead)
    },
    async revive(target, limit) {
      const found = some(limit, (entry) => entry.target === target && isDead(entry))
      for (const { deadAt: _, error: __, ...entry } of found) {
        entries.set(entry.id, Object.freeze({ ...entry, refusals: 0 }))
      }
      return found.length
    },
    async purge(target, before, limit) {
      return removed(
        some(limit, (entry) => entry.target === target && isDead(entry) && entry.deadAt < before),
      )
    },
    async forget(account) {
      return removed(some(Number.POSITIVE_INFINITY, (entry) => entry.account === account && isDead(entry)))
    },
    async count(target) {
      const all = some(Number.POSITIVE_INFINITY, (entry) => entry.target === target)
      const dead = all.filter(isDead).length
      return { waiting: all.length - dead, dead }
    },
    async lease(target, holder, now, until) {
      const held = leases.get(target)
      if (held !== undefined && held.holder !== holder && held.until > now) return false
      leases.set(target, { holder, until })
      return true
    },
    async release(target, holder) {
      if (leases.get(target)?.holder === holder) leases.delete(target)
    },
  }
}
