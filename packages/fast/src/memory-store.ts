import { accountsAmong } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { ClientNames, FastClient, FastTokenStore, StoredToken } from './ports.js'

interface Entry extends StoredToken {
  readonly usedAt: number | undefined
}

interface Client {
  readonly names: ClientNames
  readonly tokens: readonly Entry[]
}

/**
 * Keeps tokens in memory: clients have to log in with their passwords after a restart.
 *
 * @example
 * ```ts
 * const fast = createFast({ store: createMemoryFastTokenStore(), inline: c2s.inline, hooks, clock })
 * ```
 */
export function createMemoryFastTokenStore(): FastTokenStore {
  const accounts = new Map<string, Map<string, Client>>()
  const clientsOf = (account: BareJid): Map<string, Client> => accounts.get(account.toString()) ?? new Map()

  const put = (account: BareJid, id: string, client: Client | undefined): void => {
    const clients = clientsOf(account)
    if (client === undefined || client.tokens.length === 0) clients.delete(id)
    else clients.set(id, client)
    if (clients.size === 0) accounts.delete(account.toString())
    else accounts.set(account.toString(), clients)
  }

  const trim = (account: BareJid, maxClients: number): void => {
    const byAge = [...clientsOf(account)].sort(([, a], [, b]) => lastSeen(b) - lastSeen(a))
    for (const [id] of byAge.slice(maxClients)) put(account, id, undefined)
  }

  return {
    async get(account, client) {
      const tokens = clientsOf(account).get(client)?.tokens ?? []
      return tokens.map(({ id, mechanism, issuedAt, expiresAt, count }) => ({
        id,
        mechanism,
        issuedAt,
        expiresAt,
        count,
      }))
    },
    async issue(account, client, token, names, maxClients) {
      const used = clientsOf(account)
        .get(client)
        ?.tokens.filter(({ usedAt }) => usedAt !== undefined)
      put(account, client, { names, tokens: [{ ...token, usedAt: undefined }, ...(used ?? [])] })
      trim(account, maxClients)
    },
    async use(account, client, { id, count, at }) {
      const found = clientsOf(account).get(client)
      const token = found?.tokens.find((one) => one.id === id)
      if (found === undefined || token === undefined) return false
      if (count !== undefined && count <= token.count) return false
      // Another one that was used is the older one, whatever the clock says: it may have been set back.
      const later = found.tokens.filter((one) => one.id !== id && one.usedAt === undefined)
      const noted = { ...token, usedAt: at, count: count ?? token.count }
      put(account, client, { names: found.names, tokens: [...later, noted] })
      return true
    },
    async revoke(account, client) {
      const ids = client === undefined ? [...clientsOf(account).keys()] : [client]
      const there = ids.filter((id) => clientsOf(account).has(id))
      for (const id of there) put(account, id, undefined)
      return there.length
    },
    list: async (account) =>
      [...clientsOf(account)].map(describe).sort((a, b) => (a.client < b.client ? -1 : 1)),
    accounts: async (domain, page) => accountsAmong(accounts.keys(), domain, page),
    async removeExpired(before, limit) {
      let removed = 0
      for (const clients of accounts.values()) {
        for (const [id, client] of clients) {
          const kept = client.tokens.filter(({ expiresAt }) => expiresAt >= before || removed++ >= limit)
          if (kept.length === 0) clients.delete(id)
          else clients.set(id, { ...client, tokens: kept })
        }
      }
      for (const [account, clients] of accounts) if (clients.size === 0) accounts.delete(account)
      return Math.min(removed, limit)
    },
  }
}

function lastSeen({ tokens }: Client): number {
  return Math.max(...tokens.map(({ issuedAt, usedAt }) => Math.max(issuedAt, usedAt ?? 0)))
}

function describe([client, found]: readonly [string, Client]): FastClient {
  const expiresAt = Math.max(...found.tokens.map((token) => token.expiresAt))
  return { client, ...found.names, lastSeenAt: lastSeen(found), expiresAt }
}
