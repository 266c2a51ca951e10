import type { StoredTenant, TenantSettings, TenantStore } from '@xmppkit/tenants'
import type { SqlDatabase, SqlValue, StepResult } from './database.js'
import { fromMoment, toMoment } from './moments.js'
import type { Statements } from './statements.js'

const limitColumns = {
  maxAccounts: 'max_accounts',
  maxSessions: 'max_sessions',
  maxSessionsPerAccount: 'max_sessions_per_account',
  maxStanzasPerSecond: 'max_stanzas_per_second',
  maxOfflineMessagesPerAccount: 'max_offline_messages',
  maxArchivedMessagesPerAccount: 'max_archived_messages',
  maxArchiveDays: 'max_archive_days',
} as const

/** Keeps domains in the table `tenants`. */
export function createSqlTenantStore(
  deps: { readonly db: SqlDatabase },
  statements: Statements,
): TenantStore {
  const { db } = deps
  const s = tenantStatements(statements)
  const changed = async (domain: string, step: ReturnType<typeof s.remove>) => {
    const [result] = (await db.write({ lock: domain, steps: [step] })) as readonly StepResult[]
    return (result?.changes ?? 0) > 0
  }
  return {
    add: ({ domain, host, createdAt, settings }) =>
      changed(domain, s.add({ domain, host, created_at: toMoment(createdAt), ...toColumns(settings) })),
    setSettings: (domain, settings) => changed(domain, s.set({ domain, ...toColumns(settings) })),
    async get(domain) {
      const [row] = await db.read(s.get({ domain }))
      return row && toTenant(row)
    },
    remove: (domain) => changed(domain, s.remove({ domain })),
    async list({ host, after = '', limit }) {
      const rows = await db.read(
        host === undefined ? s.list({ after, limit }) : s.ofHost({ host, after, limit }),
      )
      return rows.map(toTenant)
    },
  }
}

type Columns = {
  name: string | null
  contacts: string | null
} & { [K in (typeof limitColumns)[keyof typeof limitColumns]]: number | null }

function toColumns({ name, contacts, ...limits }: TenantSettings): Columns {
  const columns = Object.entries(limitColumns).map(([limit, column]) => [
    column,
    limits[limit as keyof typeof limits] ?? null,
  ])
  return {
    name: name ?? null,
    contacts: contacts === undefined ? null : JSON.stringify(contacts),
    ...Object.fromEntries(columns),
  }
}

function toTenant(row: Readonly<Record<string, unknown>>): StoredTenant {
  const { name, contacts } = row as { readonly name: string | null; readonly contacts: string | null }
  const limits = Object.entries(limitColumns).flatMap(([limit, column]) =>
    row[column] === null ? [] : [[limit, Number(row[column])] as const],
  )
  return {
    domain: String(row.domain),
    host: String(row.host),
    createdAt: fromMoment(row.created_at),
    settings: {
      ...(name !== null && { name }),
      ...(contacts !== null && { contacts: JSON.parse(contacts) as Record<string, string[]> }),
      ...Object.fromEntries(limits),
    },
  }
}

type Settings = Columns & Record<string, SqlValue>

function tenantStatements({ with: taking }: Statements) {
  return {
    add: taking<Settings & { domain: string; host: string; created_at: string }>()('tenant_add', (query, p) =>
      query
        .insertInto('tenants')
        .values({ domain: p('domain'), host: p('host'), created_at: p('created_at'), ...placeholders(p) })
        .onConflict((conflict) => conflict.column('domain').doNothing()),
    ),
    set: taking<Settings & { domain: string }>()('tenant_set', (query, p) =>
      query.updateTable('tenants').set(placeholders(p)).where('domain', '=', p('domain')),
    ),
    get: taking<{ domain: string }>()('tenant_get', (query, p) =>
      query.selectFrom('tenants').selectAll().where('domain', '=', p('domain')),
    ),
    remove: taking<{ domain: string }>()('tenant_remove', (query, p) =>
      query.deleteFrom('tenants').where('domain', '=', p('domain')),
    ),
    list: taking<{ after: string; limit: number }>()('tenant_list', (query, p) =>
      query
        .selectFrom('tenants')
        .selectAll()
        .where('domain', '>', p('after'))
        .orderBy('domain')
        .limit(p('limit')),
    ),
    ofHost: taking<{ host: string; after: string; limit: number }>()('tenant_of_host', (query, p) =>
      query
        .selectFrom('tenants')
        .selectAll()
        .where('host', '=', p('host'))
        .where('domain', '>', p('after'))
        .orderBy('domain')
        .limit(p('limit')),
    ),
  }
}

/** A placeholder for each column of the settings. */
function placeholders(p: <K extends keyof Columns>(name: K) => Columns[K]): Columns {
  const names = ['name', 'contacts', ...Object.values(limitColumns)] as const
  return Object.fromEntries(names.map((name) => [name, p(name)])) as Columns
}
