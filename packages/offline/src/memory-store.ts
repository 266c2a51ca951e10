import type { BareJid } from '@xmppkit/jid'
import type { OfflineMessage, OfflineStore } from './ports.js'

interface Entry {
  readonly message: OfflineMessage
  lease: { readonly holder: string; readonly until: number } | undefined
}

/**
 * An {@link OfflineStore} in this process's memory, for tests and for servers that keep nothing.
 *
 * @example
 * ```ts
 * const store = createMemoryOfflineStore()
 * ```
 */
export function createMemoryOfflineStore(): OfflineStore {
  const accounts = new Map<string, Map<string, Entry>>()
  let lastId = 0
  const entriesOf = (account: BareJid) => accounts.get(account.toString())
  const waiting = (account: BareJid, now: number) =>
    [...(entriesOf(account)?.values() ?? [])].filter((entry) => !expired(entry.message, now))
  const removeWhere = (gone: (message: OfflineMessage) => boolean, limit: number, owner = '') => {
    let removed = 0
    for (const [account, entries] of accounts) {
      if (!account.endsWith(owner)) continue
      for (const [id, entry] of entries) {
        if (removed >= limit) return removed
        if (gone(entry.message)) removed += Number(entries.delete(id))
      }
      if (entries.size === 0) accounts.delete(account)
    }
    return removed
  }

  return {
    async append(account, message, limit) {
      if (waiting(account, message.receivedAt).length >= limit) return 'full'
      const key = account.toString()
      const entries = accounts.get(key) ?? new Map<string, Entry>()
      accounts.set(key, entries)
      lastId += 1
      const id = lastId.toString().padStart(16, '0')
      entries.set(id, { message: Object.freeze({ ...message, id }), lease: undefined })
      return { id }
    },
    async lease(account, { holder, limit, now, until }) {
      const leased: OfflineMessage[] = []
      for (const entry of waiting(account, now)) {
        if (leased.length >= limit) break
        if (entry.lease && entry.lease.until > now) {
          if (entry.lease.holder === holder) continue
          break
        }
        entry.lease = { holder, until }
        leased.push(entry.message)
      }
      return leased
    },
    async ack(account, ids) {
      const entries = entriesOf(account)
      let removed = 0
      for (const id of ids) removed += Number(entries?.delete(id) ?? false)
      if (entries?.size === 0) accounts.delete(account.toString())
      return removed
    },
    async release(account, holder) {
      for (const entry of entriesOf(account)?.values() ?? []) {
        if (entry.lease?.holder === holder) entry.lease = undefined
      }
    },
    async list(account, { after = '', limit, now }) {
      return waiting(account, now)
        .map((entry) => entry.message)
        .filter((message) => message.id > after)
        .slice(0, limit)
    },
    async get(account, id) {
      return entriesOf(account)?.get(id)?.message
    },
    async count(account, now) {
      return waiting(account, now).length
    },
    async removeAll(account) {
      const count = entriesOf(account)?.size ?? 0
      accounts.delete(account.toString())
      return count
    },
    async removeExpired(now, limit) {
      return removeWhere((message) => expired(message, now), limit)
    },
    async removeOlder(domain, before, limit) {
      return removeWhere((message) => message.receivedAt < before, limit, `@${domain}`)
    },
    mayWait: (account) => accounts.has(account.toString()),
  }
}

function expired(message: OfflineMessage, now: number): boolean {
  return message.expiresAt !== undefined && message.expiresAt <= now
}
