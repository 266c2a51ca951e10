import type { BareJid } from '@xmppkit/jid'

/** Accounts of which something is known, about 100 bytes each; the one that was added longest ago makes room. */
export interface RecentAccounts {
  /** It is the latest now. */
  add(account: BareJid): void
  has(account: BareJid): boolean
  delete(account: BareJid): void
}

/** Starts with none, and holds so many. */
export function createRecentAccounts(limit: number): RecentAccounts {
  const accounts = new Set<string>()
  return {
    add(account) {
      const key = account.toString()
      accounts.delete(key)
      accounts.add(key)
      if (accounts.size > limit) accounts.delete(accounts.values().next().value as string)
    },
    has: (account) => accounts.has(account.toString()),
    delete: (account) => void accounts.delete(account.toString()),
  }
}
