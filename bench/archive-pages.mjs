// Time for a page of 50 out of archives of different sizes, for every filter of XEP-0313, with the query plans. Not a test.
//
//   node packages/tooling/build.mjs && node bench/archive-pages.mjs [--sizes 10000,1000000] [--runs 200] [--no-search]
//
// SQLite in a file; PostgreSQL too where XMPPKIT_TEST_POSTGRES names a server.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const { values: given } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,1000000' },
    runs: { type: 'string', default: '200' },
    'no-search': { type: 'boolean', default: false },
  },
})
const sizes = given.sizes.split(',').map(Number)
const runs = Number(given.runs)
const options = { searchArchives: !given['no-search'] }

const built = (name) => new URL(`../packages/${name}/dist/index.js`, import.meta.url).href
const { createSqlStorage } = await import(built('storage-sql'))
const { parseJid } = await import(built('jid'))
const require = createRequire(new URL('../packages/storage-sql/package.json', import.meta.url))
const imported = async (name) => {
  const module = await import(pathToFileURL(require.resolve(name)).href)
  return module.default ?? module
}

const account = parseJid('juliet@example.org').bare
const start = Date.UTC(2020, 0, 1)
const second = 1000
const words =
  'the of and to in is you that it he was for on are as with his they I at be this have from or one had by'.split(
    ' ',
  )
const partyOf = (n, rareEvery) => {
  if (n % rareEvery === 0) return 'nurse@example.org/house'
  return n % 2 ? 'romeo@example.org/orchard' : `friend${n % 97}@example.net/phone`
}

/** Message number n of an archive of a size; 100 of each archive are with the nurse and say so. */
function entry(n, size) {
  const rareEvery = size / 100
  const party = partyOf(n, rareEvery)
  const text = Array.from({ length: 12 }, (_, i) => words[(n * 7 + i * 13) % words.length]).join(' ')
  const body = n % rareEvery === 0 ? `${text} rosemary` : text
  const id = randomBytes(18).toString('base64url')
  const stanza = `<message xmlns="jabber:client" from="${party}" to="${account}" type="chat" id="${id}"><body>${body}</body><origin-id xmlns="urn:xmpp:sid:0" id="${id}"/></message>`
  const at = start + n * second
  return {
    id: `${n}-${id}`,
    with: parseJid(party),
    direction: 'received',
    kind: 'chat',
    originId: id,
    stanza,
    body,
    at,
  }
}

/** Fills an archive; answers with the ids some filters need. */
async function fill(archive, size) {
  const ids = []
  const begun = performance.now()
  const pending = []
  for (let n = 0; n < size; n += 500) {
    const batch = Array.from({ length: Math.min(500, size - n) }, (_, i) => entry(n + i, size))
    ids.push(...batch.map(({ id }) => id))
    pending.push(archive.append(account, batch))
    if (pending.length >= 8) await pending.shift()
  }
  await Promise.all(pending)
  const seconds = (performance.now() - begun) / 1000
  console.log(`  filled with ${size.toLocaleString('en')} messages in ${seconds.toFixed(1)} s`)
  return ids
}

const cases = (size, ids) => {
  const middle = ids[size / 2]
  const at = (n) => start + n * second
  const romeo = { with: parseJid('romeo@example.org') }
  const nurse = { with: parseJid('nurse@example.org') }
  const full = { with: parseJid('romeo@example.org/orchard') }
  const fifty = Array.from({ length: 50 }, (_, n) => ids[Math.floor((n * size) / 50)])
  return {
    'nothing (first page)': {},
    'nothing, last page (<before/>)': { newest: true },
    'rsm after the middle': { after: [middle] },
    'rsm before the middle': { before: [middle], newest: true },
    'after-id and before-id': { after: [ids[size / 2 - 40]], before: [ids[size / 2 + 40]] },
    'start in the middle': { start: at(size / 2) },
    'end in the middle': { end: at(size / 2) },
    'end in the middle, last page': { end: at(size / 2), newest: true },
    'start and end around the middle': { start: at(size / 2 - 30), end: at(size / 2 + 30) },
    'start after everything': { start: at(size * 2) },
    ids: { ids: fifty },
    'with bare, half of all': { ...romeo },
    'with bare, half, last page': { ...romeo, newest: true },
    'with bare, after the middle': { ...romeo, after: [middle] },
    'with bare, before the middle': { ...romeo, before: [middle], newest: true },
    'with bare, start in the middle': { ...romeo, start: at(size / 2) },
    'with bare, end in the middle, last page': { ...romeo, end: at(size / 2), newest: true },
    'with bare, 100 of all': { ...nurse },
    'with bare, 100 of all, after the middle': { ...nurse, after: [middle] },
    'with bare, nobody': { with: parseJid('nobody@example.org') },
    'with full': { ...full },
    'with full, last page': { ...full, newest: true },
    'with full, start and end': { ...full, start: at(size / 2), end: at(size) },
    'with full, nobody': { with: parseJid('romeo@example.org/nowhere') },
  }
}

/** Median milliseconds of a page. */
async function measure(archive, request) {
  const times = []
  for (let run = -10; run < runs; run += 1) {
    const begun = performance.now()
    await archive.page(account, { limit: 50, ...request })
    if (run >= 0) times.push(performance.now() - begun)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]
}

/** A connection that remembers what it was asked, so that plans can be shown. */
function watchedSqlite(connection) {
  const asked = new Map()
  return {
    asked,
    exec: (text) => connection.exec(text),
    close: () => connection.close(),
    prepare(text) {
      const statement = connection.prepare(text)
      const remember = (values) => asked.set(text, values)
      return {
        all: (...values) => (remember(values), statement.all(...values)),
        run: (...values) => (remember(values), statement.run(...values)),
      }
    },
  }
}

const shorten = (text) => text.replace(/\s+/g, ' ').trim()
const isPage = (text) => /^\s*select/i.test(text) && text.includes('archive_messages')

async function openSqlite(size, folder) {
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
    asked: watched.asked,
    size: () => statSync(path).size,
    plan: (text, values) =>
      connection
        .prepare(`explain query plan ${text}`)
        .all(...values)
        .map(({ detail }) => detail),
    async ready() {
      await storage.close()
      storage = await open()
      connection.exec('pragma cache_size = -2000; analyze')
    },
    close: async () => {
      await storage.close()
      connection.close()
    },
  }
}

async function openPostgres(size) {
  const pg = await imported('pg')
  const schema = `bench_${size}_${randomBytes(4).toString('hex')}`
  const pool = new pg.Pool({ connectionString: process.env.XMPPKIT_TEST_POSTGRES, max: 10 })
  const asked = new Map()
  const connect = pool.connect.bind(pool)
  pool.connect = async () => {
    const client = await connect()
    if (client.watched) return client
    const query = client.query.bind(client)
    client.watched = true
    client.query = (about, ...rest) => {
      if (about?.text) asked.set(about.text, about.values ?? [])
      return query(about, ...rest)
    }
    return client
  }
  const storage = await createSqlStorage({ pool }, { ...options, schema })
  const run = async (text, values) => (await pool.query(text, values)).rows
  return {
    archive: () => storage.archive,
    asked,
    async size() {
      const [row] = await run(`select pg_total_relation_size('${schema}.archive_messages') as size`)
      return Number(row.size)
    },
    plan: async (text, values) => (await run(`explain ${text}`, values)).map((row) => row['QUERY PLAN']),
    ready: () => run(`vacuum analyze ${schema}.archive_messages`),
    close: async () => {
      await storage.close()
      await run(`drop schema ${schema} cascade`)
      await pool.end()
    },
  }
}

async function compare(name, open) {
  console.log(`\n${name}`)
  const results = new Map()
  for (const size of sizes) {
    const opened = await open(size)
    try {
      const ids = await fill(opened.archive(), size)
      await opened.ready()
      const archive = opened.archive()
      console.log(`  ${((await opened.size()) / size).toFixed(0)} bytes per message on disk`)
      const searched = options.searchArchives
        ? { 'text, 100 of all': { text: 'rosemary' }, 'text, all': { text: 'the', newest: true } }
        : {}
      for (const [title, request] of Object.entries({ ...cases(size, ids), ...searched })) {
        opened.asked.clear()
        const time = await measure(archive, request)
        const plans = []
        for (const [text, values] of opened.asked) {
          if (isPage(text)) plans.push([shorten(text), await opened.plan(text, values)])
        }
        results.set(title, { ...results.get(title), [size]: time, plans })
      }
      const begun = performance.now()
      await archive.bounds(account)
      console.log(`  metadata: ${(performance.now() - begun).toFixed(2)} ms`)
    } finally {
      await opened.close()
    }
  }
  report(results)
}

function report(results) {
  const [smallest, largest] = [sizes[0], sizes.at(-1)]
  console.log(
    `\n  ${'filter'.padEnd(42)}${sizes.map((size) => `${size.toLocaleString('en')} ms`.padStart(14)).join('')}   ratio`,
  )
  for (const [title, row] of results) {
    const times = sizes.map((size) => row[size].toFixed(3).padStart(14)).join('')
    console.log(`  ${title.padEnd(42)}${times}   ${(row[largest] / row[smallest]).toFixed(2)}`)
  }
  console.log('\n  plans:')
  for (const [title, { plans }] of results) {
    console.log(`\n  ${title}`)
    for (const [text, plan] of plans)
      console.log(`    ${text}\n${plan.map((line) => `      > ${line}`).join('\n')}`)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'xmppkit-archive-'))
try {
  await compare('SQLite', (size) => openSqlite(size, folder))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
if (process.env.XMPPKIT_TEST_POSTGRES) await compare('PostgreSQL', openPostgres)
else console.log('\nPostgreSQL: XMPPKIT_TEST_POSTGRES is not set')
