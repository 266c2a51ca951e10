import { silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import type { Step, Unit } from './database.js'
import { openPostgresDatabase } from './postgres-database.js'
import type { PostgresClient, PostgresPool, PostgresResult } from './postgres-types.js'

const done: PostgresResult = { rows: [], rowCount: 1 }

/** A database that answers each statement, a turn later, with what is said. */
async function openFake(answer: (text: string) => PostgresResult, connected = () => {}) {
  const query: PostgresClient['query'] = async ({ text }) => {
    await new Promise((resolve) => setImmediate(resolve))
    return answer(text)
  }
  const client: PostgresClient = { pipeline: true, query, on() {}, off() {}, release() {} }
  const connect = async () => {
    connected()
    return client
  }
  const pool: PostgresPool = { connect, async end() {}, on() {}, off() {} }
  const limits = { maxBatch: 100, maxPending: 1_000, maxPendingLength: 1_000_000 }
  return openPostgresDatabase(
    { logger: silentLogger },
    { pool, ownsPool: false, schema: 'x', prepare: false, writers: 1, limits },
  )
}

const step = (sql: string, guard = false): Step => ({
  statement: { name: sql, sql, returns: false },
  values: [],
  guard,
})
const unit = (lock: string, ...steps: Step[]): Unit => ({ lock, steps })

test('what fails while the guard of another is waited for is told to its caller alone', async () => {
  const unheard: unknown[] = []
  const listen = (error: unknown) => void unheard.push(error)
  process.on('unhandledRejection', listen)
  const db = await openFake((text) => {
    if (text === 'lost' || text === 'guard') throw new Error('Connection terminated unexpectedly')
    return done
  })
  const writes = [db.write(unit('a', step('lost'))), db.write(unit('b', step('guard', true), step('more')))]
  const outcomes = await Promise.allSettled(writes)
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', listen)
  expect(unheard).toEqual([])
  await db.close()
})

test('what was asked for together waits for a database that is not there once, not one after another', async () => {
  let tries = 0
  let isThere = true
  const db = await openFake(
    () => done,
    () => {
      tries += 1
      if (!isThere) throw new Error('timeout exceeded when trying to connect')
    },
  )
  const writeMany = () =>
    Promise.allSettled(Array.from({ length: 10 }, (_, at) => db.write(unit(`u${at}`, step('insert')))))
  tries = 0
  isThere = false
  for (const outcome of await writeMany())
    expect(outcome).toMatchObject({ reason: { code: 'storage-sql/cannot-open' } })
  expect(tries).toBe(1)
  isThere = true
  for (const outcome of await writeMany()) expect(outcome.status).toBe('fulfilled')
  await db.close()
})
