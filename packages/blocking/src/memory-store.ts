import { accountsAmong } from '@xmppkit/auth'
import type { Jid } from '@xmppkit/jid'
import type { BlocklistStore } from './ports.js'

/**
 * A {@link BlocklistStore} in this process's memory, for tests and for servers that keep nothing.
 *
 * @example
 * ```ts
 * const store = createMemoryBlocklistStore()
 * ```
 */
export function createMemoryBlocklistStore(): BlocklistStore {
  const lists = new Map<string, Map<string, Jid>>()
  return {
    load(account) {
      return [...(lists.get(account.toString())?.values() ?? [])]
    },
    async add(account, jids, limit) {
      const key = account.toString()
      const next = new Map(lists.get(key))
      for (const jid of jids) next.set(jid.toString(), jid)
      if (next.size > limit) return 'full'
      if (next.size > 0) lists.set(key, next)
      return 'added'
    },
    async remove(account, jids) {
      const key = account.toString()
      const list = lists.get(key)
      for (const jid of jids) list?.delete(jid.toString())
      if (list?.size === 0) lists.delete(key)
    },
    accounts: async (domain, page) => accountsAmong(lists.keys(), domain, page),
    async removeAll(account) {
      const key = account.toString()
      const length = lists.get(key)?.size ?? 0
      lists.delete(key)
      return length
    },
  }
}
