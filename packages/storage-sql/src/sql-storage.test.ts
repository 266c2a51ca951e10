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

test('MAM-1: a message in two archives that also waits is written in one transaction', async () => {
  const { connection } = await openSqlite(':memory:')
  let commits = 0
  const counting = {
    exec: (text: string) => connection.exec(text),
    close: () => connection.close(),
    prepare(text: string) {
      const statement = connection.prepare(text)
      return {
        all: (...values: never[]) => statement.all(...values),
        run(...values: never[]) {
          if (text === 'commit') commits += 1
          return statement.run(...values)
        },
      }
    },
  }
  await using storage = await createSqlStorage({ connection: counting })
  const bob = parseJid('bob@example.org').bare
  const copy = (id: string, party: typeof bob, direction: 'sent' | 'received') => ({
    id,
    with: party,
    direction,
    kind: 'chat' as const,
    stanza: '<message/>',
    at: 1_000,
  })
  await Promise.all([
    storage.archive.appendBoth(
      { account: alice, message: copy('a1', bob, 'sent') },
      { account: bob, message: copy('b1', alice, 'received') },
    ),
    storage.offline.append(bob, message(1), 100),
  ])
  expect(commits).toBe(1)
  expect(await storage.archive.count(alice)).toBe(1)
  // An id that is there already: neither copy is kept, and what else is written is.
  const [both, waits] = await Promise.allSettled([
    storage.archive.appendBoth(
      { account: alice, message: copy('a2', bob, 'sent') },
      { account: bob, message: copy('b1', alice, 'received') },
    ),
    storage.offline.append(bob, message(2), 100),
  ])
  expect([both.status, waits.status]).toEqual(['rejected', 'fulfilled'])
  expect(await storage.archive.count(alice)).toBe(1)
  expect(await storage.offline.count(bob, 0)).toBe(2)
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
