import type { PushRegistration, PushStore } from '@xmppkit/push'
import { sql } from 'kysely'
import type { Row, SqlDatabase } from './database.js'
import { fromMoment, toMoment } from './moments.js'
import type { Statements } from './statements.js'

/** Keeps push registrations in the table `push_registrations`. */
export function createSqlPushStore({ db }: { readonly db: SqlDatabase }, statements: Statements): PushStore {
  const s = { ...keepStatements(statements), ...removeStatements(statements), ...readStatements(statements) }
  const changes = async (lock: string, step: ReturnType<typeof s.removeAll>) => {
    const result = await db.write({ lock, steps: [step] })
    return typeof result === 'string' ? 0 : (result[0]?.changes ?? 0)
  }

  return {
    async enable(account, { service, node, client, options, enabledAt }, limit) {
      const key = account.toString()
      const kept = { service, node, client, options: options ?? null, enabled_at: toMoment(enabledAt) }
      const steps = [
        s.enable({ account: key, domain: account.domain, ...kept }),
        s.trim({ account: key, service, node, others: limit - 1 }),
      ]
      await db.write({ lock: key, steps })
    },
    async disable(account, service, node) {
      const key = account.toString()
      const step =
        node === undefined
          ? s.disableService({ account: key, service })
          : s.disable({ account: key, service, node })
      return changes(key, step)
    },
    async list(account) {
      return (await db.read(s.list({ account: account.toString() }))).map(toRegistration)
    },
    async removeAll(account) {
      const key = account.toString()
      return changes(key, s.removeAll({ account: key }))
    },
    async accounts(domain, { after = '', limit }) {
      const rows = await db.read(s.accounts({ domain, after, limit }))
      return rows.map(({ account }) => String(account))
    },
    async count(domain) {
      const [row] = await db.read(s.count({ domain }))
      return Number(row?.count)
    },
    removeOlder: (domain, before, limit) =>
      changes(domain, s.removeOlder({ domain, before: toMoment(before), limit })),
  }
}

function keepStatements({ with: taking, table }: Statements) {
  const registrations = table('push_registrations')
  return {
    enable: taking<{
      account: string
      domain: string
      service: string
      node: string
      client: string
      options: string | null
      enabled_at: string
    }>()('push_enable', (query, p) =>
      query
        .insertInto('push_registrations')
        .values({
          account: p('account'),
          domain: p('domain'),
          service: p('service'),
          node: p('node'),
          client: p('client'),
          options: p('options'),
          enabled_at: p('enabled_at'),
        })
        .onConflict((conflict) =>
          conflict.columns(['account', 'service', 'node']).doUpdateSet((eb) => ({
            client: eb.ref('excluded.client'),
            options: eb.ref('excluded.options'),
            enabled_at: eb.ref('excluded.enabled_at'),
          })),
        ),
    ),
    /** Leaves beside one so many others, those registered last. */
    trim: taking<{ account: string; service: string; node: string; others: number }>()(
      'push_trim',
      (_, p) => sql`
        delete from ${registrations}
        where account = ${p('account')} and (service, node) <> (${p('service')}, ${p('node')})
          and (service, node) not in (
            select service, node from ${registrations}
            where account = ${p('account')} and (service, node) <> (${p('service')}, ${p('node')})
            order by enabled_at desc, service, node limit ${p('others')}
          )`,
    ),
  }
}

function removeStatements({ with: taking, table }: Statements) {
  const registrations = table('push_registrations')
  return {
    disable: taking<{ account: string; service: string; node: string }>()('push_disable', (query, p) =>
      query
        .deleteFrom('push_registrations')
        .where('account', '=', p('account'))
        .where('service', '=', p('service'))
        .where('node', '=', p('node')),
    ),
    disableService: taking<{ account: string; service: string }>()('push_disable_service', (query, p) =>
      query
        .deleteFrom('push_registrations')
        .where('account', '=', p('account'))
        .where('service', '=', p('service')),
    ),
    removeAll: taking<{ account: string }>()('push_remove_all', (query, p) =>
      query.deleteFrom('push_registrations').where('account', '=', p('account')),
    ),
    removeOlder: taking<{ domain: string; before: string; limit: number }>()(
      'push_remove_older',
      (_, p) => sql`
        delete from ${registrations} where (account, service, node) in (
          select account, service, node from ${registrations}
          where domain = ${p('domain')} and enabled_at < ${p('before')}
          order by enabled_at limit ${p('limit')}
        )`,
    ),
  }
}

function readStatements({ with: taking }: Statements) {
  return {
    list: taking<{ account: string }>()('push_list', (query, p) =>
      query
        .selectFrom('push_registrations')
        .select(['service', 'node', 'client', 'options', 'enabled_at'])
        .where('account', '=', p('account'))
        .orderBy('enabled_at')
        .orderBy('service')
        .orderBy('node'),
    ),
    accounts: taking<{ domain: string; after: string; limit: number }>()('push_accounts', (query, p) =>
      query
        .selectFrom('push_registrations')
        .select('account')
        .distinct()
        .where('domain', '=', p('domain'))
        .where('account', '>', p('after'))
        .orderBy('account')
        .limit(p('limit')),
    ),
    count: taking<{ domain: string }>()('push_count', (query, p) =>
      query
        .selectFrom('push_registrations')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('domain', '=', p('domain')),
    ),
  }
}

function toRegistration({ service, node, client, options, enabled_at }: Row): PushRegistration {
  return {
    service: String(service),
    node: String(node),
    client: String(client),
    ...(typeof options === 'string' && { options }),
    enabledAt: fromMoment(enabled_at),
  }
}
