import type { ClientNames, FastClient, FastTokenStore, StoredToken } from '@xmppkit/fast'
import { createAccountPages } from './account-pages.js'
import { guarded, type Row, type SqlDatabase, type Step } from './database.js'
import { fastTokenStatements } from './fast-token-statements.js'
import { fromMoment, toMoment } from './moments.js'
import { guard, type Statements } from './statements.js'

/** Keeps tokens in the table `fast_tokens`. */
export function createSqlFastTokenStore(
  { db }: { readonly db: SqlDatabase },
  statements: Statements,
): FastTokenStore {
  const s = fastTokenStatements(statements)

  return {
    async get(account, client) {
      return (await db.read(s.get({ account: account.toString(), client }))).map(toToken)
    },
    async issue(account, client, token, names, maxClients) {
      const owner = { account: account.toString(), client }
      const steps = [
        s.removeUnused(owner),
        s.add({ ...owner, ...toRow(token), domain: account.domain, ...toNames(names) }),
        s.trim({ account: owner.account, limit: maxClients }),
      ]
      await db.write({ lock: owner.account, steps })
    },
    async use(account, client, { id, count, at }) {
      const key = { account: account.toString(), client, id }
      const used = toMoment(at)
      const note: Step =
        count === undefined
          ? s.use({ ...key, used_at: used })
          : s.useCounted({ ...key, used_at: used, count })
      const steps = [guard(note), s.removeOtherUsed(key)]
      return (await db.write({ lock: key.account, steps })) !== guarded
    },
    async revoke(account, client) {
      const owner = account.toString()
      const step =
        client === undefined ? s.revokeAll({ account: owner }) : s.revoke({ account: owner, client })
      const results = await db.write({ lock: owner, steps: [step] })
      return results === guarded ? 0 : new Set(results[0]?.rows.map((row) => row.client)).size
    },
    async list(account) {
      return toClients(await db.read(s.list({ account: account.toString() })))
    },
    accounts: createAccountPages(db, statements, 'fast_tokens'),
    async removeExpired(before, limit) {
      const step = s.removeExpired({ before: toMoment(before), limit })
      const results = await db.write({ lock: '', steps: [step] })
      return results === guarded ? 0 : (results[0]?.changes ?? 0)
    },
  }
}

function toRow({ id, mechanism, issuedAt, expiresAt, count }: StoredToken) {
  return {
    id,
    mechanism,
    issued_at: toMoment(issuedAt),
    expires_at: toMoment(expiresAt),
    use_count: count,
  }
}

function toNames({ software, device }: ClientNames) {
  return { software: software ?? null, device: device ?? null }
}

function toToken(row: Row): StoredToken {
  return {
    id: String(row.id),
    mechanism: String(row.mechanism),
    issuedAt: fromMoment(row.issued_at),
    expiresAt: fromMoment(row.expires_at),
    count: Number(row.use_count),
  }
}

/** Rows come by client, the newest token first: its names are the client's. */
function toClients(rows: readonly Row[]): FastClient[] {
  const clients = new Map<string, FastClient>()
  for (const row of rows) {
    const client = String(row.client)
    const seen = fromMoment(row.used_at ?? row.issued_at)
    const expires = fromMoment(row.expires_at)
    const before = clients.get(client)
    clients.set(client, {
      ...(before ?? { client, ...namesOf(row) }),
      lastSeenAt: Math.max(before?.lastSeenAt ?? 0, seen),
      expiresAt: Math.max(before?.expiresAt ?? 0, expires),
    })
  }
  return [...clients.values()]
}

function namesOf({ software, device }: Row): ClientNames {
  return {
    ...(typeof software === 'string' && { software }),
    ...(typeof device === 'string' && { device }),
  }
}
