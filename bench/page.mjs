// @ts-check
// Writes the generated part of docs/performance.md and its charts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { barChart } from './chart.mjs'
import { medianOf, readable, report } from './report.mjs'

const page = new URL('../docs/performance.md', import.meta.url)
const folder = new URL('../docs/performance/', import.meta.url)
const begin = '<!-- bench:begin -->'
const end = '<!-- bench:end -->'

/** @type {Record<import('./cell.mjs').Cell['chart'], { title: string, figures: number } | undefined>} */
const charts = {
  cost: { title: 'Server CPU per operation, µs', figures: 1 },
  login: { title: 'Server CPU per login and per offline message, µs', figures: 2 },
  latency: { title: 'Latency at 1,000 messages a second, ms', figures: 4 },
  memory: { title: 'Memory per idle session, KiB', figures: 1 },
  scale: { title: 'xmppkit, CPU per message while something else grows, µs', figures: 1 },
  limits: undefined,
}

/**
 * @param {import('./results.mjs').Run} run @param {import('./cell.mjs').Cell[]} cells
 * @returns {Map<string, string>} SVG by name
 */
function drawCharts(run, cells) {
  /** @type {Map<string, string>} */
  const drawn = new Map()
  for (const [name, chart] of Object.entries(charts)) {
    const shown = cells.filter(
      (cell) => cell.chart === name && run.rows.some((row) => row.cell === cell.name),
    )
    if (!chart || shown.length === 0) continue
    const servers = name === 'scale' ? ['xmppkit'] : Object.keys(run.versions)
    const groups = shown.flatMap((cell) =>
      cell.figures.slice(0, chart.figures).map((figure) => ({
        label:
          chart.figures === 1
            ? cell.title
            : name === 'latency'
              ? figure.label
              : `${cell.title}, ${figure.label.replace('CPU, ', '')}`,
        values: servers.map((server) => medianOf(run.rows, server, cell.name, figure)),
      })),
    )
    drawn.set(name, barChart(chart.title, servers, groups, readable))
  }
  return drawn
}

/** @param {import('./results.mjs').Run} run @param {import('./cell.mjs').Cell[]} cells */
export function writePage(run, cells) {
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no ${begin} … ${end}`)
  mkdirSync(folder, { recursive: true })
  const drawn = drawCharts(run, cells)
  for (const [name, svg] of drawn) writeFileSync(new URL(`${name}.svg`, folder), svg)
  const images = [...drawn.keys()].map((name) => {
    const title = charts[/** @type {keyof typeof charts} */ (name)]?.title
    return `![${title}](performance/${name}.svg)`
  })
  const generated = `${begin}\n\n${report(run, cells, images.join('\n\n'))}\n`
  writeFileSync(page, text.slice(0, from) + generated + text.slice(to))
}
