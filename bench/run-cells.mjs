// @ts-check
// Runs cells against servers, in turn, and keeps what came out.
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder, throwAwayFolder } from './children.mjs'
import { generate } from './generator.mjs'
import { load } from './machine.mjs'
import { makeCertificate } from './servers/certificate.mjs'
import { startServer } from './servers/start.mjs'

/**
 * @typedef {import('./cell.mjs').Cell} Cell
 * @typedef {import('./servers/start.mjs').ServerKind} ServerKind
 *
 * @typedef {object} Row one run of one cell
 * @property {string} server
 * @property {string} cell
 * @property {number} rep
 * @property {number} load of the machine, when it began
 * @property {any} [result]
 * @property {string} [error]
 */

const cellLimitMs = 1_800_000
const registerLimitMs = 600_000

/** @param {number} count */
const domainNames = (count) =>
  count === 1 ? ['bench.example'] : Array.from({ length: count }, (_, i) => `d${i}.bench.example`)

/** @param {Cell} cell */
const domainsOf = (cell) => cell.domains ?? 1
/** @param {Cell} cell */
const flagsOf = (cell) => cell.flags ?? []

/**
 * Cells that may share a process of the server, in order; one that wants a process of its own is alone.
 *
 * @param {Cell[]} cells
 * @returns {Cell[][]}
 */
function sharing(cells) {
  /** @type {Map<string, Cell[]>} */
  const together = new Map()
  for (const cell of cells.filter(({ fresh }) => !fresh)) {
    const key = JSON.stringify([domainsOf(cell), flagsOf(cell)])
    together.set(key, [...(together.get(key) ?? []), cell])
  }
  return [...cells.filter(({ fresh }) => fresh).map((cell) => [cell]), ...together.values()]
}

/** A server kind with its accounts: made once, copied for each start, so that every start finds the same. */
class Stock {
  /** @type {Map<number, string>} */
  #folders = new Map()

  /** @param {ServerKind} kind @param {Cell[]} cells all it will be asked for @param {Awaited<ReturnType<typeof makeCertificate>>} certificate */
  constructor(kind, cells, certificate) {
    this.kind = kind
    this.cells = cells
    this.certificate = certificate
  }

  /** @param {string} folder @param {number} domains @param {string[]} flags */
  #start(folder, domains, flags) {
    return startServer(this.kind, {
      folder,
      domains: domainNames(domains),
      certificate: this.certificate,
      flags,
    })
  }

  /** @param {number} domains */
  async #template(domains) {
    const known = this.#folders.get(domains)
    if (known) return known
    const folder = throwAwayFolder(this.kind.name)
    const count = Math.max(
      ...this.cells.filter((cell) => domainsOf(cell) === domains).map(({ users }) => users),
    )
    say(`${this.kind.name}: ${count} accounts`)
    const server = await this.#start(folder, domains, [])
    await generate('register', server, { count }, registerLimitMs)
    await server.stop()
    this.#folders.set(domains, folder)
    return folder
  }

  /** Starts it over a copy. @param {number} domains @param {string[]} flags */
  async start(domains, flags) {
    const template = join(await this.#template(domains), 'data')
    const folder = throwAwayFolder(this.kind.name)
    mkdirSync(join(folder, 'data'))
    if (existsSync(template)) cpSync(template, join(folder, 'data'), { recursive: true, filter: isFile })
    const server = await this.#start(folder, domains, flags)
    return {
      ...server,
      async stop() {
        await server.stop()
        removeFolder(folder)
      },
    }
  }
}

/** Sockets are not copied. @param {string} path */
const isFile = (path) => !path.endsWith('.sock')

/** @param {string} text */
function say(text) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}

/**
 * @param {ServerKind[]} kinds @param {Cell[]} cells @param {number} reps
 * @param {(row: Row) => void} done told of every run
 */
export async function runCells(kinds, cells, reps, done) {
  const folder = throwAwayFolder('certificate')
  const certificate = await makeCertificate(folder, domainNames(1))
  const stocks = kinds.map((kind) => {
    const mine = kind.name === 'xmppkit' ? cells : cells.filter((cell) => !cell.own)
    return new Stock(kind, mine, certificate)
  })
  for (let rep = 0; rep < reps; rep++) {
    for (const group of sharing(cells)) {
      // Every other time the other way round, so that a machine that slows down is nobody's disadvantage.
      for (const stock of rep % 2 === 0 ? stocks : stocks.toReversed()) {
        const mine = group.filter((cell) => stock.cells.includes(cell))
        if (mine.length > 0) await runGroup(stock, mine, rep, done)
      }
    }
  }
}

/** @param {Stock} stock @param {Cell[]} group @param {number} rep @param {(row: Row) => void} done */
async function runGroup(stock, group, rep, done) {
  const first = /** @type {Cell} */ (group[0])
  const server = await stock.start(domainsOf(first), flagsOf(first))
  for (const cell of group) {
    /** @type {Row} */
    const row = { server: stock.kind.name, cell: cell.name, rep, load: load() }
    try {
      row.result = await generate(cell.load, server, cell.options, cellLimitMs)
      if (!server.alive()) throw new Error('the server ended')
    } catch (error) {
      row.error = error instanceof Error ? error.message : String(error)
      if (!server.alive()) row.error += `\n${server.log().slice(-2000)}`
    }
    say(`${row.server} ${row.cell}: ${row.error ?? headline(cell, row.result)} (load ${row.load})`)
    done(row)
    if (!server.alive()) break
  }
  await server.stop()
}

/** @param {Cell} cell @param {any} result */
const headline = (cell, result) =>
  cell.figures
    .map(({ label, unit, of }) => `${label} ${of(result)?.toPrecision(4)} ${unit}`.trim())
    .join(', ')
