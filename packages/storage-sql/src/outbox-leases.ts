import type { OutboxStore } from '@xmppkit/outbox'

/**
 * Keeps who delivers events in memory: right where this process alone uses the store, and a new process must not wait for the
 * lease of one that was killed.
 */
export function createProcessLeases(): Pick<OutboxStore, 'lease' | 'release'> {
  const leases = new Map<string, { readonly holder: string; readonly until: number }>()
  return {
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
