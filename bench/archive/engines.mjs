// @ts-check
// Archives in databases that tell what they were asked, and how they would go about it.
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * @typedef {object} Opened
 * @property {() => any} archive the store to measure
 * @property {(owner: any, messages: any[]) => Promise<unknown>} append writes faster than one message at a time
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
    // What is measured is reading; writing is made as fast as can be.
    connection.exec('pragma synchronous = off; pragma cache_size = -262144')
    return storage
  }
  let storage = await open({ searchArchives: false })
  return {
    archive: () => storage.archive,
    append: (owner, messages) => storage.archive.append(owner, messages),
    asked: watched.asked,
    size: async () => statSync(path).size,
    plan: async (text, values) =>
      connection
        .prepare(`explain query plan ${text}`)
        .all(...values)
        .map((/** @type {{ detail: string }} */ { detail }) => detail),
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
  const open = (more = {}) => createSqlStorage({ pool }, { ...options, ...more, schema })
  let storage = await open({ searchArchives: false })
  /** @param {string} text @param {readonly unknown[]} [values] */
  const run = async (text, values) => (await own.query(text, values)).rows
  return {
    archive: () => storage.archive,
    append: (owner, messages) =>
      run(
        `insert into ${schema}.archive_messages (account, domain, archive_id, with_bare, with_resource, direction, kind,
          origin_id, stanza, body, sent_at)
        select $1, $2, id, split_part("with", '/', 1), nullif(split_part("with", '/', 2), ''), direction, kind,
          "originId", stanza, body, to_timestamp(at / 1000.0)
        from json_to_recordset($3) as m(id text, "with" text, direction text, kind text, "originId" text, stanza text,
          body text, at bigint)
        order by at`,
        [String(owner), owner.domain, JSON.stringify(messages)],
      ),
    asked,
    async size() {
      const [row] = await run(`select pg_total_relation_size('${schema}.archive_messages') as size`)
      return Number(row.size)
    },
    plan: async (text, values) =>
      (await run(`explain ${text}`, values)).map((/** @type {any} */ row) => row['QUERY PLAN']),
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
