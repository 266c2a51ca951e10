import { Element } from 'ltx'
import { describe, expect, test } from 'vitest'
import { XmlError } from './errors.js'
import { parseElement } from './parse-element.js'
import { noLimits, type ReaderLimits, readerLimits } from './reader-limits.js'
import { createStreamReader } from './stream-reader.js'
import { rawElement } from './tree-element.js'

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:h='urn:h'>"
const open = (limits: Partial<ReaderLimits>) => {
  const reader = createStreamReader({ limits: readerLimits.beforeAuthentication })
  reader.push(Buffer.from(header))
  reader.next()
  reader.setLimits({ ...readerLimits.afterAuthentication, ...limits })
  return reader
}

/** What becomes of a stanza: its name, a condition, or nothing yet. */
function read(limits: Partial<ReaderLimits>, stanza: string, step = stanza.length): string {
  const reader = open(limits)
  const bytes = Buffer.from(stanza)
  try {
    for (let at = 0; at < bytes.length; at += step) {
      reader.push(bytes.subarray(at, at + step))
      const event = reader.next()
      if (event) return event.kind === 'element' ? event.name : event.kind
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    return error.condition
  }
  return 'waiting'
}

/** The same verdict whole and byte by byte. */
function verdict(limits: Partial<ReaderLimits>, stanza: string): string {
  const whole = read(limits, stanza)
  expect(read(limits, stanza, 1)).toBe(whole)
  return whole
}

const exactly = (text: string, bytes: number, fill = 'x') =>
  text.replace('@', fill.repeat(bytes - text.length + 1))

describe('maxBytes', () => {
  test.each([
    ['text', '<a>@</a>'],
    ['CDATA', '<a><![CDATA[@]]></a>'],
    ['an attribute value', "<a b='@'/>"],
    ['children', '<a><b>@</b><c/></a>'],
  ])('X-12: a stanza of the limit passes, one byte more does not: %s', (_what, shape) => {
    expect(verdict({ maxBytes: 500 }, exactly(shape, 500))).toBe('a')
    expect(verdict({ maxBytes: 500 }, exactly(shape, 501))).toBe('policy-violation')
  })

  test.each([
    ['text', `<a>${'x'.repeat(600)}`],
    ['an attribute value', `<a b='${'x'.repeat(600)}`],
    ['white space in a tag', `<a ${' '.repeat(600)}`],
    ['white space in an end tag', `<a></a${' '.repeat(600)}`],
    ['a reference', `<a>&#${'0'.repeat(600)}`],
    ['CDATA', `<a><![CDATA[${']'.repeat(600)}`],
    ['a character cut at the limit', `<a>${'x'.repeat(496)}é`],
  ])('X-12: the limit acts while a stanza is still open: %s', (_what, stanza) => {
    expect(verdict({ maxBytes: 500 }, stanza)).toBe('policy-violation')
  })

  test('X-12: what stands behind the limit is not looked at, so the verdict does not depend on the cuts', () => {
    expect(verdict({ maxBytes: 50 }, `<a>${'x'.repeat(60)}\0</b>`)).toBe('policy-violation')
  })

  test('X-12: the header of a stream is held to the limit', () => {
    const reader = createStreamReader({ limits: { ...readerLimits.beforeAuthentication, maxBytes: 200 } })
    reader.push(Buffer.from(`<stream:stream to='${'x'.repeat(200)}`))
    expect(() => reader.next()).toThrow('policy-violation')
  })

  test('X-12: white space between stanzas counts for nothing', () => {
    expect(verdict({ maxBytes: 10 }, `${' '.repeat(1000)}<a/>`)).toBe('a')
  })
})

describe('maxDepth, maxElements', () => {
  const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)

  test('X-12 SEC-4: levels of elements', () => {
    expect(verdict({ maxDepth: 5 }, nested(5))).toBe('a')
    expect(verdict({ maxDepth: 5 }, nested(6))).toBe('policy-violation')
    expect(verdict({ maxDepth: 5 }, '<a>'.repeat(6))).toBe('policy-violation')
    expect(verdict({ maxDepth: 5 }, `${'<a>'.repeat(5)}<a/>`)).toBe('policy-violation')
    expect(verdict({ maxDepth: 1 }, '<a/>')).toBe('a')
  })

  test('X-12: elements, not counting those of the stanza before', () => {
    const flat = (count: number) => `<a>${'<b/>'.repeat(count - 1)}</a>`
    expect(verdict({ maxElements: 10 }, flat(10))).toBe('a')
    expect(verdict({ maxElements: 10 }, flat(11))).toBe('policy-violation')
    const reader = open({ maxElements: 10 })
    reader.push(Buffer.from(flat(10).repeat(3)))
    for (let i = 0; i < 3; i++) expect(reader.next()?.kind).toBe('element')
  })
})

describe('maxAttributes, maxNameBytes, maxNamespaces', () => {
  const attributes = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=''`).join(' ')

  test('X-12: attributes of one element, wherever it stands', () => {
    expect(verdict({ maxAttributes: 10 }, `<a ${attributes(10)}><b ${attributes(10)}/></a>`)).toBe('a')
    expect(verdict({ maxAttributes: 10 }, `<a ${attributes(11)}/>`)).toBe('policy-violation')
    expect(verdict({ maxAttributes: 10 }, `<a ${attributes(10)}><b ${attributes(11)}/></a>`)).toBe(
      'policy-violation',
    )
    expect(verdict({ maxAttributes: 10 }, `<a xmlns:x='urn:x' ${attributes(10)}/>`)).toBe('policy-violation')
    expect(verdict({ maxAttributes: 0 }, "<a b=''/>")).toBe('policy-violation')
  })

  test.each([
    ['an element', '<@/>'],
    ['a prefixed element', '<h:@/>'],
    ['an attribute', "<a @=''/>"],
    ['an attribute among others', "<a b='' @='' c=''/>"],
    ['a prefixed attribute', "<a h:@=''/>"],
  ])('X-12: bytes of a name: %s', (_what, shape) => {
    const prefix = shape.includes('h:') ? 2 : 0
    expect(verdict({ maxNameBytes: 20 }, shape.replace('@', 'x'.repeat(20 - prefix)))).not.toBe(
      'policy-violation',
    )
    expect(verdict({ maxNameBytes: 20 }, shape.replace('@', 'x'.repeat(21 - prefix)))).toBe(
      'policy-violation',
    )
    expect(verdict({ maxNameBytes: 20 }, shape.replace('@', 'é'.repeat(11)))).toBe('policy-violation')
  })

  test('X-12: a name that never ends, and one of an entity', () => {
    expect(verdict({ maxNameBytes: 20 }, `<${'x'.repeat(30)}`)).toBe('policy-violation')
    expect(verdict({ maxNameBytes: 20 }, `<a>&${'x'.repeat(30)}`)).toBe('policy-violation')
  })

  test('X-12: prefixes in force at once', () => {
    const declare = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `xmlns:p${from + i}='urn:p'`).join(' ')
    expect(
      verdict({ maxNamespaces: 4 }, `<a ${declare(0, 2)}><b ${declare(2, 4)}/><c ${declare(2, 4)}/></a>`),
    ).toBe('a')
    expect(verdict({ maxNamespaces: 4 }, `<a ${declare(0, 2)}><b ${declare(2, 5)}/></a>`)).toBe(
      'policy-violation',
    )
    expect(verdict({ maxNamespaces: 4 }, `<a ${declare(0, 5)}/>`)).toBe('policy-violation')
  })
})

test('X-12 SEC-2: a stranger gets 8 KiB and 32 elements', () => {
  const limits = readerLimits.beforeAuthentication
  expect(verdict(limits, exactly('<a>@</a>', 8192))).toBe('a')
  expect(verdict(limits, exactly('<a>@</a>', 8193))).toBe('policy-violation')
  expect(verdict(limits, `<a>${'<b/>'.repeat(31)}</a>`)).toBe('a')
  expect(verdict(limits, `<a>${'<b/>'.repeat(32)}</a>`)).toBe('policy-violation')
})

test('L-2: after authentication a stanza may have at least 10,000 bytes', () => {
  expect(verdict(readerLimits.afterAuthentication, exactly('<a>@</a>', 10_000))).toBe('a')
  expect(readerLimits.afterAuthentication.maxBytes).toBe(262_144)
})

test('Infinity lifts a limit', () => {
  const none = Object.fromEntries(
    Object.keys(readerLimits.afterAuthentication).map((name) => [name, Infinity]),
  )
  expect(read(none, `<a ${'x'.repeat(5000)}=''>${'<b>'.repeat(500)}${'</b>'.repeat(500)}</a>`)).toBe('a')
})

test('limits set while a stanza is under way apply to it', () => {
  const reader = open({ maxBytes: 1000 })
  reader.push(Buffer.from('<a>xxxxxxxxxx'))
  expect(reader.next()).toBeUndefined()
  reader.setLimits({ ...readerLimits.afterAuthentication, maxBytes: 10 })
  expect(() => reader.next()).toThrow('policy-violation')
})

test('X-12: a document read at once is held to the same limits', () => {
  expect(() => parseElement('<a><b/></a>', { ...readerLimits.afterAuthentication, maxElements: 1 })).toThrow(
    'policy-violation',
  )
  expect(() => parseElement('<a>xxxx</a>', { ...readerLimits.afterAuthentication, maxBytes: 10 })).toThrow(
    'policy-violation',
  )
  expect(parseElement('  <a>xxx</a>  ', { ...readerLimits.afterAuthentication, maxBytes: 10 }).name).toBe('a')
})

test('X-12 SEC-1: writing namespaces out cannot turn a small stanza into a large one', () => {
  const long = `urn:${'x'.repeat(20_000)}`
  const stanza = `<a xmlns:p='${long}'>${'<p:b/>'.repeat(4000)}</a>`
  expect(stanza.length).toBeLessThan(readerLimits.afterAuthentication.maxBytes)
  expect(read({}, stanza)).toBe('policy-violation')
  expect(read({}, `<a xmlns:p='${long}'>${'<p:b/>'.repeat(5)}</a>`)).toBe('a')
})

test('SEC-1: entities cannot be declared, so nothing expands', () => {
  expect(read({}, '<!DOCTYPE lolz [<!ENTITY lol "lol">]><a>&lol;</a>')).toBe('restricted-xml')
})

// Quadratic work on these takes minutes, linear work milliseconds; the runner's time limit tells them apart.
describe('cost', () => {
  const size = 200_000
  test.each([
    ['text', `<a>${'x'.repeat(size)}</a>`],
    ['characters of four bytes', `<a>${'😀'.repeat(size / 4)}</a>`],
    ['an attribute value', `<a b='${'x'.repeat(size)}'/>`],
    ['CDATA', `<a><![CDATA[${']'.repeat(size)}]]></a>`],
    ['references', `<a>${'&amp;'.repeat(size / 5)}</a>`],
    ['leading zeros', `<a>&#${'0'.repeat(size)}65;</a>`],
    ['white space in a tag', `<a${' '.repeat(size)}></a${' '.repeat(size)}>`],
    ['elements', `<a>${'<b/>'.repeat(size / 5)}</a>`],
    ['end tags', `<a>${'<b></b>'.repeat(size / 7)}</a>`],
    ['levels', '<b>'.repeat(size / 7) + '</b>'.repeat(size / 7)],
    [
      'attributes',
      `<a>${`<b ${Array.from({ length: 128 }, (_, i) => `aa${i}=''`).join(' ')}/>`.repeat(size / 1000)}</a>`,
    ],
    [
      'prefixes',
      `<a ${Array.from({ length: 64 }, (_, i) => `xmlns:pp${i}='urn:${i}'`).join(' ')}><c>${'<pp0:b/>'.repeat(size / 10)}</c></a>`,
    ],
  ])('L-3 SEC-4: %s in single bytes', (_what, stanza) => {
    const limits = { maxBytes: Infinity, maxElements: Infinity, maxDepth: Infinity }
    expect(['a', 'b']).toContain(read(limits, stanza, 1))
    expect(['a', 'b']).toContain(read(limits, stanza))
  })

  test('L-3: white space between stanzas in single bytes', () => {
    expect(read({}, `${' '.repeat(size)}<a/>`, 1)).toBe('a')
  })

  test('L-3: an end tag of the stream that never ends is neither kept nor looked at twice', () => {
    const reader = open({})
    const piece = Buffer.from('</stream:stream')
    for (const byte of piece) reader.push(Buffer.from([byte]))
    for (let i = 0; i < size; i++) {
      reader.push(Buffer.from(' '))
      if (reader.next() !== undefined) throw new Error('an event too early')
    }
    expect(reader.buffered).toBe(0)
    reader.push(Buffer.from('>'))
    expect(reader.next()).toEqual({ kind: 'close' })
  })

  test('SEC-4: making an element of a tree with many children', () => {
    const tree = new Element('a')
    const count = 100_000
    for (let i = 0; i < count; i++) tree.c('b')
    expect(rawElement(tree).children.length).toBe(count)
  })

  test('SEC-4: taking many children out of much text', () => {
    const count = 100_000
    const stanza = parseElement(`<a>${'<b/>some text between]'.repeat(count)}</a>`, noLimits)
    const bare = stanza.filterChildren(() => false)
    expect(bare.children).toEqual([])
    expect(bare.text()).toBe('some text between]'.repeat(count))
  })
})
