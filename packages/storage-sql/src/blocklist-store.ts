import type { BlocklistStore } from '@xmppkit/blocking'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { sql } from 'kysely'
import { createAccountPages } from './account-pages.js'
import { guarded, type SqlDatabase } from './database.js'
import { toMoment } from './moments.js'
import { guard, type Statements } from './statements.js'

/** Keeps blocklists in the table `blocked_jids`. */
export function createSqlBlocklistStore(
  deps: { readonly db: SqlDatabase; readonly clock: Pick<Clock, 'now'> },
  statements: Statements,
): BlocklistStore {
  const { db, clock } = deps
  const s = blocklistStatements(statements)

  const load = async (account: BareJid): Promise<Jid[]> => {
    const rows = await db.read(s.load({ account: account.toString() }))
    return rows.map(({ jid }) => parseJid(String(jid)))
  }

  return {
    load,
    async add(account, jids, limit) {
      const there = new Set((await load(account)).map(String))
      const fresh = [...new Set(jids.map(String))].filter((jid) => !there.has(jid))
      if (fresh.length === 0) return 'added'
      const key = account.toString()
      const at = toMoment(clock.now())
      const rows = fresh.map((jid) => s.add({ account: key, domain: account.domain, jid, blocked_at: at }))
      const room = guard(s.room({ account: key, more: fresh.length, limit }))
      return (await db.write({ lock: key, steps: [room, ...rows] })) === guarded ? 'full' : 'added'
    },
    async remove(account, jids) {
      const key = account.toString()
      const steps = jids.map((jid) => s.remove({ account: key, jid: jid.toString() }))
      if (steps.length > 0) await db.write({ lock: key, steps })
    },
    accounts: createAccountPages(db, statements, 'blocked_jids'),
    async removeAll(account) {
      const key = account.toString()
      const results = await db.write({ lock: key, steps: [s.removeAll({ account: key })] })
      return results === guarded ? 0 : (results[0]?.changes ?? 0)
    },
  }
}

function blocklistStatements({ with: taking, table }: Statements) {
  return {
    load: taking<{ account: string }>()('blocklist_load', (query, p) =>
      query.selectFrom('blocked_jids').select('jid').where('account', '=', p('account')),
    ),
    /** One row if there is room for so many more. */
    room: taking<{ account: string; more: number; limit: number }>()('blocklist_room', (query, p) =>
      query
        .selectNoFrom(sql<number>`1`.as('room'))
        .where(
          sql<boolean>`(select count(*) from ${table('blocked_jids')} where account = ${p('account')}) + cast(${p('more')} as bigint) <= cast(${p('limit')} as bigint)`,
        ),
    ),
    add: taking<{ account: string; domain: string; jid: string; blocked_at: string }>()(
      'blocklist_add',
      (query, p) =>
        query
          .insertInto('blocked_jids')
          .values({
            account: p('account'),
            domain: p('domain'),
            jid: p('jid'),
            blocked_at: p('blocked_at'),
          })
          .onConflict((conflict) => conflict.columns(['account', 'jid']).doNothing()),
    ),
    remove: taking<{ account: string; jid: string }>()('blocklist_remove', (query, p) =>
      query.deleteFrom('blocked_jids').where('account', '=', p('account')).where('jid', '=', p('jid')),
    ),
    removeAll: taking<{ account: string }>()('blocklist_remove_all', (query, p) =>
      query.deleteFrom('blocked_jids').where('account', '=', p('account')),
    ),
  }
}
