import type { BareJid } from '@xmppkit/jid'
import { createKeyedQueue } from '@xmppkit/runtime'
import type { LeaseRequest, OfflineMessage, OfflineStore } from './ports.js'

interface Lease {
  readonly holder: string
  readonly until: number
}

/**
 * Keeps who holds which messages in memory, in front of a store, so that to hand messages out is to read them. Right only
 * where this process alone uses the store, and where leases end with it: what it was handing over when it died then waits for
 * the next login.
 *
 * @example
 * ```ts
 * const offline = createOffline({ ...deps, store: createMemoryLeases(store) })
 * ```
 */
export function createMemoryLeases(store: OfflineStore): OfflineStore {
  // By account and id; who asks at the same time for the same account is served in turn.
  const leases = new Map<string, Map<string, Lease>>()
  const turns = createKeyedQueue()

  const forget = (key: string, gone: (id: string, lease: Lease) => boolean) => {
    const held = leases.get(key)
    if (!held) return
    for (const [id, lease] of held) if (gone(id, lease)) held.delete(id)
    if (held.size === 0) leases.delete(key)
  }

  const take = (held: Map<string, Lease>, found: readonly OfflineMessage[], request: LeaseRequest) => {
    const { holder, limit, until } = request
    const taken: OfflineMessage[] = []
    for (const message of found) {
      const lease = held.get(message.id)
      if (lease && lease.holder !== holder) break
      if (lease) continue
      if (taken.length >= limit) break
      held.set(message.id, { holder, until })
      taken.push(message)
    }
    return taken
  }

  const lease = async (account: BareJid, request: LeaseRequest): Promise<readonly OfflineMessage[]> => {
    const key = account.toString()
    const { limit, now } = request
    forget(key, (_, { until }) => until <= now)
    // What it holds already comes first, and is left out.
    const wanted = limit + (leases.get(key)?.size ?? 0)
    const found = await store.list(account, { limit: wanted, now })
    const held = leases.get(key) ?? new Map<string, Lease>()
    const taken = take(held, found, request)
    if (held.size > 0) leases.set(key, held)
    return taken
  }

  return {
    append: (account, message, limit) => store.append(account, message, limit),
    lease: async (account, request) => turns.run(account.toString(), () => lease(account, request)),
    async ack(account, ids) {
      const removed = await store.ack(account, ids)
      const gone = new Set(ids)
      forget(account.toString(), (id) => gone.has(id))
      return removed
    },
    async release(account, holder) {
      forget(account.toString(), (_, one) => one.holder === holder)
    },
    list: (account, page) => store.list(account, page),
    get: (account, id) => store.get(account, id),
    count: (account, now) => store.count(account, now),
    async removeAll(account) {
      const removed = await store.removeAll(account)
      forget(account.toString(), () => true)
      return removed
    },
    async removeExpired(now, limit) {
      for (const key of leases.keys()) forget(key, (_, { until }) => until <= now)
      return store.removeExpired(now, limit)
    },
    removeOlder: (domain, before, limit) => store.removeOlder(domain, before, limit),
    ...(store.mayWait && { mayWait: (account: BareJid) => store.mayWait?.(account) }),
  }
}
