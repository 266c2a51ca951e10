// @ts-check
// Raw results: one file per run in `bench/results/`, a JSON line per run of a cell, behind a line that describes the machine.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Run
 * @property {string} machine
 * @property {Record<string, string>} versions by server
 * @property {string} date
 * @property {boolean} quick
 * @property {number} sessions
 * @property {import('./run-cells.mjs').Row[]} rows
 * @property {import('./run-micro.mjs').MicroResult[]} micro
 */

const folder = fileURLToPath(new URL('./results/', import.meta.url))

/** Opens the file of a run. @param {Omit<Run, 'rows' | 'micro'>} description */
export function openResults(description) {
  mkdirSync(folder, { recursive: true })
  const file = `${folder}${description.date.replaceAll(/[:.]/g, '-')}.jsonl`
  writeFileSync(file, `${JSON.stringify(description)}\n`)
  return {
    name: relative(process.cwd(), file),
    /** @param {object} line */
    add: (line) => appendFileSync(file, `${JSON.stringify(line)}\n`),
  }
}

/** Reads runs of one machine back as one; the last describes them. @param {string[]} files @returns {Run} */
export function readResults(files) {
  const lines = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  )
  const descriptions = lines.filter((line) => 'machine' in line)
  const last = descriptions.at(-1)
  if (!last) throw new Error('no results in these files')
  for (const key of ['machine', 'quick', 'sessions']) {
    if (descriptions.some((line) => line[key] !== last[key])) throw new Error(`these runs differ in ${key}`)
  }
  return {
    ...last,
    versions: Object.assign({}, ...descriptions.map((line) => line.versions)),
    rows: lines.filter((line) => 'cell' in line),
    micro: lines.filter((line) => 'micro' in line),
  }
}
