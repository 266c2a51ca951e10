import { parseJid } from '@xmppkit/jid'
import type { RosterItemChange } from '@xmppkit/roster'
import {
  createSqlStorage,
  type SqlStorage,
  SqlStorageError,
  type SqlStorageOptions,
  schemaSql,
} from '@xmppkit/storage-sql'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { freshSchema, postgresOrReason, query } from './postgres.js'

const cluster = await postgresOrReason()
const alice = parseJid('alice@example.org').bare
const message = (n: number) => ({ stanza: `<message>${n}</message>`, receivedAt: n })
const item = (name: string, groups: readonly string[] = []): RosterItemChange => ({
  jid: parseJid(name).bare,
  groups,
  subscription: 'none',
  pendingOut: false,
  pendingIn: false,
  approved: false,
  listed: true,
})

/** Two storages on one schema, as two processes have them. */
async function pair(url: string, options: SqlStorageOptions = {}) {
  const settings = { schema: freshSchema(), maxConnections: 4, writers: 2, ...options }
  const [one, other] = await Promise.all([
    createSqlStorage({ url }, settings),
    createSqlStorage({ url }, settings),
  ])
  return {
    one,
    other,
    schema: settings.schema,
    each: <T>(count: number, use: (storage: SqlStorage, n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, n) => use(n % 2 ? one : other, n))),
    async [Symbol.asyncDispose]() {
      await Promise.all([one.close(), other.close()])
    },
  }
}

/** The steps of the schema, as text. */
const schemaText = schemaSql('postgres')
const steps = schemaText.split(/^-- \d+\. .*$/m).slice(1)
const stepIds = [...schemaText.matchAll(/^-- (\d+)\. /gm)].map(([, id]) => Number(id))

function postgres(url: string): void {
  describe('several processes', () => {
    test('start at once, and one makes the tables', async () => {
      const schema = freshSchema()
      const storages = await Promise.all(
        Array.from({ length: 5 }, () => createSqlStorage({ url }, { schema, maxConnections: 2, writers: 1 })),
      )
      await storages[0]?.keyValue('test').set('x.example', 'k', 'v')
      expect(await storages[4]?.keyValue('test').get('x.example', 'k')).toBe('v')
      await Promise.all(storages.map((storage) => storage.close()))
    })

    test('cannot get past a limit together', async () => {
      await using both = await pair(url)
      const outcomes = await both.each(60, (storage, n) => storage.offline.append(alice, message(n), 20))
      expect(outcomes.filter((outcome) => outcome !== 'full')).toHaveLength(20)
      expect(await both.one.offline.count(alice, 0)).toBe(20)
    })

    test('hand each message to one holder', async () => {
      await using both = await pair(url)
      await both.each(30, (storage, n) => storage.offline.append(alice, message(n), 100))
      const taken = await both.each(12, (storage, n) =>
        storage.offline.lease(alice, { holder: `h${n}`, limit: 4, now: 0, until: 1_000 }),
      )
      const ids = taken.flat().map(({ id }) => id)
      expect(ids.length).toBeGreaterThan(0)
      expect(new Set(ids).size).toBe(ids.length)
    })

    test('keep the leases of one another until their time', async () => {
      await using both = await pair(url)
      await both.one.offline.append(alice, message(1), 10)
      await both.one.offline.lease(alice, { holder: 'one', limit: 10, now: 0, until: 1_000 })
      const third = await createSqlStorage({ url }, { schema: both.schema })
      expect(
        await third.offline.lease(alice, { holder: 'third', limit: 10, now: 999, until: 2_000 }),
      ).toEqual([])
      expect(
        await third.offline.lease(alice, { holder: 'third', limit: 10, now: 1_000, until: 2_000 }),
      ).toHaveLength(1)
      await third.close()
    })

    test('R-14: lose none of one another’s updates of a roster', async () => {
      await using both = await pair(url)
      const bob = parseJid('bob@example.org').bare
      await both.each(40, (storage, n) =>
        storage.roster.update(alice, bob, (current) =>
          item('bob@example.org', [...(current?.groups ?? []), `g${n}`]),
        ),
      )
      const { items, version } = await both.one.roster.load(alice)
      expect(items[0]?.groups).toHaveLength(40)
      expect((await both.other.roster.load(alice)).version).toBe(version)
    })

    test('lose none of one another’s updates of a value', async () => {
      await using both = await pair(url)
      await both.each(40, (storage) =>
        storage.keyValue('n').update('x.example', 'k', (current) => String(Number(current ?? 0) + 1)),
      )
      expect(await both.one.keyValue('n').get('x.example', 'k')).toBe('40')
    })

    test('write for many accounts at once without a deadlock', async () => {
      await using both = await pair(url, { writers: 3 })
      const jids = Array.from({ length: 10 }, (_, n) => parseJid(`user${n}@example.org`).bare)
      await both.each(400, async (storage, n) => {
        const jid = jids[(n * 7) % 10]!
        if (n % 5 === 4) await storage.offline.removeExpired(n, 5)
        else await storage.offline.append(jid, { ...message(n), expiresAt: n + 1 }, 1_000)
      })
    })
  })

  describe('one process', () => {
    test('one that fails among many fails alone', async () => {
      await using both = await pair(url)
      const jid = (n: number) => parseJid(`user${n}@example.org`).bare
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, n) =>
          both.one.accounts.create(jid(n), { id: `id${Math.floor(n / 2)}`, createdAt: 0, scram: [] }),
        ),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
      expect(await both.one.accounts.count('example.org')).toBe(20)
    })

    test('a connection that is cut fails its calls, and the next ones go through', async () => {
      await using both = await pair(url)
      await both.one.offline.append(alice, message(0), 100)
      // Holds the row lock, so that the append is under way when its connection is cut.
      const blocker = new pg.Client({ connectionString: url })
      await blocker.connect()
      await blocker.query('begin')
      await blocker.query(`lock table "${both.schema}".offline_messages`)
      const { pid } = (await blocker.query('select pg_backend_pid() as pid')).rows[0]
      const held = `from pg_stat_activity where ${pid} = any(pg_blocking_pids(pid))`
      const append = both.one.offline.append(alice, message(1), 100)
      const read = both.one.offline.count(alice, 0)
      const settled = Promise.allSettled([append, read])
      await expect.poll(() => query(url, `select pid ${held}`)).toHaveLength(2)
      await query(url, `select pg_terminate_backend(pid) ${held}`)
      for (const outcome of await settled) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'storage-sql/connection-lost' } })
      }
      await expect(append).rejects.toThrow('is not stored')
      await blocker.query('rollback')
      await blocker.end()
      expect(await both.one.offline.append(alice, message(2), 100)).not.toBe('full')
      expect(await both.one.offline.count(alice, 0)).toBe(2)
    })

    test('a statement that takes too long is cancelled', async () => {
      // Long enough to make the tables in.
      await using both = await pair(url, { statementTimeoutMs: 5_000 })
      const blocker = new pg.Client({ connectionString: url })
      await blocker.connect()
      await blocker.query('begin')
      await blocker.query(`lock table "${both.schema}".last_activity`)
      await expect(both.one.lastActivity.set(alice, { at: 0, status: '' })).rejects.toMatchObject({
        code: 'storage-sql/locked',
      })
      await blocker.end()
      await both.one.lastActivity.set(alice, { at: 0, status: '' })
    })

    test('closing finishes what was taken', async () => {
      await using both = await pair(url)
      const writes = Array.from({ length: 100 }, (_, n) => both.one.offline.append(alice, message(n), 1_000))
      const closing = both.one.close()
      await expect(both.one.offline.append(alice, message(0), 1)).rejects.toMatchObject({
        code: 'storage-sql/closed',
      })
      await Promise.all(writes)
      await closing
      expect(await both.other.offline.count(alice, 0)).toBe(100)
    })
  })

  describe('the schema', () => {
    test.each(steps.map((_, state) => state))('grows from state %d', async (state) => {
      const schema = freshSchema()
      const made = steps.slice(0, state)
      await query(
        url,
        `create schema ${schema}`,
        `set search_path to ${schema};
         create table schema_migrations (id integer primary key, name text not null, applied_at timestamptz not null default now());
         ${made.map((sql, n) => `${sql}; insert into schema_migrations values (${stepIds[n]}, 'step')`).join(';\n')}`,
      )
      await using storage = await createSqlStorage({ url }, { schema, maxConnections: 2, writers: 1 })
      await storage.accounts.create(alice, { id: '1', createdAt: 0, scram: [] })
      await storage.log('l').append('example.org', { value: 'v', at: 0 })
      const rows = await query(url, `select id from ${schema}.schema_migrations order by id`)
      expect(rows.map(({ id }) => id)).toEqual(stepIds)
    })

    test('that a newer version has changed is refused', async () => {
      const schema = freshSchema()
      await (await createSqlStorage({ url }, { schema })).close()
      await query(url, `insert into ${schema}.schema_migrations values (99, 'from the future')`)
      await expect(createSqlStorage({ url }, { schema })).rejects.toMatchObject({
        code: 'storage-sql/newer-schema',
      })
    })

    test('of another program is refused, and left as it was', async () => {
      const schema = freshSchema()
      await query(url, `create schema ${schema}`, `create table ${schema}.rosters (x int)`)
      await expect(createSqlStorage({ url }, { schema })).rejects.toMatchObject({
        code: 'storage-sql/migration-failed',
        message: expect.stringContaining('step 2 (rosters) failed: relation "rosters" already exists'),
      })
      const rows = await query(
        url,
        `select table_name from information_schema.tables where table_schema = '${schema}'`,
      )
      expect(rows).toEqual([{ table_name: 'rosters' }])
    })

    test('may be called anything, and two on one pool are apart', async () => {
      const pool = new pg.Pool({ connectionString: url, max: 6 })
      const schemas = ['Ünï"cödé; drop', freshSchema()]
      const [one, other] = await Promise.all(schemas.map((schema) => createSqlStorage({ pool }, { schema })))
      await one?.keyValue('k').set('x.example', 'k', 'one')
      await other?.keyValue('k').set('x.example', 'k', 'other')
      expect([
        await one?.keyValue('k').get('x.example', 'k'),
        await other?.keyValue('k').get('x.example', 'k'),
      ]).toEqual(['one', 'other'])
      await one?.close()
      await other?.close()
      // A pool of the embedder's is not ended.
      expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      await pool.query('drop schema "Ünï""cödé; drop" cascade')
      await pool.end()
    })

    test('has tables and views people can read', async () => {
      await using both = await pair(url)
      const bob = parseJid('bob@example.org').bare
      await both.one.roster.update(alice, bob, () => item('bob@example.org', ['Friends', 'Work']))
      await both.one.offline.append(alice, message(1_000), 10)
      expect(
        await query(
          url,
          `select contact, position, group_name from "${both.schema}".roster_groups order by position`,
        ),
      ).toEqual([
        { contact: 'bob@example.org', position: '1', group_name: 'Friends' },
        { contact: 'bob@example.org', position: '2', group_name: 'Work' },
      ])
      expect(
        await query(url, `select account, messages, oldest_at from "${both.schema}".offline_queues`),
      ).toEqual([{ account: 'alice@example.org', messages: '1', oldest_at: new Date(1_000) }])
    })
  })

  test.each([true, false])(
    'statements are prepared when that is asked for: %s',
    async (prepareStatements) => {
      const pool = new pg.Pool({ connectionString: url, max: 1 })
      const storage = await createSqlStorage(
        { pool },
        { schema: freshSchema(), prepareStatements, writers: 1 },
      )
      await storage.offline.append(alice, message(1), 10)
      expect(await storage.offline.count(alice, 0)).toBe(1)
      // The only connection, so what is prepared on it is what the storage prepared.
      const { rows } = await pool.query(
        "select name from pg_prepared_statements where name like 'xmppkit_%' order by name",
      )
      expect(rows.map(({ name }) => name.replace(/_[0-9a-f]{8}$/, ''))).toEqual(
        prepareStatements
          ? [
              'xmppkit_archive_search',
              'xmppkit_locks',
              'xmppkit_offline_messages_append',
              'xmppkit_offline_messages_count',
            ]
          : [],
      )
      await storage.close()
      await pool.end()
    },
  )

  test('MAM-1: a message in two archives that also waits is written in one transaction', async () => {
    const pool = new pg.Pool({ connectionString: url, max: 4 })
    let commits = 0
    pool.on('connect', (client) => {
      const ask = client.query.bind(client) as (...args: unknown[]) => unknown
      client.query = ((about: { text?: string }, ...rest: unknown[]) => {
        if (about.text === 'commit') commits += 1
        return ask(about, ...rest)
      }) as typeof client.query
    })
    const schema = freshSchema()
    const storage = await createSqlStorage({ pool }, { schema })
    const copy = (id: string, direction: 'sent' | 'received') => ({
      id,
      with: alice,
      direction,
      kind: 'chat' as const,
      stanza: '<message/>',
      at: 1_000,
    })
    for (let n = 0; n < 20; n += 1) {
      commits = 0
      // Whoever it is, and on whichever lane.
      const to = parseJid(`u${n}@example.org`).bare
      await Promise.all([
        storage.archive.appendBoth(
          { account: alice, message: copy(`a${n}`, 'sent') },
          { account: to, message: copy(`b${n}`, 'received') },
        ),
        storage.offline.append(to, message(n), 100),
      ])
      expect(commits).toBe(1)
    }
    expect(await storage.archive.count(alice)).toBe(20)
    await storage.close()
    await pool.end()
    await query(url, `drop schema "${schema}" cascade`)
  })

  test('a database that does not exist is reported', async () => {
    const wrong = Object.assign(new URL(url), { pathname: '/no_such_database' }).href
    await expect(createSqlStorage({ url: wrong })).rejects.toSatisfy(
      (error) =>
        error instanceof SqlStorageError &&
        error.code === 'storage-sql/cannot-open' &&
        error.message.includes('create it first'),
    )
  })
}

if (typeof cluster === 'string') {
  test('PostgreSQL was not tested', ({ skip }) => skip(cluster))
} else {
  postgres(cluster.url)
  afterAll(() => cluster[Symbol.asyncDispose]())
}
