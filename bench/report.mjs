// @ts-check
// Tables from results: medians, and how many times less than the best other server xmppkit costs.

/**
 * @typedef {import('./cell.mjs').Cell} Cell
 * @typedef {import('./cell.mjs').Figure} Figure
 * @typedef {import('./run-cells.mjs').Row} Row
 */

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * The median of a figure for a server, over the runs that went well.
 *
 * @param {Row[]} rows @param {string} server @param {string} cell @param {Figure} figure
 */
export function medianOf(rows, server, cell, figure) {
  const values = rows
    .filter((row) => row.server === server && row.cell === cell && row.result !== undefined)
    .map((row) => figure.of(row.result))
    .filter((value) => value !== undefined && Number.isFinite(value))
  return median(/** @type {number[]} */ (values))
}

/** As many digits as mean something. @param {number} value */
export function readable(value) {
  if (!Number.isFinite(value)) return '–'
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Rows in Markdown, with a head. @param {string[]} head @param {string[][]} rows */
const table = (head, rows) =>
  [head, head.map((_, i) => (i === 0 ? '---' : i === 1 && head[1] === 'figure' ? '---' : '--:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')

/** @param {Cell[]} cells @param {Row[]} rows @param {string[]} servers */
function comparison(cells, rows, servers) {
  const others = servers.filter((name) => name !== 'xmppkit')
  const lines = cells.flatMap((cell) =>
    cell.figures.map((figure, index) => {
      const medians = servers.map((server) => medianOf(rows, server, cell.name, figure))
      const ours = medianOf(rows, 'xmppkit', cell.name, figure)
      const best = Math.min(
        ...others.map((server) => medianOf(rows, server, cell.name, figure)).filter(Number.isFinite),
      )
      const ratio = figure.compare && Number.isFinite(best) && ours > 0 ? `${(best / ours).toFixed(1)}×` : ''
      return [
        index === 0 ? cell.title : '',
        `${figure.label}, ${figure.unit}`,
        ...medians.map(readable),
        ratio,
      ]
    }),
  )
  return table(['load', 'figure', ...servers, 'best other ÷ xmppkit'], lines)
}

/** @param {Cell[]} cells @param {Row[]} rows */
function ownFigures(cells, rows) {
  const lines = cells.flatMap((cell) =>
    cell.figures.map((figure, index) => [
      index === 0 ? cell.title : '',
      figure.unit === '' ? figure.label : `${figure.label}, ${figure.unit}`,
      readable(medianOf(rows, 'xmppkit', cell.name, figure)),
    ]),
  )
  return table(['load', 'figure', 'xmppkit'], lines)
}

/** What a table cannot show, of the first run that went well. @param {Cell[]} cells @param {Row[]} rows */
function notes(cells, rows) {
  return cells.flatMap((cell) => {
    const row = rows.find(({ cell: name, result }) => name === cell.name && result !== undefined)
    return row && cell.note ? [cell.note(row.result)] : []
  })
}

/** What failed, so that a missing figure explains itself. @param {Row[]} rows */
function failures(rows) {
  const failed = rows.filter((row) => row.error !== undefined)
  if (failed.length === 0) return ''
  const lines = failed.map(
    ({ server, cell, rep, error }) => `- ${server}, ${cell}, repetition ${rep + 1}: ${error?.split('\n')[0]}`,
  )
  return `\nRuns that failed, and have no figures:\n\n${lines.join('\n')}\n`
}

/**
 * The whole report in Markdown.
 *
 * @param {import('./results.mjs').Run} run @param {Cell[]} cells
 * @param {string} [charts] Markdown that shows the charts
 */
export function report(run, cells, charts = '') {
  const measured = cells.filter((cell) => run.rows.some((row) => row.cell === cell.name))
  const shared = measured.filter((cell) => !cell.own)
  const own = measured.filter((cell) => cell.own)
  const servers = Object.keys(run.versions)
  const reps = Math.max(0, ...run.rows.map((row) => row.rep + 1))
  const named = servers.map((name) => `${name} ${run.versions[name]}`).join(', ')
  const loads = run.rows.map((row) => row.load)
  const parts = [
    `Measured ${run.date.slice(0, 10)} on ${run.machine}. ${named}. Medians of ${reps}; the machine's load when cells ` +
      `began: ${readable(Math.min(...loads))} to ${readable(Math.max(...loads))}.`,
  ]
  if (run.quick) parts.push('A quick run: a test that everything works, not figures to keep.')
  if (charts) parts.push(charts)
  if (shared.length > 0) parts.push(comparison(shared, run.rows, servers))
  if (own.length > 0) parts.push(ownFigures(own, run.rows), ...notes(own, run.rows))
  if (run.micro.length > 0) {
    const rows = run.micro.map(({ micro, name, ns, note }) => [`${micro}: ${name}`, readable(ns), note ?? ''])
    parts.push(table(['micro-benchmark', 'ns per operation', ''], rows))
  }
  return `${parts.join('\n\n')}\n${failures(run.rows)}`
}
