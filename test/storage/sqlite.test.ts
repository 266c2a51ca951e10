import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createSqlStorage } from '@xmppkit/storage-sql'
import { expect, test } from 'vitest'
import { temporaryFolder } from './sqlite.js'

const alice = parseJid('alice@example.org').bare
const message = (n: number) => ({ stanza: `<message>${n}</message>`, receivedAt: n })
const lease = { limit: 10, now: 0, until: 1e12 }

test('leases of a process that is gone are void when the file is opened again', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'test.sqlite')
  const first = await createSqlStorage({ path }, { exclusive: false })
  for (const n of [1, 2]) await first.offline.append(alice, message(n), 10)
  await first.log('jobs').append('example.org', { value: 'job', at: 0 })
  await first.offline.lease(alice, { holder: 'gone', ...lease })
  await first.log('jobs').lease('example.org', { holder: 'gone', ...lease })
  await first.close()

  const beside = await createSqlStorage({ path }, { keepLeases: true })
  expect(await beside.offline.lease(alice, { holder: 'other', ...lease })).toEqual([])
  await beside.close()

  await using second = await createSqlStorage({ path })
  expect(await second.offline.lease(alice, { holder: 'other', ...lease })).toHaveLength(2)
  expect(await second.log('jobs').lease('example.org', { holder: 'other', ...lease })).toHaveLength(1)
})

test('reads go on while writes wait for the disk, and see what has been answered', async () => {
  await using folder = await temporaryFolder()
  await using storage = await createSqlStorage({ path: join(folder.path, 'test.sqlite') })
  const writes = Array.from({ length: 500 }, (_, n) => storage.offline.append(alice, message(n), 1_000))
  for (let n = 0; n < 20; n += 1) {
    await writes[n]
    expect(await storage.offline.count(alice, 0)).toBeGreaterThan(n)
  }
  await Promise.all(writes)
  expect(await storage.offline.count(alice, 0)).toBe(500)
})

test('one that fails among many fails alone', async () => {
  await using folder = await temporaryFolder()
  await using storage = await createSqlStorage({ path: join(folder.path, 'test.sqlite') })
  const account = (id: string) => ({ id, createdAt: 0, scram: [] })
  const jid = (n: number) => parseJid(`user${n}@example.org`).bare
  // Ids are unique, so the second of each pair cannot be written.
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, n) => storage.accounts.create(jid(n), account(`id${Math.floor(n / 2)}`))),
  )
  expect(outcomes.map(({ status }) => status)).toEqual(
    Array.from({ length: 40 }, (_, n) => (n % 2 ? 'rejected' : 'fulfilled')),
  )
  expect(await storage.accounts.count('example.org')).toBe(20)
})
