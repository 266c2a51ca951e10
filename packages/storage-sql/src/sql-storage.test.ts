import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { createSqlStorage } from './sql-storage.js'
import { openSqlite } from './sqlite-drivers.js'

const alice = parseJid('alice@example.org').bare
const message = (n: number) => ({ stanza: `<message>${n}</message>`, receivedAt: 1_000 + n })

describe('options', () => {
  test.each([
    ['nothing', {}],
    ['two databases', { path: ':memory:', url: 'postgres://localhost' }],
  ])('%s is refused', async (_, deps) => {
    await expect(createSqlStorage(deps)).rejects.toMatchObject({ code: 'storage-sql/bad-option' })
  })

  test('an empty path is refused, not taken for a temporary database', async () => {
    await expect(createSqlStorage({ path: '' })).rejects.toMatchObject({ code: 'storage-sql/bad-option' })
  })

  test('a server that is not there is reported', async () => {
    const url = 'postgres://nobody@127.0.0.1:1/nothing'
    await expect(createSqlStorage({ url })).rejects.toMatchObject({
      code: 'storage-sql/cannot-open',
      message: expect.stringContaining('does it run'),
    })
  })

  test('values longer than allowed are refused', async () => {
    await using storage = await createSqlStorage({ path: ':memory:' }, { maxValueBytes: 100 })
    await expect(storage.keyValue('x').set('example.org', 'k', 'v'.repeat(101))).rejects.toMatchObject({
      code: 'storage/bad-text',
    })
    await storage.keyValue('x').set('example.org', 'k', 'v'.repeat(100))
  })

  test('stores need a name', async () => {
    await using storage = await createSqlStorage({ path: ':memory:' })
    expect(() => storage.keyValue('')).toThrow('empty')
    expect(() => storage.log('')).toThrow('empty')
  })
})

describe('closing', () => {
  test('finishes what was taken, refuses the rest, and can be repeated', async () => {
    const storage = await createSqlStorage({ path: ':memory:' })
    const writes = Array.from({ length: 50 }, (_, n) => storage.offline.append(alice, message(n), 100))
    const read = storage.offline.count(alice, 0)
    const closing = storage.close()
    await expect(storage.offline.append(alice, message(99), 100)).rejects.toMatchObject({
      code: 'storage-sql/closed',
    })
    expect((await Promise.all(writes)).every((outcome) => outcome !== 'full')).toBe(true)
    expect(await read).toEqual(expect.any(Number))
    await closing
    await storage.close()
    await expect(storage.offline.count(alice, 0)).rejects.toMatchObject({ code: 'storage-sql/closed' })
  })
})

test('more calls than may wait are refused, and the others done', async () => {
  await using storage = await createSqlStorage({ path: ':memory:' }, { maxPendingCalls: 20 })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, n) => storage.offline.append(alice, message(n), 100)),
  )
  const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  expect(refused).toHaveLength(30)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'storage-sql/overloaded' })
  expect(await storage.offline.count(alice, 0)).toBe(20)
})

test('a connection of the embedder is used and left open', async () => {
  const { connection } = await openSqlite(':memory:')
  const storage = await createSqlStorage({ connection })
  expect(storage.description).toMatch(/^a connection given \(SQLite 3\./)
  await storage.lastActivity.set(alice, { at: 5, status: 'away' })
  await storage.close()
  expect({ ...(connection.prepare('select * from last_activity').all()[0] as object) }).toEqual({
    account: 'alice@example.org',
    domain: 'example.org',
    last_at: '1970-01-01T00:00:00.005Z',
    status: 'away',
  })
  connection.close()
})

test('tables and views can be read by people', async () => {
  const { connection } = await openSqlite(':memory:')
  await using storage = await createSqlStorage({ connection })
  const bob = parseJid('bob@example.org').bare
  const item = {
    jid: bob,
    groups: ['Friends', 'Work'],
    subscription: 'both' as const,
    pendingOut: false,
    pendingIn: false,
  }
  await storage.roster.update(alice, bob, () => ({ ...item, approved: false, listed: true }))
  for (const n of [1, 2]) await storage.offline.append(alice, message(n), 10)
  const rows = (sql: string) =>
    connection
      .prepare(sql)
      .all()
      .map((row) => ({ ...(row as object) }))
  expect(rows('select contact, position, group_name from roster_groups order by position')).toEqual([
    { contact: 'bob@example.org', position: 1, group_name: 'Friends' },
    { contact: 'bob@example.org', position: 2, group_name: 'Work' },
  ])
  expect(rows('select * from offline_queues')).toEqual([
    {
      account: 'alice@example.org',
      domain: 'example.org',
      messages: 2,
      oldest_at: '1970-01-01T00:00:01.001Z',
      newest_at: '1970-01-01T00:00:01.002Z',
    },
  ])
})
