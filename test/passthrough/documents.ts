// Stanzas to pass through a server, and what a strict parser says of them.

import { accepted } from '../../packages/xml/src/strict-vectors.js'
import { xepExamples } from '../corpus/xep-examples.js'
import { domain } from './relay.js'

/** Numbers below a bound. */
export type Random = (below: number) => number

/** Everything that comes through a server unharmed, as what a stanza holds. */
const contents: readonly Buffer[] = [
  ...accepted.map(([, stanza]) => stanza).filter((stanza) => stanza.length < 400),
  ...Object.values(xepExamples())
    .flat()
    .filter((xml) => xml.length < 1500 && !xml.includes('unavailable'))
    .map((xml) => Buffer.from(xml)),
]

/** One step away from what must be refused or written anew. Chosen as often as all others together. */
const special = [
  'a]]<x/>&gt;]',
  ']]',
  ']]<body/>',
  'one\r\ntwo\rthree&#13;\n',
  '\r',
  "<body>x<![CDATA[<&]]]]><![CDATA[>]]>y</body><h:x h:a='1'><h:y/></h:x>",
  '<h:body/><body>\u{10ffff}é漢😀</body>',
  "<body xmlns='jabber:client'>again</body><p:b xmlns:p='urn:p' p:c='&#9;&#10;&quot;\"'/>",
  "<x xmlns='' a='1'><y xmlns='jabber:client'/><z/></x>",
  "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' to='a@b'><body>x</body></message></forwarded>",
  "<stream:stream/><stream:error xmlns:stream='urn:s'><stream:x/></stream:error>",
  "<c:body xmlns:c='jabber:client' c:d='e'>f<c:g/></c:body>",
  "<__proto__ __proto__='1'/><constructor/>",
  " \t\n<body  a = 'b'\nc\t=\"d'\"  >e</body >\n",
].map((xml) => Buffer.from(xml))

/** Where a stanza goes, as the start tag says it. */
const ways: readonly ((id: string) => readonly [name: string, attributes: string])[] = [
  (id) => ['message', `to='romeo@${domain}/a' id='${id}'`],
  (id) => ['message', `id="${id}" type = "chat"\n to="romeo@${domain}/b"  xml:lang='de'`],
  (id) => ['message', `to='romeo@${domain}' id='${id}' type='headline'`],
  (id) => ['c:message', `xmlns:c='jabber:client' to='romeo@${domain}/b' id='${id}é&amp;&#9;'`],
  (id) => ['message', `xmlns='jabber:client' xmlns:p='urn:p' p:q='1' to='&#x72;omeo@${domain}/a' id='${id}'`],
  (id) => ['message', `h:q='1' xmlns:stream='urn:s' to='benvolio@${domain}/c' xml:lang='' id='${id}'`],
  (id) => ['presence', `id='${id}'`],
  (id) => ['presence', `id='${id}' xml:lang="en" h:q='"'`],
  (id) => ['presence', `to='romeo@${domain}/b' id='${id}'`],
]

/** One to four stanzas with something in them. */
export function randomStanzas(random: Random, seed: number): Buffer {
  const stanzas: Buffer[] = []
  for (let left = 1 + random(4); left > 0; left--) {
    const [name, attributes] = ways[random(ways.length)]!(`${seed}-${left}`)
    const from = random(2) === 0 ? special : contents
    stanzas.push(
      Buffer.from(`<${name} ${attributes}>`),
      from[random(from.length)]!,
      Buffer.from(`</${name}>${random(3) === 0 ? ' \r\n' : ''}`),
    )
  }
  return Buffer.concat(stanzas)
}

/** Cuts bytes at random, coarsely or finely. */
export function randomSplit(random: Random): (bytes: Uint8Array) => Iterable<Uint8Array> {
  const step = [Number.POSITIVE_INFINITY, 1000, 64, 7][random(4)]!
  return function* (bytes) {
    for (let at = 0; at < bytes.length; ) {
      const size = Number.isFinite(step) ? 1 + random(step) : bytes.length
      yield bytes.subarray(at, at + size)
      at += size
    }
  }
}
