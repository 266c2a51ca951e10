import type { BareJid } from '@xmppkit/jid'
import { encodeBase64 } from '@xmppkit/sasl'
import type { AccountStore, StoredAccount, StoredCredentials } from './ports.js'

/**
 * Keeps accounts in memory: for tests and for servers whose accounts need not outlive them.
 *
 * @example
 * ```ts
 * const store = createMemoryAccountStore()
 * const accounts = createAccounts({ store, hooks, clock: systemClock, ids: randomIds })
 * ```
 */
export function createMemoryAccountStore(): AccountStore {
  const domains = new Map<string, Map<string, StoredAccount>>()
  const find = (account: BareJid): StoredAccount | undefined =>
    domains.get(account.domain)?.get(account.local)

  const put = (account: BareJid, stored: StoredAccount): void => {
    const accounts = domains.get(account.domain) ?? new Map<string, StoredAccount>()
    domains.set(account.domain, accounts.set(account.local, Object.freeze({ ...stored })))
  }

  return {
    async create(account, stored) {
      if (find(account) !== undefined) return false
      put(account, stored)
      return true
    },
    get: async (account) => find(account),
    async setCredentials(account, { scram }, before) {
      const stored = find(account)
      if (stored === undefined || (before !== undefined && !isSame(stored, before))) return false
      put(account, { ...stored, scram })
      return true
    },
    async setDisabled(account, reason) {
      const stored = find(account)
      if (stored === undefined) return false
      const { disabled: _, ...rest } = stored
      put(account, reason === undefined ? rest : { ...rest, disabled: reason })
      return true
    },
    async remove(account) {
      const accounts = domains.get(account.domain)
      const removed = accounts?.delete(account.local) ?? false
      if (accounts?.size === 0) domains.delete(account.domain)
      return removed
    },
    async list(domain, { after, limit }) {
      const names = [...(domains.get(domain)?.keys() ?? [])].sort(compareBytes)
      const rest = after === undefined ? names : names.filter((name) => compareBytes(name, after) > 0)
      return rest.slice(0, limit)
    },
    count: async (domain) => domains.get(domain)?.size ?? 0,
    isKnown: (account) => find(account) !== undefined,
  }
}

function isSame(a: StoredCredentials, b: StoredCredentials): boolean {
  const keys = ({ scram }: StoredCredentials) => scram.map(({ storedKey }) => encodeBase64(storedKey)).sort()
  return keys(a).join() === keys(b).join()
}

// The order databases use; comparing UTF-16 units would put emoji before some letters.
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
