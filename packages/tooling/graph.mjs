// Draws the packages as boxes in layers, lines going down to what they build on.
import { layerTitles } from './workspace.mjs'

const box = { height: 30, gap: 16, charWidth: 7.4, padding: 24 }
const row = { height: 96, label: 210 }
const width = 1180

/** Top to bottom: whoever knows more stands higher; the kits sit above the highest layer they may know. */
const rowOrder = [8, 7, 6, 'kit', 5, 4, 3, 2, 1, 0]

/** Dependencies without those another dependency already implies. */
export function directDependencies(pkgs) {
  const byName = new Map(pkgs.map((pkg) => [pkg.name, pkg]))
  const shipped = (pkg) =>
    Object.keys({ ...pkg.manifest.dependencies, ...pkg.manifest.peerDependencies })
      .map((name) => name.replace('@xmppkit/', ''))
      .filter((name) => byName.has(name))
  const reach = new Map()
  const below = (name) => {
    if (!reach.has(name)) {
      reach.set(name, new Set())
      for (const dep of shipped(byName.get(name))) {
        reach.get(name).add(dep)
        for (const further of below(dep)) reach.get(name).add(further)
      }
    }
    return reach.get(name)
  }
  return new Map(
    pkgs.map((pkg) => {
      const all = shipped(pkg)
      return [
        pkg.name,
        all.filter((dep) => !all.some((other) => other !== dep && below(other).has(dep))).sort(),
      ]
    }),
  )
}

/** Orders every row so that lines cross little: each box near the middle of its neighbours. */
function arrange(rows, links) {
  const neighbours = new Map()
  const note = (a, b) => neighbours.set(a, [...(neighbours.get(a) ?? []), b])
  for (const [from, deps] of links)
    for (const to of deps) {
      note(from, to)
      note(to, from)
    }
  const place = new Map()
  const settle = (names) =>
    names.forEach((name, index) => {
      place.set(name, (index + 0.5) / names.length)
    })
  for (const names of rows) settle(names)
  const middle = (name) => {
    const near = neighbours.get(name) ?? []
    return near.length
      ? near.reduce((sum, other) => sum + place.get(other), 0) / near.length
      : place.get(name)
  }
  for (let sweep = 0; sweep < 12; sweep += 1) {
    for (const names of sweep % 2 ? rows : [...rows].reverse()) {
      const weight = new Map(names.map((name) => [name, middle(name)]))
      names.sort((a, b) => weight.get(a) - weight.get(b) || a.localeCompare(b, 'en'))
      settle(names)
    }
  }
}

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
const round = (value) => Math.round(value * 10) / 10

/** Positions of all boxes and the height of the picture. */
function layOut(pkgs, links) {
  const used = rowOrder.filter((layer) => pkgs.some((pkg) => pkg.layer === layer))
  const rows = used.map((layer) => pkgs.filter((pkg) => pkg.layer === layer).map((pkg) => pkg.name))
  arrange(rows, links)
  const boxes = new Map()
  rows.forEach((names, index) => {
    const widths = names.map((name) => name.length * box.charWidth + box.padding)
    const total = widths.reduce((sum, w) => sum + w, 0)
    const room = width - row.label - 24
    const gap = Math.min(84, Math.max(box.gap, (room - total) / Math.max(names.length, 1)))
    let x = row.label + (room - total - gap * (names.length - 1)) / 2
    names.forEach((name, at) => {
      boxes.set(name, { x, y: 24 + index * row.height + 33, width: widths[at] })
      x += widths[at] + gap
    })
  })
  return { used, boxes, height: 24 + used.length * row.height + 8 }
}

const style = `
  .sheet { fill: #ffffff; }
  .band { fill: #f3f5f8; }
  .band.kit { fill: #f8f4ec; }
  .title { font: 600 12px system-ui, sans-serif; fill: #57606a; }
  .title.sub { font-weight: 400; }
  .box { fill: #ffffff; stroke: #3b6ea8; stroke-width: 1.3; }
  .kit .box { stroke: #a8763b; }
  .name { font: 500 13px ui-monospace, 'DejaVu Sans Mono', monospace; fill: #1f2328; text-anchor: middle; }
  .line { fill: none; stroke: #7f93ab; stroke-width: 1.1; opacity: 0.6; }
  @media (prefers-color-scheme: dark) {
    .sheet { fill: #0d1117; }
    .band { fill: #161b22; }
    .band.kit { fill: #1e1a14; }
    .title { fill: #9aa4af; }
    .box { fill: #0d1117; stroke: #6ea8e6; }
    .kit .box { stroke: #d9a860; }
    .name { fill: #e6edf3; }
    .line { stroke: #6d8199; opacity: 0.7; }
  }`

/**
 * The picture, always the same for the same packages.
 * @param {{ name: string, layer: number | string, manifest: any }[]} pkgs
 */
export function drawGraph(pkgs) {
  const links = directDependencies(pkgs)
  const { used, boxes, height } = layOut(pkgs, links)
  const bands = used.map((layer, index) => {
    const y = 24 + index * row.height
    const kind = layer === 'kit' ? 'band kit' : 'band'
    const title = escapeXml(layerTitles[layer])
    const [head, ...rest] = title.split(' · ')
    return [
      `  <rect class="${kind}" x="12" y="${y + 4}" width="${width - 24}" height="${row.height - 8}" rx="8"/>`,
      `  <text class="title" x="28" y="${y + 46}">${head}</text>`,
      ...(rest.length ? [`  <text class="title sub" x="28" y="${y + 63}">${rest.join(' · ')}</text>`] : []),
    ].join('\n')
  })
  const lines = [...links].flatMap(([from, deps]) =>
    deps.map((to) => {
      const a = boxes.get(from)
      const b = boxes.get(to)
      const [x1, y1] = [round(a.x + a.width / 2), a.y + box.height]
      const [x2, y2] = [round(b.x + b.width / 2), b.y]
      const bend = round((y2 - y1) / 2)
      return `  <path class="line" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`
    }),
  )
  const nodes = [...boxes].map(([name, at]) => {
    const kind = pkgs.find((pkg) => pkg.name === name).layer === 'kit' ? ' class="kit"' : ''
    const middle = round(at.x + at.width / 2)
    return [
      `  <g${kind}>`,
      `<rect class="box" x="${round(at.x)}" y="${at.y}" width="${round(at.width)}" height="${box.height}" rx="6"/>`,
      `<text class="name" x="${middle}" y="${at.y + 19.5}">${escapeXml(name)}</text></g>`,
    ].join('')
  })
  const said = used.map((layer) => {
    const names = pkgs.filter((pkg) => pkg.layer === layer).map((pkg) => pkg.name)
    return `${layerTitles[layer].replace(' · ', ', ')}: ${names.join(', ')}`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">
  <title id="title">The packages of xmppkit by layer</title>
  <desc id="desc">Every package imports only packages of lower layers; lines that follow from others are left out. ${escapeXml(said.join('. '))}.</desc>
  <style>${style}
  </style>
  <rect class="sheet" width="${width}" height="${height}" rx="10"/>
${bands.join('\n')}
${lines.join('\n')}
${nodes.join('\n')}
</svg>
`
}
