import type { AccountStore, StoredAccount, StoredCredentials } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { decodeBase64Strict, encodeBase64, type ScramHash, type ScramVerifier } from '@xmppkit/sasl'
import { guarded, type Row, type SqlDatabase, type Step } from './database.js'
import type { KnownAccounts } from './known-accounts.js'
import { fromMoment, toMoment } from './moments.js'
import { guard, type Statements } from './statements.js'

/**
 * Keeps accounts in the tables `accounts` and `account_credentials`.
 *
 * @param known - where nobody else removes accounts
 */
export function createSqlAccountStore(
  deps: { readonly db: SqlDatabase; readonly clock: Pick<Clock, 'now'>; readonly known?: KnownAccounts },
  statements: Statements,
): AccountStore {
  const { db, clock, known } = deps
  const s = accountStatements(statements)

  const credentialSteps = (account: string, scram: readonly ScramVerifier[]): Step[] =>
    scram.map(({ hash, iterations, salt, storedKey, serverKey }) =>
      s.addCredential({
        account,
        hash,
        iterations,
        salt: encodeBase64(salt),
        stored_key: encodeBase64(storedKey),
        server_key: encodeBase64(serverKey),
      }),
    )
  const write = (account: BareJid, steps: readonly Step[]) => db.write({ lock: account.toString(), steps })

  return {
    async create(account, { id, createdAt, disabled, scram }) {
      const key = account.toString()
      const first = s.create({
        account: key,
        domain: account.domain,
        localpart: account.local,
        id,
        created_at: toMoment(createdAt),
        disabled_reason: disabled ?? null,
      })
      return (await write(account, [guard(first), ...credentialSteps(key, scram)])) !== guarded
    },
    async get(account) {
      const key = account.toString()
      const found = known?.look(key)
      const rows = await db.read(s.get({ account: key }))
      found?.(rows.length > 0)
      return rows[0] && toAccount(rows[0], rows)
    },
    async setCredentials(account, { scram }, before) {
      const key = account.toString()
      const now = toMoment(clock.now())
      const touch = { account: key, now }
      const first = guard(
        before === undefined
          ? s.touchCredentials(touch)
          : s.touchTheseCredentials({ ...touch, ...keysOf(before) }),
      )
      const clear = s.clearCredentials({ account: key })
      return (await write(account, [first, clear, ...credentialSteps(key, scram)])) !== guarded
    },
    async setDisabled(account, reason) {
      const step = s.setDisabled({ account: account.toString(), reason: reason ?? null })
      return (await write(account, [guard(step)])) !== guarded
    },
    async remove(account) {
      const key = account.toString()
      known?.forget(key)
      try {
        return (await write(account, [guard(s.remove({ account: key }))])) !== guarded
      } finally {
        // Who looked while it was being removed may have seen it still.
        known?.forget(key)
      }
    },
    async list(domain, { after = '', limit }) {
      const rows = await db.read(s.list({ domain, after, limit }))
      return rows.map(({ localpart }) => String(localpart))
    },
    async count(domain) {
      const [row] = await db.read(s.count({ domain }))
      return Number(row?.count)
    },
    ...(known && { isKnown: (account) => known.has(account.toString()) }),
  }
}

function accountStatements({ with: taking }: Statements) {
  return {
    create: taking<{
      account: string
      domain: string
      localpart: string
      id: string
      created_at: string
      disabled_reason: string | null
    }>()('account_create', (db, p) =>
      db
        .insertInto('accounts')
        .values({
          account: p('account'),
          domain: p('domain'),
          localpart: p('localpart'),
          id: p('id'),
          created_at: p('created_at'),
          credentials_changed_at: p('created_at'),
          disabled_reason: p('disabled_reason'),
        })
        .onConflict((conflict) => conflict.column('account').doNothing()),
    ),
    addCredential: taking<{
      account: string
      hash: string
      iterations: number
      salt: string
      stored_key: string
      server_key: string
    }>()('credential_add', (db, p) =>
      db.insertInto('account_credentials').values({
        account: p('account'),
        hash: p('hash'),
        iterations: p('iterations'),
        salt: p('salt'),
        stored_key: p('stored_key'),
        server_key: p('server_key'),
      }),
    ),
    get: taking<{ account: string }>()('account_get', (db, p) =>
      db
        .selectFrom('accounts as a')
        .leftJoin('account_credentials as c', 'c.account', 'a.account')
        .select(['a.id', 'a.created_at', 'a.disabled_reason'])
        .select(['c.hash', 'c.iterations', 'c.salt', 'c.stored_key', 'c.server_key'])
        .where('a.account', '=', p('account'))
        .orderBy('c.hash'),
    ),
    touchCredentials: taking<{ account: string; now: string }>()('credentials_touch', (db, p) =>
      db
        .updateTable('accounts')
        .set({ credentials_changed_at: p('now') })
        .where('account', '=', p('account')),
    ),
    touchTheseCredentials: taking<{ account: string; now: string } & ReturnType<typeof keysOf>>()(
      'credentials_touch_these',
      (db, p) =>
        db
          .updateTable('accounts')
          .set({ credentials_changed_at: p('now') })
          .where('account', '=', p('account'))
          .where('account', 'in', (eb) =>
            eb
              .selectFrom('accounts as a')
              .leftJoin('account_credentials as c', 'c.account', 'a.account')
              .select('a.account')
              .where('a.account', '=', p('account'))
              .groupBy('a.account')
              .having((having) => having.fn.count('c.hash'), '=', p('count'))
              .having(
                (having) =>
                  having.fn
                    .count('c.hash')
                    .filterWhere('c.stored_key', 'in', [p('key_1'), p('key_2'), p('key_3')]),
                '=',
                p('count'),
              ),
          ),
    ),
    clearCredentials: taking<{ account: string }>()('credentials_clear', (db, p) =>
      db.deleteFrom('account_credentials').where('account', '=', p('account')),
    ),
    setDisabled: taking<{ account: string; reason: string | null }>()('account_disable', (db, p) =>
      db
        .updateTable('accounts')
        .set({ disabled_reason: p('reason') })
        .where('account', '=', p('account')),
    ),
    remove: taking<{ account: string }>()('account_remove', (db, p) =>
      db.deleteFrom('accounts').where('account', '=', p('account')),
    ),
    list: taking<{ domain: string; after: string; limit: number }>()('account_list', (db, p) =>
      db
        .selectFrom('accounts')
        .select('localpart')
        .where('domain', '=', p('domain'))
        .where('localpart', '>', p('after'))
        .orderBy('localpart')
        .limit(p('limit')),
    ),
    count: taking<{ domain: string }>()('account_count', (db, p) =>
      db
        .selectFrom('accounts')
        .select((eb) => eb.fn.countAll().as('count'))
        .where('domain', '=', p('domain')),
    ),
  }
}

/** There are no more hash functions than three. */
function keysOf({ scram }: StoredCredentials) {
  const [key_1 = '', key_2 = '', key_3 = ''] = scram.map(({ storedKey }) => encodeBase64(storedKey))
  return { count: scram.length, key_1, key_2, key_3 }
}

/** An account from the rows of its credentials; one row without them when it has none. */
function toAccount({ id, created_at, disabled_reason }: Row, rows: readonly Row[]): StoredAccount {
  return {
    id: String(id),
    createdAt: fromMoment(created_at),
    ...(typeof disabled_reason === 'string' && { disabled: disabled_reason }),
    scram: rows.filter(({ hash }) => hash !== null).map(toVerifier),
  }
}

function toVerifier(row: Row): ScramVerifier {
  return {
    hash: row.hash as ScramHash,
    iterations: Number(row.iterations),
    salt: decodeBase64Strict(String(row.salt)),
    storedKey: decodeBase64Strict(String(row.stored_key)),
    serverKey: decodeBase64Strict(String(row.server_key)),
  }
}
