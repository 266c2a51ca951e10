import { createSqlStorage } from '@xmppkit/storage-sql'
import Database from 'libsql'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { askEverything, fillArchives } from './archive-plans.js'
import { freshSchema, postgresOrReason, query } from './postgres.js'

const cluster = await postgresOrReason()

type Asked = Map<string, readonly unknown[]>

/** The columns a statement asks about, by which it must find its messages; those it has numbers of it finds by these. */
function columnsOf(text: string): readonly string[] {
  if (text.includes('origin_id =')) return ['origin_id']
  const condition = text.slice(text.lastIndexOf('where'))
  if (/\bid (= any|in )/.test(condition)) return []
  return ['account', 'with_bare', 'with_resource', 'archive_id'].filter((name) =>
    new RegExp(`\\b${name} (=|in) `).test(condition),
  )
}

const isNamed = (text: string) => /json_|origin_id =/.test(text)
const isAboutMessages = (text: string) =>
  /^\s*(select|delete|update)\b/i.test(text) && text.includes('archive_messages')

/** A connection that remembers what it was asked. */
function watched(connection: InstanceType<typeof Database>, asked: Asked) {
  return {
    exec: (text: string) => connection.exec(text),
    close: () => connection.close(),
    prepare(text: string) {
      const statement = connection.prepare(text)
      const remember = (values: readonly unknown[]) => void (isAboutMessages(text) && asked.set(text, values))
      return {
        all(...values: never[]) {
          remember(values)
          return statement.all(...values)
        },
        run(...values: never[]) {
          remember(values)
          return statement.run(...values)
        },
      }
    },
  }
}

/** A pool that remembers what its connections were asked. */
function watchedPool(url: string, asked: Asked): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('connect', (client) => {
    const ask = client.query.bind(client) as (...args: unknown[]) => unknown
    client.query = ((about: { text?: string; values?: unknown[] }, ...rest: unknown[]) => {
      const { text = '', values = [] } = about
      if (isAboutMessages(text)) asked.set(text, values)
      return ask(about, ...rest)
    }) as typeof client.query
  })
  return pool
}

/** What PostgreSQL would do if it could avoid reading everything, and sorting. */
async function postgresPlans(url: string, asked: Asked): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('set enable_seqscan = off; set enable_sort = off; set enable_bitmapscan = off')
    const plans: string[] = []
    for (const [text, values] of asked) {
      const { rows } = await client.query(`explain ${text}`, [...values])
      plans.push(`${text}\n${rows.map((row) => row['QUERY PLAN']).join('\n')}`)
    }
    return plans
  } finally {
    await client.end()
  }
}

describe('MAM-1: no page, however filtered, looks at more messages than it gives', () => {
  test('on SQLite every statement goes by an index, in its order', async () => {
    const connection = new Database(':memory:')
    const asked: Asked = new Map()
    await using storage = await createSqlStorage({ connection: watched(connection, asked) })
    await fillArchives(storage.archive, 100)
    asked.clear()
    await askEverything(storage.archive)
    expect(asked.size).toBeGreaterThan(20)
    for (const [text, values] of asked) {
      const steps = connection.prepare(`explain query plan ${text}`).all(...(values as never[]))
      const plan = `${text}\n${steps.map((step) => (step as { detail: string }).detail).join('\n')}`
      const found = plan.split('\n').find((line) => line.includes('SEARCH archive_messages USING INDEX'))
      for (const column of columnsOf(text)) expect(found ?? plan).toContain(`${column}=?`)
      expect(plan).not.toMatch(/SCAN archive_messages|AUTOMATIC/)
      expect(plan).toMatch(/SEARCH archive_messages USING/)
      // What is named, by one of its ids or its author's, is put into order; everything else comes in it.
      if (!isNamed(text)) expect(plan).not.toContain('TEMP B-TREE')
    }
  })

  if (typeof cluster === 'string') {
    test('PostgreSQL was not tested', ({ skip }) => skip(cluster))
  } else {
    const { url } = cluster
    afterAll(() => cluster[Symbol.asyncDispose]())

    test('so it does on PostgreSQL', async () => {
      const asked: Asked = new Map()
      const schema = freshSchema()
      const pool = watchedPool(url, asked)
      const storage = await createSqlStorage({ pool }, { schema })
      try {
        await fillArchives(storage.archive, 2000)
        await query(url, `analyze "${schema}".archive_messages`)
        asked.clear()
        await askEverything(storage.archive)
        expect(asked.size).toBeGreaterThan(20)
        for (const plan of await postgresPlans(url, asked)) {
          const conditions = plan
            .split('\n')
            .filter((line) => line.includes('Index Cond'))
            .join('\n')
          for (const column of columnsOf(plan)) expect(conditions).toContain(`${column} =`)
          expect(plan).not.toMatch(/Seq Scan on archive_messages/)
          expect(plan).toMatch(/Index (Only )?Scan/)
          if (!isNamed(plan)) expect(plan).not.toMatch(/-> +Sort|^Sort/m)
        }
      } finally {
        await storage.close()
        await pool.end()
        await query(url, `drop schema "${schema}" cascade`)
      }
    })
  }
})
