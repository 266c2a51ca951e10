import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { sqlite } from './dialect.js'
import { migrationSteps } from './migrations.js'
import { createSqlStorage } from './sql-storage.js'
import { openSqlite } from './sqlite-drivers.js'
import { createSqliteEngine, migrate, setUp } from './sqlite-engine.js'
import type { SqliteConnection, SqliteRequest, WireStatement } from './sqlite-protocol.js'
import { openSqliteThread } from './sqlite-thread.js'

const folder = mkdtempSync(join(tmpdir(), 'xmppkit-sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const fresh = () => join(folder, `${++files}.sqlite`)

const steps = migrationSteps(sqlite.types)
const setup = {
  migrations: steps,
  busyTimeoutMs: 2_000,
  maxFileBytes: Number.POSITIVE_INFINITY,
  voidLeases: true,
}

async function connect(path = ':memory:'): Promise<SqliteConnection> {
  return (await openSqlite(path)).connection
}
const rows = (connection: SqliteConnection, sql: string) =>
  connection
    .prepare(sql)
    .all()
    .map((row) => ({ ...(row as object) }))
const tables = (connection: SqliteConnection) =>
  rows(connection, "select type, name, sql from sqlite_schema where name not like 'sqlite_%' order by name")

describe('migrations', () => {
  test.each([...steps.keys(), steps.length])('lead to the same tables from state %d', async (state) => {
    const [whole, stepwise] = [await connect(), await connect()]
    migrate(whole, steps)
    const before = steps.filter(({ id }) => id <= state)
    migrate(stepwise, before)
    expect(rows(stepwise, 'select id from schema_migrations')).toHaveLength(before.length)
    migrate(stepwise, steps)
    expect(tables(stepwise)).toEqual(tables(whole))
    expect(rows(stepwise, 'select id, name from schema_migrations order by id')).toEqual(
      steps.map(({ id, name }) => ({ id, name })),
    )
  })

  test('are applied once', async () => {
    const connection = await connect()
    migrate(connection, steps)
    const before = rows(connection, 'select * from schema_migrations')
    migrate(connection, steps)
    expect(rows(connection, 'select * from schema_migrations')).toEqual(before)
    expect(before[0]).toMatchObject({ applied_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) })
  })

  test('are applied as a whole or not at all', async () => {
    const connection = await connect()
    const broken = [
      ...steps,
      { id: 99, name: 'broken', statements: ['create table fine (x text)', 'create tabel x'] },
    ]
    expect(() => migrate(connection, broken)).toThrow(/step 99 \(broken\): .*syntax error/)
    expect(tables(connection)).toEqual([])
  })

  test('keep what is there', async () => {
    const connection = await connect()
    migrate(connection, steps.slice(0, 1))
    connection.exec(
      "insert into accounts values ('a@x.example', 'x.example', 'a', 'id1', '2026-01-31T12:00:00.000Z', '2026-01-31T12:00:00.000Z', null)",
    )
    migrate(connection, steps)
    expect(rows(connection, 'select id from accounts')).toEqual([{ id: 'id1' }])
  })

  test('of several who start at once, one makes the tables and the others wait', async () => {
    const path = fresh()
    const storages = await Promise.all(Array.from({ length: 4 }, () => createSqlStorage({ path })))
    await storages[0]?.keyValue('test').set('x.example', 'k', 'v')
    expect(await storages[3]?.keyValue('test').get('x.example', 'k')).toBe('v')
    await Promise.all(storages.map((storage) => storage.close()))
  })
})

describe('a file that cannot be used is refused with advice', () => {
  test('no database', async () => {
    const path = fresh()
    writeFileSync(path, 'this is not a database. '.repeat(500))
    await expect(createSqlStorage({ path })).rejects.toMatchObject({
      code: 'storage-sql/corrupt',
      message: expect.stringContaining(`${path}: it is not an SQLite database`),
    })
  })

  test('no folder', async () => {
    await expect(createSqlStorage({ path: join(folder, 'missing', 'x.sqlite') })).rejects.toMatchObject({
      code: 'storage-sql/cannot-open',
      message: expect.stringContaining('does its folder exist'),
    })
  })

  test('the database of another program', async () => {
    const path = fresh()
    const connection = await connect(path)
    connection.exec('create table accounts (id integer primary key, owner text)')
    connection.close()
    await expect(createSqlStorage({ path })).rejects.toMatchObject({
      code: 'storage-sql/migration-failed',
      message: expect.stringContaining('step 1 (accounts): table accounts already exists'),
    })
  })

  test('a newer version has been here', async () => {
    const path = fresh()
    await (await createSqlStorage({ path })).close()
    const connection = await connect(path)
    connection.exec("insert into schema_migrations values (99, 'from the future', '')")
    connection.close()
    await expect(createSqlStorage({ path })).rejects.toMatchObject({ code: 'storage-sql/newer-schema' })
  })

  test('somebody else holds it', async () => {
    const path = fresh()
    const connection = await connect(path)
    connection.exec('create table x (y text)')
    connection.exec('begin exclusive')
    await expect(createSqlStorage({ path }, { busyTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'storage-sql/locked',
      message: expect.stringContaining('another process holds it'),
    })
    connection.exec('rollback')
    connection.close()
    await (await createSqlStorage({ path })).close()
  })

  test('no such driver', async () => {
    await expect(createSqlStorage({ path: fresh(), driver: 'better-sqlite3' })).rejects.toMatchObject({
      code: 'storage-sql/no-driver',
      message: expect.stringMatching(/install libsql or better-sqlite3 \(better-sqlite3: not installed\)/),
    })
  })
})

const insert: WireStatement = { sql: 'insert into t values (?, ?)', returns: false }
const broken: WireStatement = { sql: 'selec nothing', returns: true }

async function engine() {
  const connection = await connect()
  setUp(connection, setup)
  connection.exec('create table t (id integer primary key, v text) strict')
  const { run } = createSqliteEngine(connection)
  const ids = () => rows(connection, 'select id from t order by id').map((row) => Reflect.get(row, 'id'))
  const put = (id: number | string) => [0, [id, 'v'], false] as const
  return { connection, run, ids, put }
}

describe('group commit', () => {
  test('a unit that fails undoes itself and nothing else', async () => {
    const { run, ids, put } = await engine()
    const outcomes = run({
      kind: 'write',
      define: [insert],
      units: [[put(1)], [put(2), put(1)], [put(1)], [put(3), put(4)], [put('text')]],
    })
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.code : 'done'))).toEqual([
      'done',
      expect.stringMatching(/^SQLITE_CONSTRAINT/),
      expect.stringMatching(/^SQLITE_CONSTRAINT/),
      'done',
      expect.stringMatching(/^SQLITE_(CONSTRAINT|MISMATCH|ERROR)/),
    ])
    expect(ids()).toEqual([1, 3, 4])
  })

  test('a statement that cannot be prepared fails its own caller', async () => {
    const { run, ids, put } = await engine()
    const define = [insert, broken]
    const outcomes = run({ kind: 'write', define, units: [[put(1)], [[1, [], false]], [put(2)]] })
    expect(outcomes.map((outcome) => 'error' in outcome)).toEqual([false, true, false])
    expect(ids()).toEqual([1, 2])
    const reads = run({ kind: 'read', define: [], steps: [[1, [], false]] })
    expect(reads[0]).toMatchObject({ error: { code: 'SQLITE_ERROR' } })
  })

  test('a guard ends its unit before it did anything', async () => {
    const { run, ids, put } = await engine()
    const define = [insert, { sql: 'update t set v = ? where id = ?', returns: false }]
    const raise = [1, ['w', 9], true] as const
    expect(run({ kind: 'write', define, units: [[raise, put(1)], [put(2)]] })).toEqual([
      { guarded: true },
      { results: [{ rows: [], changes: 1 }] },
    ])
    expect(ids()).toEqual([2])
  })

  test('one unit alone is undone as a whole too', async () => {
    const { run, ids, put } = await engine()
    const [outcome] = run({ kind: 'write', define: [insert], units: [[put(1), put(1)]] })
    expect(outcome).toMatchObject({ error: { code: expect.stringMatching(/^SQLITE_CONSTRAINT/) } })
    expect(ids()).toEqual([])
  })

  test('truth values become numbers', async () => {
    const { run, connection } = await engine()
    run({ kind: 'write', define: [insert], units: [[[0, [1, null], false]], [[0, [true, 'x'], false]]] })
    expect(rows(connection, 'select count(*) as n from t')).toEqual([{ n: 1 }])
  })
})

describe('a full disk', () => {
  test('refuses what does not fit and keeps what is there', async () => {
    const path = fresh()
    const storage = await createSqlStorage({ path }, { maxFileBytes: 400_000 })
    const notes = storage.keyValue('notes')
    const value = 'x'.repeat(20_000)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => notes.set('a@x.example', `k${n}`, value)),
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(refused.length).toBeGreaterThan(0)
    expect(refused.length).toBeLessThan(40)
    for (const { reason } of refused) {
      expect(reason).toMatchObject({
        code: 'storage-sql/disk-full',
        message: expect.stringContaining('make room'),
      })
    }
    const kept = outcomes.length - refused.length
    expect(await notes.count('a@x.example')).toBe(kept)
    expect(await notes.removeOwner('a@x.example')).toBe(kept)
    await notes.set('a@x.example', 'k', value)
    await storage.close()
  })
})

describe('the thread', () => {
  const poison = { kind: 'write', define: 5 } as unknown as SqliteRequest
  const data = (path: string) => ({ path, ...setup })

  test('that dies fails what was under way, and another takes its place for what comes next', async () => {
    const channel = await openSqliteThread(data(fresh()))
    expect(await channel.ready()).toBe(1)
    await expect(channel.run(poison)).rejects.toMatchObject({
      code: 'storage-sql/connection-lost',
      message: expect.stringContaining('may or may not be stored'),
    })
    expect(await channel.ready()).toBe(2)
    expect(
      await channel.run({
        kind: 'read',
        define: [{ sql: 'select 1 as one', returns: true }],
        steps: [[0, [], false]],
      }),
    ).toEqual([{ rows: [{ one: 1 }] }])
    await channel.close()
    await expect(channel.ready()).rejects.toMatchObject({ code: 'storage-sql/closed' })
  })

  test('that held a database in memory is not replaced by an empty one', async () => {
    const channel = await openSqliteThread(data(':memory:'))
    await expect(channel.run(poison)).rejects.toMatchObject({ code: 'storage-sql/connection-lost' })
    await expect(channel.ready()).rejects.toThrow('with it the data')
    await channel.close()
  })
})
