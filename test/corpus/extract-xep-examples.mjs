// Collects the example stanzas of the XEPs into test/fixtures/xep-examples.json.gz, so that tests need no XEP sources.
//
//   node test/corpus/extract-xep-examples.mjs [folder with xep-0001.xml ...]   (default: ../shared/xeps, or XMPPKIT_XEPS)
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { SaxesParser } from 'saxes'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.argv[2] ?? process.env.XMPPKIT_XEPS ?? join(root, '..', 'shared', 'xeps')
if (!existsSync(folder)) {
  console.error(
    `There are no XEP sources in ${folder}. Clone https://github.com/xsf/xeps and name its folder.`,
  )
  process.exit(1)
}

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

function wellFormed(element) {
  try {
    const parser = new SaxesParser({ xmlns: true })
    parser.on('error', (error) => {
      throw error
    })
    parser.write(`${header}${element}</stream:stream>`).close()
    return true
  } catch {
    return false
  }
}

/** The elements of an example that are well-formed and free of comments, processing instructions and DTDs. */
function elementsOf(example) {
  const elements = []
  const parser = new SaxesParser({ xmlns: true, fragment: false })
  let depth = 0
  let start = 0
  let restricted = false
  parser.on('error', (error) => {
    throw error
  })
  parser.on('comment', () => (restricted = true))
  parser.on('processinginstruction', () => (restricted = true))
  parser.on('doctype', () => (restricted = true))
  parser.on('opentagstart', () => {
    if (depth++ !== 1) return
    start = header.length + example.lastIndexOf('<', parser.position - header.length - 1)
    restricted = false
  })
  parser.on('closetag', () => {
    if (--depth !== 1 || restricted) return
    elements.push(example.slice(start - header.length, parser.position - header.length))
  })
  try {
    parser.write(`${header}${example}</stream:stream>`).close()
  } catch {
    // Ellipses and the like: what was complete before them still counts.
  }
  return elements.filter(wellFormed)
}

const corpus = {}
let count = 0
for (const file of readdirSync(folder).sort()) {
  const number = /^xep-(\d{4})\.xml$/.exec(file)?.[1]
  if (!number) continue
  const found = new Set()
  const source = readFileSync(join(folder, file), 'utf8')
  for (const [, body] of source.matchAll(/<example[^>]*>([\s\S]*?)<\/example>/g)) {
    for (const [, text] of body.matchAll(/<!\[CDATA\[([\s\S]*?)\]\]>/g)) {
      for (const element of elementsOf(text)) found.add(element)
    }
  }
  if (found.size > 0) corpus[number] = [...found]
  count += found.size
}
const out = join(root, 'test', 'fixtures', 'xep-examples.json.gz')
writeFileSync(out, gzipSync(JSON.stringify(corpus), { level: 9 }))
console.log(`${count} elements of ${Object.keys(corpus).length} XEPs in ${out}`)
