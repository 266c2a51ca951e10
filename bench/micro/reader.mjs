// Cost per stanza of the strict reader on its way through a router, against ltx. Not a test.
//
//   node packages/tooling/build.mjs && node bench/xml.bench.mjs [rounds]
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const built = process.env.XMPPKIT_XML ?? new URL('../packages/xml/dist/index.js', import.meta.url).href
const { createStreamReader, readerLimits } = await import(built)
const require = createRequire(new URL('../packages/xml/package.json', import.meta.url))
const ltx = await import(pathToFileURL(require.resolve('ltx')).href)

const texts = [
  'Are you coming tonight? We could meet at the station around eight & walk from there.',
  'Привет! Как дела? Давно не виделись, надо бы встретиться на этой неделе.',
  'Gehört: „Übermorgen wird es schön“ – na dann, bis dahin! 😀',
  'ok',
  'The build is green again. I pushed the fix for the flaky test; could you have a look when you are back? '.repeat(
    2,
  ),
  '今日は会議がありますので、少し遅れます。先に始めてください。',
]
let seed = 42
const random = (n) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed % n
}
const hex = (n) => Array.from({ length: n }, () => random(16).toString(16)).join('')
const base64 = (n) => Buffer.from(Array.from({ length: n }, () => random(256))).toString('base64')
const escaped = (text) => text.replaceAll('&', '&amp;')

const kinds = {
  chat: () =>
    `<message to="user${random(1000)}@example.com/phone.${hex(6)}" id="${hex(16)}" type="chat"><body>${escaped(texts[random(texts.length)])}</body><active xmlns="http://jabber.org/protocol/chatstates"/><request xmlns="urn:xmpp:receipts"/><markable xmlns="urn:xmpp:chat-markers:0"/><origin-id xmlns="urn:xmpp:sid:0" id="${hex(16)}"/></message>`,
  presence: () =>
    `<presence id='${hex(8)}'><show>away</show><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.com/client' ver='${base64(20)}'/><x xmlns='vcard-temp:x:update'><photo>${hex(40)}</photo></x></presence>`,
  iq: () =>
    `<iq type='result' id='${hex(12)}' to='user${random(1000)}@example.com/r'><query xmlns='jabber:iq:roster' ver='${random(99)}'>${Array.from({ length: 4 }, (_, i) => `<item jid='friend${i}${hex(4)}@example.net' name='Friend ${i}' subscription='both'><group>Friends</group></item>`).join('')}</query></iq>`,
  mam: () =>
    `<message to='user${random(1000)}@example.com/r'><result xmlns='urn:xmpp:mam:2' queryid='${hex(6)}' id='${hex(12)}'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-01-10T23:08:25Z'/><message xmlns='jabber:client' from='w@example.lit' to='m@example.lit' type='chat'><body>${escaped(texts[random(texts.length)])}</body></message></forwarded></result></message>`,
  omemo: () =>
    `<message to='user${random(1000)}@example.com' id='${hex(16)}' type='chat'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='${random(1e9)}'>${Array.from({ length: 8 }, () => `<key rid='${random(1e9)}'>${base64(180)}</key>`).join('')}<iv>${base64(12)}</iv></header><payload>${base64(500)}</payload></encrypted><store xmlns='urn:xmpp:hints'/></message>`,
}
const mix = [...'CCCCCCCCCCCCCCPPIIMO'].map(
  (c) => ({ C: 'chat', P: 'presence', I: 'iq', M: 'mam', O: 'omemo' })[c],
)

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>"
const stamp = 'juliet@example.com/balcony'
const corpus = (make, count = 4000) => Array.from({ length: count }, (_, i) => Buffer.from(make(i)))

let sink = 0
const routeOurs = (element) => {
  sink += (element.attr('to')?.length ?? 0) + (element.attr('type')?.length ?? 0)
  const wire = element.withAttributes({ from: stamp }).toWire({ declare: false })
  sink += Buffer.from(wire, 'latin1').length
}
function ours(chunks, use) {
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication })
  reader.push(Buffer.from(header))
  reader.next()
  return () => {
    for (const chunk of chunks) {
      reader.push(chunk)
      for (let event = reader.next(); event !== undefined; event = reader.next()) use(event)
    }
  }
}
const routeTheirs = (element) => {
  sink += (element.attrs.to?.length ?? 0) + (element.attrs.type?.length ?? 0)
  element.attrs.from = stamp
  sink += Buffer.from(element.toString()).length
}

/** ltx's own SAX parser, building the same trees its Parser does, one stanza at a time. */
function theirs(chunks, use) {
  const sax = new ltx.Parser().parser
  sax.removeAllListeners()
  let depth = 0
  let element
  sax.on('startElement', (name, attrs) => {
    const next = new ltx.Element(name, attrs)
    if (depth++ > 0) element.cnode(next)
    element = next
  })
  sax.on('text', (text) => element?.t(text))
  sax.on('endElement', () => {
    const done = element
    element = element.parent
    if (--depth === 0) use(done)
  })
  return () => {
    for (const chunk of chunks) sax.write(chunk)
  }
}

function rechunk(chunks, size) {
  const all = Buffer.concat(chunks)
  const out = []
  for (let i = 0; i < all.length; i += size) out.push(all.subarray(i, i + size))
  return out
}

const rounds = Number(process.argv[2] ?? 7)
function measure(run, count) {
  run()
  run()
  const cpu = []
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    run()
    const spent = process.cpuUsage(before)
    cpu.push(((spent.user + spent.system) * 1000) / count)
  }
  cpu.sort((a, b) => a - b)
  return { median: cpu[rounds >> 1], best: cpu[0] }
}

function report(name, chunks, count) {
  const parse = measure(
    ours(chunks, (e) => (sink += e.size)),
    count,
  )
  const route = measure(ours(chunks, routeOurs), count)
  const tree = measure(
    ours(chunks, (e) => (sink += e.toElement().children.length)),
    count,
  )
  const ltxParse = measure(
    theirs(chunks, (e) => (sink += e.children.length)),
    count,
  )
  const ltxRoute = measure(theirs(chunks, routeTheirs), count)
  const ns = ({ median, best }) => `${median.toFixed(0)} (${best.toFixed(0)})`.padStart(14)
  const bytes = chunks.reduce((sum, c) => sum + c.length, 0) / count
  console.log(
    `${name.padEnd(22)}${bytes.toFixed(0).padStart(6)} B  parse${ns(parse)}  route${ns(route)}  tree${ns(tree)}  | ltx parse${ns(ltxParse)}  route${ns(ltxRoute)}  | ratio parse ${(ltxParse.median / parse.median).toFixed(1)} route ${(ltxRoute.median / route.median).toFixed(1)}`,
  )
}

console.log('CPU ns per stanza, median (best)')
for (const kind of Object.keys(kinds)) report(kind, corpus(kinds[kind]), 4000)
const mixed = corpus((i) => kinds[mix[i % mix.length]]())
report('mix', mixed, 4000)
report('mix, 64 KiB chunks', rechunk(mixed, 65536), 4000)
report('mix, 1460 B chunks', rechunk(mixed, 1460), 4000)
report('mix, 64 B chunks', rechunk(mixed, 64), 4000)
if (sink === 0) console.log()
