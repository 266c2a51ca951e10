import type { LastActivityStore } from '@xmppkit/basics'
import { createAccountPages } from './account-pages.js'
import type { SqlDatabase } from './database.js'
import { fromMoment, toMoment } from './moments.js'
import type { Statements } from './statements.js'

/** Keeps last activity in the table `last_activity`. */
export function createSqlLastActivityStore(
  deps: { readonly db: SqlDatabase },
  statements: Statements,
): LastActivityStore {
  const { db } = deps
  const { with: taking } = statements
  const set = taking<{ account: string; domain: string; last_at: string; status: string }>()(
    'last_activity_set',
    (query, p) =>
      query
        .insertInto('last_activity')
        .values({ account: p('account'), domain: p('domain'), last_at: p('last_at'), status: p('status') })
        .onConflict((conflict) =>
          conflict.column('account').doUpdateSet((eb) => ({
            last_at: eb.ref('excluded.last_at'),
            status: eb.ref('excluded.status'),
          })),
        ),
  )
  const get = taking<{ account: string }>()('last_activity_get', (query, p) =>
    query.selectFrom('last_activity').select(['last_at', 'status']).where('account', '=', p('account')),
  )
  const remove = taking<{ account: string }>()('last_activity_remove', (query, p) =>
    query.deleteFrom('last_activity').where('account', '=', p('account')),
  )

  return {
    async set(account, { at, status }) {
      const step = set({ account: account.toString(), domain: account.domain, last_at: toMoment(at), status })
      await db.write({ lock: account.toString(), steps: [step] })
    },
    async get(account) {
      const [row] = await db.read(get({ account: account.toString() }))
      return row && { at: fromMoment(row.last_at), status: String(row.status) }
    },
    accounts: createAccountPages(db, statements, 'last_activity'),
    async remove(account) {
      const key = account.toString()
      await db.write({ lock: key, steps: [remove({ account: key })] })
    },
  }
}
