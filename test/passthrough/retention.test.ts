import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readStanza } from '@xmppkit/stanza'
import { createStreamReader, type RawElement, rawElement, readerLimits } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function memory(): number {
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

/** Bytes kept alive by what `keep` takes out of each of many stanzas, each in a chunk of its own. */
function perStanza(chunkOf: (i: number) => Buffer, keep: (stanza: RawElement) => unknown): number {
  const count = 200
  const kept: unknown[] = []
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication })
  reader.push(Buffer.from(header))
  reader.next()
  const read = (i: number) => {
    reader.push(chunkOf(i))
    const stanza = reader.next() as RawElement
    while (reader.next() !== undefined);
    return keep(stanza)
  }
  for (let i = 0; i < 20; i++) read(i)
  const before = memory()
  for (let i = 0; i < count; i++) kept.push(read(i))
  const each = (memory() - before) / count
  expect(kept.length).toBe(count)
  return each
}

const padding = 'x'.repeat(60_000)
const small = (i: number) =>
  Buffer.from(
    `<message to='romeo@example.net' id='a-rather-long-id-${i}'><body>good morrow, neighbour number ${i}</body><x xmlns='urn:example:x'/></message>${' '.repeat(60_000)}`,
  )
const wide = (i: number) =>
  Buffer.from(
    `<message to='romeo@example.net' id='a-rather-long-id-${i}' note='one &amp; the very same ${i}' pad='${padding}'><body>good morrow, neighbour number ${i}</body>` +
      `<status xmlns='urn:example:s' kind='a-kind-of-status-${i}'>nobody is at home, ${i}</status><pad>${padding}</pad></message>`,
  )

describe('pass-through risk 7: a stanza kept in a queue does not pin the buffer it was read from', () => {
  test.each<[what: string, keep: (stanza: RawElement) => unknown]>([
    ['the element', (stanza) => stanza],
    ['its view, stamped', (stanza) => readStanza(stanza).with({ id: 'another' })],
    ['with a child more', (stanza) => stanza.append(rawElement(stanza.toElement()))],
    ['with a child less', (stanza) => stanza.filterChildren((name) => name !== 'x')],
    ['as bytes to send', (stanza) => stanza.toWire({ ns: 'jabber:server' })],
    ['as a tree', (stanza) => stanza.toElement()],
  ])('%s', (_what, keep) => {
    expect(perStanza(small, keep)).toBeLessThan(5_000)
  })
})

describe('pass-through risk 7: a small part kept does not pin the large stanza it came in', () => {
  test.each<[what: string, keep: (stanza: RawElement) => unknown]>([
    ['an attribute', (stanza) => stanza.attr('id')],
    ['an attribute with a reference', (stanza) => stanza.attr('note')],
    ['an address', (stanza) => readStanza(stanza).to],
    ['a child', (stanza) => stanza.child('body', 'jabber:client')],
    ['the text of a child', (stanza) => stanza.childText('body', 'jabber:client')],
    ['text beside children', (stanza) => stanza.filterChildren(() => false).text()],
    ['a text of the tree', (stanza) => stanza.toElement().getChildText('body')],
    ['an attribute of the tree', (stanza) => stanza.toElement().getChild('status')?.attrs.kind],
    ['an attribute of its top', (stanza) => stanza.toElement().attrs.id],
  ])('%s', (_what, keep) => {
    expect(perStanza(wide, keep)).toBeLessThan(2_500)
  })
})
