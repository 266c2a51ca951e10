import type { SessionEntry, SessionPage, SessionPageRequest, SessionRegistry } from './ports.js'

/** A registry that changes at once. */
export interface MemoryRegistry extends SessionRegistry {
  put(entry: SessionEntry): void
  remove(sid: string): void
}

/**
 * Keeps the sessions of one process.
 *
 * @example
 * ```ts
 * const registry = createMemoryRegistry()
 * ```
 */
export function createMemoryRegistry(): MemoryRegistry {
  const bySid = new Map<string, SessionEntry>()
  const byAccount = new Map<string, readonly SessionEntry[]>()
  const perDomain = new Map<string, number>()
  const timeline = createTimeline()

  function count(domain: string, change: number): void {
    const now = (perDomain.get(domain) ?? 0) + change
    if (now === 0) perDomain.delete(domain)
    else perDomain.set(domain, now)
  }

  return {
    put(entry) {
      const key = entry.jid.bare.toString()
      const list = byAccount.get(key) ?? []
      const known = bySid.get(entry.sid)
      bySid.set(entry.sid, entry)
      timeline.put(entry)
      if (known === undefined) {
        byAccount.set(key, inserted(list, entry))
        count(entry.jid.domain, 1)
      } else {
        byAccount.set(
          key,
          list.map((one) => (one.sid === entry.sid ? entry : one)),
        )
      }
    },
    remove(sid) {
      const entry = bySid.get(sid)
      if (entry === undefined) return
      const key = entry.jid.bare.toString()
      const left = (byAccount.get(key) ?? []).filter((one) => one.sid !== sid)
      bySid.delete(sid)
      timeline.remove(entry)
      count(entry.jid.domain, -1)
      if (left.length === 0) byAccount.delete(key)
      else byAccount.set(key, left)
    },
    get: (sid) => bySid.get(sid),
    list: (account) => byAccount.get(account.toString()) ?? none,
    count: (domain) => (domain === undefined ? bySid.size : (perDomain.get(domain) ?? 0)),
    page: (request) => timeline.page(request),
  }
}

const none: readonly SessionEntry[] = Object.freeze([])

function inserted(list: readonly SessionEntry[], entry: SessionEntry): readonly SessionEntry[] {
  const at = list.findIndex((one) => one.order > entry.order)
  return at < 0 ? [...list, entry] : [...list.slice(0, at), entry, ...list.slice(at)]
}

/** All entries in the order they were opened, so that a page costs its own size and not that of all before it. */
interface Timeline {
  put(entry: SessionEntry): void
  remove(entry: SessionEntry): void
  page(request: SessionPageRequest): SessionPage<SessionEntry>
}

function createTimeline(): Timeline {
  // Two arrays of one length, sorted by order; what is removed leaves a hole until half of them are holes.
  let orders: number[] = []
  let slots: (SessionEntry | undefined)[] = []
  let holes = 0

  /** The first position whose order is not below this one. */
  function positionOf(order: number): number {
    let low = 0
    let high = orders.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((orders[middle] ?? 0) < order) low = middle + 1
      else high = middle
    }
    return low
  }

  function compact(): void {
    slots = slots.filter((slot) => slot !== undefined)
    orders = slots.map((slot) => slot?.order ?? 0)
    holes = 0
  }

  return {
    put(entry) {
      const at = positionOf(entry.order)
      if (orders[at] === entry.order) slots[at] = entry
      else {
        orders.splice(at, 0, entry.order)
        slots.splice(at, 0, entry)
      }
    },
    remove(entry) {
      const at = positionOf(entry.order)
      if (slots[at]?.sid !== entry.sid) return
      slots[at] = undefined
      holes += 1
      if (holes > 64 && holes * 2 > slots.length) compact()
    },
    page({ after, limit, domain }) {
      const sessions: SessionEntry[] = []
      let at = after === undefined ? 0 : positionOf(after)
      if (orders[at] === after) at += 1
      for (; at < slots.length; at += 1) {
        const entry = slots[at]
        if (entry === undefined || (domain !== undefined && entry.jid.domain !== domain)) continue
        const last = sessions.at(-1)
        if (sessions.length >= limit && last !== undefined) return { sessions, next: last.order }
        sessions.push(entry)
      }
      return { sessions }
    },
  }
}
