// @ts-check
// Time for a page of 50 out of archives of different sizes, for every filter of XEP-0313, with the query plans. Not a test.
//
//   node packages/tooling/build.mjs && node bench/archive-pages.mjs [--sizes 10000,1000000] [--runs 200] [--no-search] [--databases sqlite]
//
// SQLite in a file; PostgreSQL too where XMPPKIT_TEST_POSTGRES names a server.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openPostgres, openSqlite } from './archive/engines.mjs'
import { account, entry, filters } from './archive/filters.mjs'

const { values: given } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,1000000' },
    runs: { type: 'string', default: '200' },
    'no-search': { type: 'boolean', default: false },
    databases: { type: 'string', default: 'sqlite,postgres' },
  },
})
const sizes = given.sizes.split(',').map(Number)
const runs = Number(given.runs)
const options = { searchArchives: !given['no-search'] }

/** Fills an archive; answers with the ids some filters need. @param {import('./archive/engines.mjs').Opened} opened @param {number} size */
async function fill({ append }, size) {
  /** @type {string[]} */
  const ids = []
  const begun = performance.now()
  const pending = []
  for (let n = 0; n < size; n += 500) {
    const batch = Array.from({ length: Math.min(500, size - n) }, (_, i) => entry(n + i, size))
    ids.push(...batch.map(({ id }) => id))
    pending.push(append(account, batch))
    // Not more at a time than the memory holds.
    if (pending.length >= 8) await pending.shift()
  }
  await Promise.all(pending)
  const seconds = (performance.now() - begun) / 1000
  console.log(`  filled with ${size.toLocaleString('en')} messages in ${seconds.toFixed(1)} s`)
  return ids
}

/** @typedef {{ readonly opened: import('./archive/engines.mjs').Opened, readonly requests: Record<string, object> }} Filled */

/**
 * Median milliseconds of a page of each archive. They take turns, so that a machine that changes its pace is to nobody's
 * disadvantage.
 *
 * @param {readonly Filled[]} all @param {string} title
 */
async function measure(all, title) {
  const times = all.map(() => /** @type {number[]} */ ([]))
  for (let run = -10; run < runs; run += 1) {
    for (const [at, { opened, requests }] of all.entries()) {
      const begun = performance.now()
      await opened.archive().page(account, { limit: 50, ...requests[title] })
      if (run >= 0) times[at]?.push(performance.now() - begun)
    }
  }
  return times.map((one) => one.sort((a, b) => a - b)[one.length >> 1] ?? Number.NaN)
}

/** @param {string} text */
const shorten = (text) => text.replace(/\s+/g, ' ').trim()
/** @param {string} text */
const isPage = (text) => /^\s*select/i.test(text) && text.includes('archive_messages')

const searched = options.searchArchives
  ? { 'text, 100 of all': { text: 'rosemary' }, 'text, all': { text: 'the', newest: true } }
  : {}

/** @typedef {{ readonly times: number[], readonly plans: (readonly [text: string, plan: readonly string[]])[] }} Row */

/**
 * @param {string} name
 * @param {(size: number) => Promise<import('./archive/engines.mjs').Opened>} open
 */
async function compare(name, open) {
  console.log(`\n${name}`)
  /** @type {Map<string, Row>} */
  const results = new Map()
  /** @type {Filled[]} */
  const all = []
  try {
    for (const size of sizes) {
      const opened = await open(size)
      all.push({ opened, requests: {} })
      const ids = await fill(opened, size)
      await opened.ready()
      console.log(`  ${((await opened.size()) / size).toFixed(0)} bytes per message on disk`)
      all[all.length - 1] = { opened, requests: { ...filters(size, ids), ...searched } }
    }
    for (const title of Object.keys(all[0]?.requests ?? {})) {
      for (const { opened } of all) opened.asked.clear()
      results.set(title, { times: await measure(all, title), plans: await plansOf(all.at(-1)?.opened) })
    }
    report(results)
  } finally {
    for (const { opened } of all) await opened.close()
  }
}

/** How the statements of the last page went about it. @param {Filled['opened']} [opened] */
async function plansOf(opened) {
  /** @type {[string, string[]][]} */
  const plans = []
  for (const [text, values] of opened?.asked ?? []) {
    if (isPage(text)) plans.push([shorten(text), (await opened?.plan(text, values)) ?? []])
  }
  return plans
}

/** @param {Map<string, Row>} results */
function report(results) {
  console.log(
    `\n  ${'filter'.padEnd(42)}${sizes.map((size) => `${size.toLocaleString('en')} ms`.padStart(14)).join('')}   ratio`,
  )
  for (const [title, { times }] of results) {
    const [smallest = 1, largest = Number.NaN] = [times.at(0), times.at(-1)]
    const columns = times.map((time) => time.toFixed(3).padStart(14)).join('')
    console.log(`  ${title.padEnd(42)}${columns}   ${(largest / smallest).toFixed(2)}`)
  }
  console.log('\n  plans:')
  for (const [title, { plans }] of results) {
    console.log(`\n  ${title}`)
    for (const [text, plan] of plans)
      console.log(`    ${text}\n${plan.map((line) => `      > ${line}`).join('\n')}`)
  }
}

const databases = given.databases.split(',')
if (databases.includes('sqlite')) {
  const folder = mkdtempSync(join(tmpdir(), 'xmppkit-archive-'))
  try {
    await compare('SQLite', (size) => openSqlite(size, folder, options))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
if (!databases.includes('postgres')) process.exit()
if (process.env.XMPPKIT_TEST_POSTGRES) await compare('PostgreSQL', (size) => openPostgres(size, options))
else console.log('\nPostgreSQL: XMPPKIT_TEST_POSTGRES is not set')
