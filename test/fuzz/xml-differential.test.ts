import {
  bytesFromWire,
  createStreamReader,
  parseElement,
  type RawElement,
  readerLimits,
  XmlError,
} from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { xepExamples } from '../corpus/xep-examples.js'
import { createRandom, mutate } from './mutate.js'
import { isStricter } from './stricter.js'
import { ltxTree, Refused, saxesTrees, type Tree } from './trees.js'

const documents = Number(process.env.XMPPKIT_FUZZ ?? 1_000_000)
const firstSeed = Number(process.env.XMPPKIT_FUZZ_SEED ?? 1)

const head = Buffer.from(
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:h='urn:h'>",
)
const tail = Buffer.from('</stream:stream>')

const bytes = (xml: string) => Buffer.from(xml)

const examples = Object.values(xepExamples())
  .flat()
  .map((xml) => xml.replaceAll(/\s+/g, ' '))
  .filter((xml) => xml.length < 180)
  .map(bytes)

// One step away from what must be refused or written anew. Chosen as often as all examples together.
const nearMisses = [
  "<message to='a@b/c'><body>x &amp; é 😀</body><p:x xmlns:p='urn:p' p:a='1'><p:y/></p:x></message>",
  "<c:message xmlns:c='jabber:client' c:a='1'><c:body>x</c:body><body/></c:message>",
  "<message><h:x h:a='1'/><body xmlns='jabber:client'>a<![CDATA[<&]]>b</body></message>",
  "<iq id='1' type='get'/>\r\n<presence/>",
  "<message xmlns:p='urn:p'>\n<a xmlns=''><p:b q:c='d' xmlns:q='urn:q'/></a>]]&gt;</message>",
  "<a xmlns:p='urn:p' xmlns:q='urn:p' p:a='1' q:b='1' a='2'/>",
  "<a><p:b xmlns:p='urn:p'><p:c/></p:b><d xmlns:p='urn:q' p:e=''/></a>",
  '<a>]]<b/>&gt;<c/>]<d>]]</d></a>',
  "<a b='&#65;' c=\"'\" d = 'e'>&#x10FFFF;&lt;</a >",
  "<é ж='漢'>\u{10000}<\u{10000}/></é>",
  "<stream:error><x xmlns='urn:x'/></stream:error>",
].map(bytes)

function pick(random: (below: number) => number): Buffer {
  const from = random(2) === 0 ? nearMisses : examples
  return from[random(from.length)]!
}

/** What the reader makes of a document cut in pieces; undefined when it refuses it. */
function ours(document: Buffer, random: (below: number) => number): RawElement[] | undefined {
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication })
  const elements: RawElement[] = []
  let at = 0
  // Whole, in large pieces, or in small ones.
  const step = [document.length, document.length, 64, 7, 2][random(5)]!
  while (at < document.length) {
    const next = Math.min(document.length, at + 1 + random(step))
    reader.push(step === document.length ? document : document.subarray(at, next))
    at = step === document.length ? document.length : next
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      if (event.kind === 'element') elements.push(event)
      else if (event.kind === 'close' && at === document.length && reader.buffered === 0) return elements
    }
  }
  return undefined
}

function refusal(error: unknown): string {
  if (error instanceof XmlError) return error.message
  throw error
}

/** The accepted elements, or why the document was refused. */
function verdict(document: Buffer, random: (below: number) => number): RawElement[] | string {
  try {
    return ours(document, random) ?? 'not complete'
  } catch (error) {
    return refusal(error)
  }
}

function theirs(document: Buffer): Tree[] | undefined {
  try {
    return saxesTrees(document)
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

function check(document: Buffer, random: (below: number) => number): 'accepted' | 'refused' | 'stricter' {
  const mine = verdict(document, random)
  const yours = theirs(document)
  if (typeof mine === 'string') {
    if (!yours) return 'refused'
    if (isStricter(mine)) return 'stricter'
    throw new Error(`saxes accepts what we refuse: ${mine}`)
  }
  if (!yours) throw new Error('we accept what saxes refuses')
  if (
    !same(
      mine.map((element) => ltxTree(element.toElement())),
      yours,
    )
  )
    throw new Error('the trees differ')
  // What goes on to other parsers must mean the same to them.
  const wire = Buffer.concat(mine.map((element) => bytesFromWire(element.toWire())))
  if (!same(saxesTrees(Buffer.concat([head, wire, tail])), yours)) throw new Error('the bytes sent on differ')
  // Costs as much as all the rest, so a part of the documents has to do.
  if (random(4) === 0) for (const [i, element] of mine.entries()) checkChildren(element, yours[i]!)
  return 'accepted'
}

/** Each child by itself, and all that is left when it is taken out, must be what the whole said. */
function checkChildren(element: RawElement, tree: Tree): void {
  const nodes = tree.slice(2)
  const children = nodes.filter((node) => typeof node !== 'string') as Tree[]
  element.children.forEach(({ name, ns }, i) => {
    const child = element.childAt(i)
    if (!same(ltxTree(child.toElement()), children[i])) throw new Error(`child ${i} differs by itself`)
    if (!element.has(name, ns)) throw new Error(`child ${i} is not found`)
    if (element.childText(name, ns) !== element.child(name, ns)?.text()) throw new Error(`text ${i} differs`)
  })
  const texts = nodes.filter((node) => typeof node === 'string').join('')
  if (element.text() !== texts) throw new Error('the text differs')
  const bare = element.filterChildren(() => false)
  if (bare.children.length > 0 || bare.text() !== texts) throw new Error('children stay when taken out')
  if (parseElement(bytesFromWire(bare.toWire())).text() !== texts)
    throw new Error('text joins to something else')
}

test(`SEC-5 X-5 X-6: ${documents} mutated documents mean the same to a second parser, or nothing to both`, {
  timeout: 3_600_000,
}, () => {
  const seen = { accepted: 0, refused: 0, stricter: 0 }
  for (let seed = firstSeed; seed < firstSeed + documents; seed++) {
    const random = createRandom(seed)
    const document = Buffer.concat([head, mutate(pick(random), random), tail])
    try {
      seen[check(document, random)]++
    } catch (error) {
      const shown = JSON.stringify(document.toString('latin1'))
      throw new Error(`seed ${seed} (XMPPKIT_FUZZ_SEED=${seed} XMPPKIT_FUZZ=1), bytes ${shown}`, {
        cause: error,
      })
    }
  }
  // A fuzz that only produces garbage, or none, proves nothing.
  if (documents >= 1000) {
    expect(seen.accepted).toBeGreaterThan(documents * 0.05)
    expect(seen.refused).toBeGreaterThan(documents * 0.2)
  }
})
