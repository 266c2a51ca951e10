import { sql } from 'kysely'
import type { Statements } from './statements.js'

type Owner = { account: string; client: string }
type Key = Owner & { id: string }
type TokenRow = Key & {
  domain: string
  mechanism: string
  issued_at: string
  expires_at: string
  use_count: number
  software: string | null
  device: string | null
}

/** The queries about login tokens. */
export function fastTokenStatements({ with: taking }: Statements) {
  return { ...readStatements(taking), ...useStatements(taking), ...removeStatements(taking) }
}

function readStatements(taking: Statements['with']) {
  return {
    get: taking<Owner>()('fast_get', (db, p) =>
      db
        .selectFrom('fast_tokens')
        .select(['id', 'mechanism', 'issued_at', 'expires_at', 'use_count'])
        .where('account', '=', p('account'))
        .where('client', '=', p('client'))
        .orderBy(sql`used_at is null`, 'desc'),
    ),
    list: taking<{ account: string }>()('fast_list', (db, p) =>
      db
        .selectFrom('fast_tokens')
        .select(['client', 'software', 'device', 'issued_at', 'used_at', 'expires_at'])
        .where('account', '=', p('account'))
        .orderBy('client')
        .orderBy(sql`used_at is null`, 'desc'),
    ),
  }
}

function useStatements(taking: Statements['with']) {
  return {
    add: taking<TokenRow>()('fast_add', (db, p) =>
      db.insertInto('fast_tokens').values({
        id: p('id'),
        account: p('account'),
        domain: p('domain'),
        client: p('client'),
        mechanism: p('mechanism'),
        issued_at: p('issued_at'),
        expires_at: p('expires_at'),
        used_at: null,
        use_count: p('use_count'),
        software: p('software'),
        device: p('device'),
      }),
    ),
    use: taking<Key & { used_at: string }>()('fast_use', (db, p) =>
      db
        .updateTable('fast_tokens')
        .set({ used_at: p('used_at') })
        .where('account', '=', p('account'))
        .where('client', '=', p('client'))
        .where('id', '=', p('id')),
    ),
    useCounted: taking<Key & { used_at: string; count: number }>()('fast_use_counted', (db, p) =>
      db
        .updateTable('fast_tokens')
        .set({ used_at: p('used_at'), use_count: p('count') })
        .where('account', '=', p('account'))
        .where('client', '=', p('client'))
        .where('id', '=', p('id'))
        .where('use_count', '<', p('count')),
    ),
  }
}

function removeStatements(taking: Statements['with']) {
  return {
    removeUnused: taking<Owner>()('fast_remove_unused', (db, p) =>
      db
        .deleteFrom('fast_tokens')
        .where('account', '=', p('account'))
        .where('client', '=', p('client'))
        .where('used_at', 'is', null),
    ),
    // Once one is used, another that was used is the older one, whatever the clock says: it may have been set back.
    removeOtherUsed: taking<Key>()('fast_remove_other_used', (db, p) =>
      db
        .deleteFrom('fast_tokens')
        .where('account', '=', p('account'))
        .where('client', '=', p('client'))
        .where('id', '<>', p('id'))
        .where('used_at', 'is not', null),
    ),
    trim: taking<{ account: string; limit: number }>()('fast_trim', (db, p) =>
      db
        .deleteFrom('fast_tokens')
        .where('account', '=', p('account'))
        .where('client', 'not in', (eb) =>
          eb
            .selectFrom('fast_tokens as kept')
            .select('kept.client')
            .where('kept.account', '=', p('account'))
            .groupBy('kept.client')
            .orderBy(sql`max(coalesce(kept.used_at, kept.issued_at))`, 'desc')
            .limit(p('limit')),
        ),
    ),
    revoke: taking<Owner>()('fast_revoke', (db, p) =>
      db
        .deleteFrom('fast_tokens')
        .where('account', '=', p('account'))
        .where('client', '=', p('client'))
        .returning('client'),
    ),
    revokeAll: taking<{ account: string }>()('fast_revoke_all', (db, p) =>
      db.deleteFrom('fast_tokens').where('account', '=', p('account')).returning('client'),
    ),
    removeExpired: taking<{ before: string; limit: number }>()('fast_remove_expired', (db, p) =>
      db
        .deleteFrom('fast_tokens')
        .where('id', 'in', (eb) =>
          eb
            .selectFrom('fast_tokens as ended')
            .select('ended.id')
            .where('ended.expires_at', '<', p('before'))
            .orderBy('ended.expires_at')
            .limit(p('limit')),
        ),
    ),
  }
}
