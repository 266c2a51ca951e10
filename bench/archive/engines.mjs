// @ts-check
// Archives in databases that tell what they were asked, and how they would go about it.
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @typedef {import('./messages.mjs').Row} Row */

/**
 * @typedef {object} Opened
 * @property {() => any} archive the store to measure
 * @property {(rows: readonly Row[]) => Promise<unknown>} insert writes faster than the store does
 * @property {Map<string, readonly unknown[]>} asked statements since it was cleared, with their last values
 * @property {() => Promise<number>} size bytes on disk
 * @property {(text: string, values: readonly unknown[]) => Promise<string[]>} plan of a statement
 * @property {() => unknown} ready makes it fit to be read, after it was filled
 * @property {() => Promise<void>} close
 */

const { createSqlStorage } = await import(
  new URL('../../packages/storage-sql/dist/index.js', import.meta.url).href
)
const require = createRequire(new URL('../../packages/storage-sql/package.json', import.meta.url))
/** @param {string} name */
const imported = async (name) => {
  const module = await import(pathToFileURL(require.resolve(name)).href)
  return module.default ?? module
}

const columns =
  'account, domain, archive_id, with_bare, with_resource, direction, kind, origin_id, stanza, body, sent_at'
const names = /** @type {(keyof Row)[]} */ (columns.split(', '))

/** A connection that remembers what it was asked, so that plans can be shown. @param {any} connection */
function watchedSqlite(connection) {
  /** @type {Map<string, readonly unknown[]>} */
  const asked = new Map()
  return {
    asked,
    exec: (/** @type {string} */ text) => connection.exec(text),
    close: () => connection.close(),
    /** @param {string} text */
    prepare(text) {
      const statement = connection.prepare(text)
      const remember = (/** @type {readonly unknown[]} */ values) => asked.set(text, values)
      return {
        all(/** @type {unknown[]} */ ...values) {
          remember(values)
          return statement.all(...values)
        },
        run(/** @type {unknown[]} */ ...values) {
          remember(values)
          return statement.run(...values)
        },
      }
    },
  }
}

/**
 * An archive in a file of a folder.
 *
 * @param {number} size @param {string} folder @param {object} options
 * @returns {Promise<Opened>}
 */
export async function openSqlite(size, folder, options) {
  const Database = await imported('libsql')
  const path = join(folder, `archive-${size}.sqlite`)
  const connection = new Database(path)
  const watched = watchedSqlite(connection)
  const open = async (more = {}) => {
    const storage = await createSqlStorage({ connection: watched }, { ...options, ...more })
    // Not the disk is measured, but what is asked of it; filling is made as fast as can be.
    connection.exec('pragma synchronous = off; pragma cache_size = -262144')
    return storage
  }
  let storage = await open({ searchArchives: false })
  const insert = connection.prepare(
    `insert into archive_messages (${columns}) values (${names.map(() => '?').join(', ')})`,
  )
  return {
    archive: () => storage.archive,
    async insert(rows) {
      connection.exec('begin')
      for (const row of rows) {
        const at = new Date(row.sent_at).toISOString()
        insert.run(...names.map((name) => (name === 'sent_at' ? at : row[name])))
      }
      connection.exec('commit')
    },
    asked: watched.asked,
    size: async () => statSync(path).size,
    async plan(text, values) {
      // On its own: libsql leaves the statement open, and then nothing can be committed.
      const other = new Database(path)
      const steps = other.prepare(`explain query plan ${text}`).all(...values)
      other.close()
      return steps.map((/** @type {{ detail: string }} */ { detail }) => detail)
    },
    async ready() {
      await storage.close()
      storage = await open()
      connection.exec('pragma cache_size = -2000; pragma wal_checkpoint(truncate); analyze')
    },
    close: async () => {
      await storage.close()
      connection.close()
    },
  }
}

/** What a plan does, without what that is thought to cost. @param {readonly string[]} plan */
const shapeOf = (plan) => plan.map((line) => line.replace(/ {2}\(cost.*|^ *(\w+ Cond|Filter):.*/, '')).join()

/** Lets a pool remember what its connections were asked. @param {any} pool */
function watchPostgres(pool) {
  /** @type {Map<string, readonly unknown[]>} */
  const asked = new Map()
  const connect = pool.connect.bind(pool)
  pool.connect = async () => {
    const client = await connect()
    if (client.watched) return client
    const query = client.query.bind(client)
    client.watched = true
    client.query = (/** @type {any} */ about, /** @type {unknown[]} */ ...rest) => {
      if (about?.text) asked.set(about.text, about.values ?? [])
      return query(about, ...rest)
    }
    return client
  }
  return asked
}

/**
 * An archive in a schema of its own.
 *
 * @param {number} size @param {object} options
 * @returns {Promise<Opened>}
 */
export async function openPostgres(size, options) {
  const pg = await imported('pg')
  const schema = `bench_${size}_${randomBytes(4).toString('hex')}`
  const pool = new pg.Pool({ connectionString: process.env.XMPPKIT_TEST_POSTGRES, max: 10 })
  // One connection, so that what is written keeps its order.
  const own = new pg.Pool({ connectionString: process.env.XMPPKIT_TEST_POSTGRES, max: 1 })
  const asked = watchPostgres(pool)
  const open = (more = {}) => createSqlStorage({ pool }, { ...options, ...more, schema })
  let storage = await open({ searchArchives: false })
  /** @param {string} text @param {readonly unknown[]} [values] */
  const run = async (text, values) => (await own.query(text, values)).rows
  /** @param {string} text @param {readonly unknown[]} [values] @returns {Promise<string[]>} */
  const explain = async (text, values) =>
    (await run(`explain ${text}`, values)).map((/** @type {any} */ row) => row['QUERY PLAN'])
  /** The plan for any values, which PostgreSQL may come to prefer. @param {string} text @param {readonly unknown[]} values */
  const explainGeneric = async (text, values) => {
    await run("set plan_cache_mode = 'force_generic_plan'")
    await run(`prepare bench_plan as ${text}`)
    const given = values.map((value) =>
      typeof value === 'string' ? pg.escapeLiteral(value) : JSON.stringify(value),
    )
    const plan = await explain(`execute bench_plan(${given.join(', ')})`)
    await run('deallocate bench_plan')
    await run('reset plan_cache_mode')
    return plan
  }
  return {
    archive: () => storage.archive,
    insert: (rows) =>
      run(
        `insert into ${schema}.archive_messages (${columns})
        select ${columns.replace('sent_at', 'to_timestamp(sent_at / 1000.0)')}
        from json_to_recordset($1) as m(${names.map((name) => `${name} ${name === 'sent_at' ? 'bigint' : 'text'}`).join(', ')})
        order by m.sent_at`,
        [JSON.stringify(rows)],
      ),
    asked,
    async size() {
      const [row] = await run(`select pg_total_relation_size('${schema}.archive_messages') as size`)
      return Number(row.size)
    },
    // With its values, as the first times, and for any, as may be chosen later.
    async plan(text, values) {
      const once = await explain(text, values)
      const generic = await explainGeneric(text, values)
      return shapeOf(once) === shapeOf(generic) ? once : [...once, '(for any values:)', ...generic]
    },
    async ready() {
      await storage.close()
      storage = await open()
      await run(`vacuum analyze ${schema}.archive_messages`)
    },
    close: async () => {
      await storage.close()
      await run(`drop schema ${schema} cascade`)
      await Promise.all([pool.end(), own.end()])
    },
  }
}
