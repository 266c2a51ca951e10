import type { Jid } from '@xmppkit/jid'

/** Addresses of which something is known, about 100 bytes each; the one that was added longest ago makes room. */
export interface RecentAddresses {
  /** It is the latest now. */
  add(address: Jid): void
  has(address: Jid): boolean
  delete(address: Jid): void
}

/** Starts with none, and holds so many. */
export function createRecentAddresses(limit: number): RecentAddresses {
  const addresses = new Set<string>()
  return {
    add(address) {
      const key = address.toString()
      addresses.delete(key)
      addresses.add(key)
      if (addresses.size > limit) addresses.delete(addresses.values().next().value as string)
    },
    has: (address) => addresses.size > 0 && addresses.has(address.toString()),
    delete: (address) => void addresses.delete(address.toString()),
  }
}
