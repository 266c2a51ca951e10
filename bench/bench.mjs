// @ts-check
// What xmppkit costs, beside other servers under the same load. See README.md here; `pnpm bench --help`.
import { cellsFor } from './cells.mjs'
import { cleanUp } from './children.mjs'
import { describeMachine } from './machine.mjs'
import { help, readOptions } from './options.mjs'
import { writePage } from './page.mjs'
import { report } from './report.mjs'
import { openResults, readResults } from './results.mjs'
import { runArchive } from './run-archive.mjs'
import { runCells } from './run-cells.mjs'
import { runMicro } from './run-micro.mjs'
import { serverKinds } from './servers/kinds.mjs'

const notWorthWriting = 'a quick run measures nothing worth writing down'

/** @param {string[] | undefined} wanted */
function chooseServers(wanted) {
  const unknown = wanted?.find((name) => !serverKinds.some((kind) => kind.name === name))
  if (unknown)
    throw new TypeError(`no server ${unknown}; there are ${serverKinds.map(({ name }) => name).join(', ')}`)
  const chosen = serverKinds.filter(({ name }) => wanted === undefined || wanted.includes(name))
  const missing = chosen.filter((kind) => !kind.installed())
  for (const { name } of missing) {
    if (name === 'xmppkit') throw new Error('build first: node packages/tooling/build.mjs --js')
    if (wanted) throw new Error(`${name} is not installed`)
  }
  return chosen.filter((kind) => !missing.includes(kind))
}

/** @param {ReturnType<typeof readOptions>} options */
async function measure(options) {
  const kinds = chooseServers(options.servers)
  const cells = cellsFor(options).filter(({ name }) => options.cells.test(name))
  const description = {
    machine: describeMachine(),
    versions: Object.fromEntries(kinds.map((kind) => [kind.name, kind.version()])),
    date: new Date().toISOString(),
    quick: options.quick,
    sessions: options.sessions,
  }
  const results = openResults(description)
  /** @type {import('./results.mjs').Run} */
  const run = { ...description, rows: [], micro: [] }
  if (cells.length > 0) {
    await runCells(kinds, cells, options.reps, (row) => {
      run.rows.push(row)
      results.add(row)
    })
  }
  if (options.micro) {
    run.micro = await runMicro(options.quick)
    for (const line of run.micro) results.add(line)
  }
  if (options.archive) await runArchive(options.quick)
  process.stderr.write(`raw results: ${results.name}\n`)
  return run
}

/** @param {string[]} args */
async function main(args) {
  const options = readOptions(args)
  if (options.help) return void process.stdout.write(help)
  if (options.list) {
    for (const { name, title } of cellsFor(options)) process.stdout.write(`${name.padEnd(20)} ${title}\n`)
    return
  }
  if (options.quick && options.write) throw new TypeError(notWorthWriting)
  const run = options.report ? readResults(options.report) : await measure(options)
  if (run.quick && options.write) throw new TypeError(notWorthWriting)
  const cells = cellsFor(run)
  process.stdout.write(`\n${report(run, cells)}`)
  if (options.write) writePage(run, cells)
  if (run.rows.some((row) => row.error !== undefined)) process.exitCode = 1
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const wrongUse = error instanceof TypeError
  process.stderr.write(`${wrongUse ? error.message : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = wrongUse ? 2 : 1
} finally {
  await cleanUp()
}
