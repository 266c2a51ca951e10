// @ts-check
// Horizontal bars as SVG: a group of bars per load, a bar per server. Readable on light and on dark ground.

const width = 760
const labelWidth = 250
const barHeight = 14
const groupGap = 12
const colors = ['#2f81f7', '#d98324', '#8b949e', '#3fb950']

/** @param {string} text */
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const style = `text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}.axis{stroke:#8b949e}
@media(prefers-color-scheme:dark){text{fill:#d1d7e0}}`

/**
 * @param {string} title
 * @param {string[]} series names of the bars of a group
 * @param {{ label: string, values: number[] }[]} groups a value per series; NaN for none
 * @param {(value: number) => string} show
 */
export function barChart(title, series, groups, show) {
  const longest = Math.max(...groups.flatMap(({ values }) => values.filter(Number.isFinite)), 0) || 1
  const scale = (width - labelWidth - 80) / longest
  /** @type {string[]} */
  const parts = []
  let y = 30
  series.forEach((name, i) => {
    const x = labelWidth + i * 110
    parts.push(`<rect x="${x}" y="${y - 2}" width="10" height="10" fill="${colors[i]}"/>`)
    parts.push(`<text x="${x + 16}" y="${y + 7}">${escaped(name)}</text>`)
  })
  y += 24
  for (const { label, values } of groups) {
    const height = values.length * barHeight
    parts.push(
      `<text x="${labelWidth - 8}" y="${y + height / 2 + 4}" text-anchor="end">${escaped(label)}</text>`,
    )
    values.forEach((value, i) => {
      const top = y + i * barHeight
      const length = Number.isFinite(value) ? Math.max(1, value * scale) : 0
      parts.push(
        `<rect x="${labelWidth}" y="${top + 1}" width="${length.toFixed(1)}" height="${barHeight - 2}" fill="${colors[i]}"/>`,
        `<text x="${(labelWidth + length + 5).toFixed(1)}" y="${top + 11}">${Number.isFinite(value) ? escaped(show(value)) : '–'}</text>`,
      )
    })
    y += height + groupGap
  }
  parts.push(`<line class="axis" x1="${labelWidth}" y1="50" x2="${labelWidth}" y2="${y - groupGap + 2}"/>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="${escaped(title)}">
<style>${style}</style>
<text class="title" x="0" y="14">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`
}
