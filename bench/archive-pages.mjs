// @ts-check
// Time for a page of 50 out of archives of different sizes, for every filter of XEP-0313 and for removing in batches, with the
// query plans. Not a test.
//
//   node packages/tooling/build.mjs --js && node bench/archive-pages.mjs [--sizes 10000,1000000] [--runs 200] [--no-search]
//     [--databases sqlite,postgres] [--quick]
//
// SQLite in a file; PostgreSQL too where XMPPKIT_TEST_POSTGRES names a server.
import { parseArgs } from 'node:util'
import { asksOf, removalsOf } from './archive/changes.mjs'
import { openPostgres, openSqlite } from './archive/engines.mjs'
import { pagesOf } from './archive/filters.mjs'
import { batches, owner } from './archive/messages.mjs'
import { cleanUp, throwAwayFolder } from './children.mjs'

const { parseJid } = await import(new URL('../packages/jid/dist/index.js', import.meta.url).href)

const { values: given } = parseArgs({
  options: {
    sizes: { type: 'string' },
    runs: { type: 'string' },
    'no-search': { type: 'boolean', default: false },
    databases: { type: 'string', default: 'sqlite,postgres' },
    quick: { type: 'boolean', default: false },
  },
})
const sizes = (given.sizes ?? (given.quick ? '1000,2000' : '10000,1000000')).split(',').map(Number)
const runs = Number(given.runs ?? (given.quick ? 2 : 200))
const account = parseJid(owner).bare
const options = { searchArchives: !given['no-search'] }
/** Each removes from what the ones before have left, so there are not many in the small archive. */
const removalRuns = 5

/**
 * @typedef {import('./archive/changes.mjs').Ask} Ask
 * @typedef {import('./archive/engines.mjs').Opened} Opened
 * @typedef {{ readonly opened: Opened, readonly asks: Record<string, Ask>, readonly removals: Record<string, Ask> }} Filled
 * @typedef {{ readonly times: number[], readonly plans: (readonly [text: string, plan: readonly string[]])[] }} Figures
 */

/** Fills an archive; answers with what to ask of it. @param {Opened} opened @param {number} size @returns {Promise<Filled>} */
async function fill(opened, size) {
  /** @type {string[]} */
  const ids = []
  let rows = 0
  const begun = performance.now()
  for (const batch of batches(size)) {
    for (const row of batch) if (row.account === owner) ids.push(row.archive_id)
    rows += batch.length
    await opened.insert(batch)
  }
  await opened.ready()
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const bytes = ((await opened.size()) / rows).toFixed(0)
  console.log(
    `  ${size.toLocaleString('en')} messages among ${rows.toLocaleString('en')}: filled in ${seconds} s, ${bytes} bytes each on disk`,
  )
  const filled = { size, ids }
  /** @type {Record<string, Ask>} */
  const asks = {}
  for (const [title, request] of Object.entries(pagesOf(filled, options.searchArchives))) {
    asks[title] = (archive) => archive.page(account, { limit: 50, ...request })
  }
  return { opened, asks: { ...asks, ...asksOf(filled, { most: 10_000 }) }, removals: removalsOf(filled) }
}

/**
 * Median milliseconds for each archive. They take turns, so that a machine that changes its pace is to nobody's disadvantage.
 *
 * @param {readonly Filled[]} all @param {(filled: Filled) => Ask | undefined} of @param {number} times @param {number} warmUp
 */
async function medians(all, of, times, warmUp) {
  const seen = all.map(() => /** @type {number[]} */ ([]))
  for (let run = -warmUp; run < times; run += 1) {
    for (const [at, filled] of all.entries()) {
      const begun = performance.now()
      await of(filled)?.(filled.opened.archive())
      if (run >= 0) seen[at]?.push(performance.now() - begun)
    }
  }
  return seen.map((one) => one.sort((a, b) => a - b)[one.length >> 1] ?? Number.NaN)
}

/** How the statements about messages went about it since `asked` was cleared. @param {Opened} opened */
async function plansOf(opened) {
  /** @type {[string, string[]][]} */
  const plans = []
  for (const [text, values] of opened.asked) {
    if (!/^\s*(select|delete|with)\b/i.test(text) || !text.includes('archive_messages')) continue
    plans.push([text.replace(/\s+/g, ' ').trim(), await opened.plan(text, values)])
  }
  return plans
}

/**
 * @param {readonly Filled[]} all @param {'asks' | 'removals'} what @param {number} times @param {number} warmUp
 * @returns {Promise<Map<string, Figures>>}
 */
async function measure(all, what, times, warmUp) {
  /** @type {Map<string, Figures>} */
  const results = new Map()
  const largest = /** @type {Filled} */ (all.at(-1))
  for (const title of Object.keys(largest[what])) {
    largest.opened.asked.clear()
    // What takes long is not asked as often.
    const [, slowest = 0] = await medians(all, (filled) => filled[what][title], 1, 0)
    const often = slowest > 20 ? Math.min(times, 10) : times
    const seen = await medians(all, (filled) => filled[what][title], often, Math.min(warmUp, often))
    results.set(title, { times: seen, plans: await plansOf(largest.opened) })
  }
  return results
}

/** @param {string} what @param {Map<string, Figures>} results */
function report(what, results) {
  const head = sizes.map((size) => `${size.toLocaleString('en')} ms`.padStart(14)).join('')
  console.log(`\n  ${what.padEnd(46)}${head}   ratio`)
  for (const [title, { times }] of results) {
    const [smallest = 1, largest = Number.NaN] = [times.at(0), times.at(-1)]
    const columns = times.map((time) => time.toFixed(3).padStart(14)).join('')
    console.log(`  ${title.padEnd(46)}${columns}   ${(largest / smallest).toFixed(2)}`)
  }
}

/** @param {Map<string, Figures>} results */
function reportPlans(results) {
  for (const [title, { plans }] of results) {
    console.log(`\n  ${title}`)
    for (const [text, plan] of plans)
      console.log(`    ${text}\n${plan.map((line) => `      > ${line}`).join('\n')}`)
  }
}

/** @param {string} name @param {(size: number) => Promise<Opened>} open */
async function compare(name, open) {
  console.log(`\n${name}`)
  /** @type {Filled[]} */
  const all = []
  try {
    for (const size of sizes) {
      const opened = await open(size)
      all.push({ opened, asks: {}, removals: {} })
      all[all.length - 1] = await fill(opened, size)
    }
    const asked = await measure(all, 'asks', runs, 10)
    report('page of 50', asked)
    const removed = await measure(all, 'removals', Math.min(runs, removalRuns), 0)
    report('batch of 100', removed)
    console.log('\n  plans of the largest:')
    reportPlans(asked)
    reportPlans(removed)
  } finally {
    for (const { opened } of all) await opened.close()
  }
}

const databases = given.databases.split(',')
try {
  if (databases.includes('sqlite')) {
    const folder = throwAwayFolder('archive')
    await compare('SQLite', (size) => openSqlite(size, folder, options))
  }
  if (databases.includes('postgres')) {
    if (process.env.XMPPKIT_TEST_POSTGRES) await compare('PostgreSQL', (size) => openPostgres(size, options))
    else console.log('\nPostgreSQL: XMPPKIT_TEST_POSTGRES is not set')
  }
} finally {
  await cleanUp()
}
