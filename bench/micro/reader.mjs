// @ts-check
// The strict reader on a stanza's way through a router (parse, change an address, write), against ltx.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { built, nanoseconds, sink, size, tell } from './measure.mjs'
import { corpus, kinds } from './stanzas.mjs'

const { createStreamReader, readerLimits } = await built('xml')
const require = createRequire(new URL('../../packages/xml/package.json', import.meta.url))
const ltx = await import(pathToFileURL(require.resolve('ltx')).href)

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>"
const stamp = 'juliet@example.com/balcony'

/** @param {any} element */
function routeOurs(element) {
  sink.value += (element.attr('to')?.length ?? 0) + (element.attr('type')?.length ?? 0)
  const wire = element.withAttributes({ from: stamp }).toWire({ declare: false })
  sink.value += Buffer.from(wire, 'latin1').length
}

/** @param {any} element */
function routeTheirs(element) {
  sink.value += (element.attrs.to?.length ?? 0) + (element.attrs.type?.length ?? 0)
  element.attrs.from = stamp
  sink.value += Buffer.from(element.toString()).length
}

/** @param {Buffer[]} chunks @param {(element: any) => void} use */
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

/**
 * ltx's own SAX parser, building the same trees its Parser does, one stanza at a time.
 *
 * @param {Buffer[]} chunks @param {(element: any) => void} use
 */
function theirs(chunks, use) {
  const sax = new ltx.Parser().parser
  sax.removeAllListeners()
  let depth = 0
  /** @type {any} */
  let element
  sax.on('startElement', (/** @type {string} */ name, /** @type {object} */ attrs) => {
    const next = new ltx.Element(name, attrs)
    if (depth++ > 0) element.cnode(next)
    element = next
  })
  sax.on('text', (/** @type {string} */ text) => element?.t(text))
  sax.on('endElement', () => {
    const done = element
    element = element.parent
    if (--depth === 0) use(done)
  })
  return () => {
    for (const chunk of chunks) sax.write(chunk)
  }
}

/** @param {Buffer[]} chunks @param {number} bytes */
function rechunk(chunks, bytes) {
  const all = Buffer.concat(chunks)
  return Array.from({ length: Math.ceil(all.length / bytes) }, (_, i) =>
    all.subarray(i * bytes, (i + 1) * bytes),
  )
}

/** @param {string} name @param {Buffer[]} chunks @param {number} count */
function compare(name, chunks, count) {
  const bytes = Math.round(chunks.reduce((sum, chunk) => sum + chunk.length, 0) / count)
  /** @param {any} element */
  const look = (element) => {
    sink.value += element.size
  }
  /** @param {any} element */
  const lookAtTree = (element) => {
    sink.value += element.toElement().children.length
  }
  /** @param {any} element */
  const lookAtTheirs = (element) => {
    sink.value += element.children.length
  }
  const cost = (/** @type {() => void} */ run) => nanoseconds(run, count)
  const parse = cost(ours(chunks, look))
  const route = cost(ours(chunks, routeOurs))
  const ltxParse = cost(theirs(chunks, lookAtTheirs))
  const ltxRoute = cost(theirs(chunks, routeTheirs))
  const ratio = (/** @type {number} */ a, /** @type {number} */ b) =>
    `${bytes} B; ltx ${a.toFixed(0)} ns, ${(a / b).toFixed(1)}×`
  tell(`${name}, parse`, parse, ratio(ltxParse, parse))
  tell(`${name}, parse and write`, route, ratio(ltxRoute, route))
  tell(`${name}, parse and build the tree`, cost(ours(chunks, lookAtTree)), `${bytes} B`)
}

const count = size(4000, 100)
for (const kind of Object.keys(kinds)) compare(kind, corpus(kind, count), count)
const mixed = corpus('mix', count)
compare('mix', mixed, count)
for (const bytes of [65_536, 1460, 64]) compare(`mix in chunks of ${bytes} B`, rechunk(mixed, bytes), count)
