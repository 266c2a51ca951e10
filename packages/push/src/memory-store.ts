import type { PushRegistration, PushStore } from './ports.js'

/**
 * A {@link PushStore} in this process's memory, for tests and for servers that keep nothing.
 *
 * @example
 * ```ts
 * const store = createMemoryPushStore()
 * ```
 */
export function createMemoryPushStore(): PushStore {
  // By account, the one registered longest ago first.
  const accounts = new Map<string, readonly PushRegistration[]>()

  const keep = (account: string, registrations: readonly PushRegistration[]): number => {
    const before = accounts.get(account)?.length ?? 0
    if (registrations.length === 0) accounts.delete(account)
    else accounts.set(account, registrations)
    return before - registrations.length
  }
  const without = (account: string, isGone: (one: PushRegistration) => boolean) =>
    (accounts.get(account) ?? []).filter((one) => !isGone(one))
  const ofDomain = (domain: string) =>
    [...accounts.keys()].filter((account) => account.slice(account.indexOf('@') + 1) === domain)

  return {
    async enable(account, registration, limit) {
      const { service, node } = registration
      const key = account.toString()
      const others = without(key, (one) => one.service === service && one.node === node)
      const all = [...others, Object.freeze({ ...registration })]
      all.sort((a, b) => a.enabledAt - b.enabledAt)
      keep(key, all.slice(Math.max(0, all.length - limit)))
    },
    async disable(account, service, node) {
      const key = account.toString()
      return keep(
        key,
        without(key, (one) => one.service === service && (node === undefined || one.node === node)),
      )
    },
    async list(account) {
      return accounts.get(account.toString()) ?? []
    },
    async removeAll(account) {
      return keep(account.toString(), [])
    },
    async accounts(domain, { after = '', limit }) {
      return ofDomain(domain)
        .sort()
        .filter((account) => account > after)
        .slice(0, limit)
    },
    async count(domain) {
      return ofDomain(domain).reduce((sum, account) => sum + (accounts.get(account)?.length ?? 0), 0)
    },
    async removeOlder(domain, before, limit) {
      let removed = 0
      for (const account of ofDomain(domain)) {
        // They are in order of time, so those to go come first.
        const old = (accounts.get(account) ?? [])
          .filter((one) => one.enabledAt < before)
          .slice(0, limit - removed)
        removed += keep(account, (accounts.get(account) ?? []).slice(old.length))
      }
      return removed
    },
  }
}
