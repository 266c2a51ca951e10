// lint-allow ltx: what other people's programs do with our trees
import { clone, Element, equal } from 'ltx'
import { describe, expect, test } from 'vitest'
import type { XmlError } from './errors.js'
import { parseElement } from './parse-element.js'
import type { RawElement } from './raw-element.js'
import { readerLimits } from './reader-limits.js'
import { createStreamReader, type StreamReader } from './stream-reader.js'
import { refused } from './strict-vectors.js'
import { rawElement } from './tree-element.js'
import { textFromWire, type Wire, wireFromText } from './wire.js'

// What can go wrong when a stanza's bytes are passed on instead of a tree that was made of them. The numbers are those of
// the design study.

const header =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:h='urn:h'>"
const limits = readerLimits.afterAuthentication

function opened(): StreamReader {
  const reader = createStreamReader({ limits })
  reader.push(Buffer.from(header))
  reader.next()
  return reader
}

const sample =
  "<message xmlns='jabber:client' to='b@example.com' id='1'><body>one &amp; two</body>" +
  "<x xmlns='urn:example:x' a='1'><y/></x><z xmlns=''><w/></z>and more</message>"
const written = (element: RawElement) => textFromWire(element.toWire())

/** Everything an element says of itself. */
function told(element: RawElement): unknown {
  const { name, ns, attributes, children, content, size } = element
  const parts = [element.text(), element.childText('body', 'jabber:client'), element.attr('id')]
  return [name, ns, attributes, children, content, size, parts, written(element), `${element.toElement()}`]
}

/** Changes everything that can be changed in a tree. */
function ruin(tree: Element): void {
  for (const child of tree.children) if (typeof child !== 'string') ruin(child)
  tree.attr('id', 'ruined')
  delete tree.attrs.xmlns
  tree.name = 'ruined'
  tree.children.length = 0
  tree.c('injected', { xmlns: 'urn:example:injected' }).t(']]>')
}

describe('pass-through risk 1: bytes that no longer say what the element says', () => {
  test.each<[what: string, tree: (element: RawElement) => Element]>([
    ['the whole', (element) => element.toElement()],
    ['a child', (element) => element.childAt(1).toElement()],
    ['a child of the tree', (element) => element.toElement().getChild('x')!],
    ['the tree it was made of', (element) => element.toElement()],
  ])('changing the tree of %s changes nothing else', (what, tree) => {
    const read = parseElement(sample)
    const own = tree(read)
    const element = what === 'the tree it was made of' ? rawElement(own) : read
    const before = told(element)
    ruin(own)
    expect(told(element)).toEqual(before)
  })

  test('nor does changing a tree after it was appended', () => {
    const tree = new Element('x', { xmlns: 'urn:example:x', id: '1' })
    const element = parseElement('<a/>').append(tree)
    const before = told(element)
    ruin(tree)
    expect(told(element)).toEqual(before)
  })

  test('what looks like a change leaves the original and everything made of it alone', () => {
    const element = parseElement(sample)
    const before = told(element)
    const stamped = element.withAttributes({ from: 'a@example.com', id: undefined })
    const after = told(stamped)
    stamped.append(new Element('q')).filterChildren((name) => name === 'q')
    element.append('text' as Wire).withAttributes({ to: 'nobody@example.com' })
    expect([told(element), told(stamped)]).toEqual([before, after])
  })

  test.each<[what: string, change: (element: RawElement) => RawElement]>([
    ['attributes', (element) => element.withAttributes({ from: 'é&"', 'xml:lang': 'de', to: undefined })],
    ['a child more', (element) => element.append(new Element('q', { xmlns: 'urn:q' }).t(']]>'))],
    ['text more', (element) => element.append(wireFromText('é &amp; <b/>]]&gt;'))],
    ['a child less', (element) => element.filterChildren((name) => name !== 'x')],
    ['nothing left', (element) => element.filterChildren(() => false)],
    [
      'all of it',
      (element) =>
        element
          .append(new Element('q'))
          .filterChildren((name) => name !== 'body')
          .withAttributes({ id: '2' })
          .append(new Element('body')),
    ],
  ])('after a change the bytes and what the element says are the same: %s', (_what, change) => {
    const changed = change(parseElement(sample))
    const again = parseElement(Buffer.from(changed.toWire(), 'latin1'))
    const { name, ns, children } = changed
    expect(told(again)).toEqual(told(changed))
    children.forEach((child, i) => {
      const { name: childName, ns: childNs } = changed.childAt(i)
      expect([childName, childNs]).toEqual([child.name, child.ns])
      expect(written(again.childAt(i))).toBe(written(changed.childAt(i)))
    })
    expect([again.name, again.ns]).toEqual([name, ns])
  })
})

describe('pass-through risk 2: trees are plain ltx elements, with data where code looks for it', () => {
  const tree = () => parseElement(sample).toElement()

  test('keys, JSON and deep comparison see every field', () => {
    expect(Object.keys(tree())).toEqual(expect.arrayContaining(['name', 'parent', 'attrs', 'children']))
    expect(Object.keys(tree().attrs)).toEqual(['xmlns', 'to', 'id'])
    const withoutParents = (key: string, value: unknown) => (key === 'parent' ? undefined : value)
    expect(JSON.parse(JSON.stringify(tree(), withoutParents))).toMatchObject({
      name: 'message',
      attrs: { xmlns: 'jabber:client', to: 'b@example.com', id: '1' },
      children: [{ name: 'body', children: ['one & two'] }, { name: 'x' }, { name: 'z' }, 'and more'],
    })
    expect(tree().attrs).toEqual({ xmlns: 'jabber:client', to: 'b@example.com', id: '1' })
    expect(tree().attrs).not.toEqual({ xmlns: 'jabber:client', to: 'b@example.com', id: '2' })
  })

  test('ltx works on them as on its own: instanceof, is, clone, remove, up, equality', () => {
    const own = tree()
    expect(own).toBeInstanceOf(Element)
    expect(own.constructor).toBe(Element)
    expect(own.is('message', 'jabber:client')).toBe(true)
    expect(own.getChild('x', 'urn:example:x')?.up()).toBe(own)
    const copy = clone(own)
    expect(copy).toBeInstanceOf(Element)
    expect([copy.toString(), equal(copy, own)]).toEqual([own.toString(), true])
    expect(written(rawElement(copy))).toBe(written(rawElement(own)))
    copy.remove('x', 'urn:example:x')
    expect([copy.getChild('x'), own.getChild('x')?.name]).toEqual([undefined, 'x'])
  })
})

test('pass-through risk 3: every element knows its namespace, in its tree or taken out of it', () => {
  const reader = opened()
  reader.push(
    Buffer.from(
      "<message><body/><h:p h:q='1'/><x xmlns='urn:example:x'><y/><z xmlns=''><w/></z><p:v xmlns:p='urn:p'><u/></p:v></x></message>",
    ),
  )
  const tree = (reader.next() as RawElement).toElement()
  const namespaces = {
    message: 'jabber:client',
    body: 'jabber:client',
    p: 'urn:h',
    x: 'urn:example:x',
    y: 'urn:example:x',
    z: '',
    w: '',
    v: 'urn:p',
    u: 'urn:example:x',
  }
  const all: Element[] = []
  const collect = (element: Element) => {
    all.push(element)
    for (const child of element.children) if (typeof child !== 'string') collect(child)
  }
  collect(tree)
  const seen = () => Object.fromEntries(all.map((element) => [element.name, element.getNS()]))
  expect(seen()).toEqual(namespaces)
  for (const element of all) {
    element.parent = null
    element.children = []
  }
  expect(seen()).toEqual(namespaces)
  expect(Object.fromEntries(all.map((element) => [element.name, rawElement(element).ns]))).toEqual(namespaces)
})

describe('pass-through risk 5: reading one stream in the midst of another', () => {
  const stanza = (i: number) =>
    `<message id='${i}' h:a='${i}'><body>${'x'.repeat(i)}</body><c${i} xmlns='urn:c${i}' b='é'/></message>`
  const alone = (i: number) => {
    const reader = opened()
    reader.push(Buffer.from(stanza(i)))
    return told(reader.next() as RawElement)
  }

  test('whoever takes an element may read others before looking at it', () => {
    // More levels than there is scratch space to go round.
    const depth = 100
    const elements: RawElement[] = []
    const descend = (i: number) => {
      if (i === depth) return
      const reader = opened()
      // Half an element stays open while all the others are read.
      reader.push(Buffer.from(`${stanza(i)}${stanza(i + 1000).slice(0, 40)}`))
      elements[i] = reader.next() as RawElement
      expect(reader.next()).toBeUndefined()
      descend(i + 1)
      reader.push(Buffer.from(stanza(i + 1000).slice(40)))
      elements[i + 1000] = reader.next() as RawElement
    }
    descend(0)
    for (let i = 0; i < depth; i++) {
      expect(told(elements[i]!)).toEqual(alone(i))
      expect(told(elements[i + 1000]!)).toEqual(alone(i + 1000))
    }
  })

  test('bytes pushed while the chunk before is still being read come behind it', () => {
    const reader = opened()
    reader.push(Buffer.from('<a/><b/>'))
    expect((reader.next() as RawElement).name).toBe('a')
    reader.push(Buffer.from('<c/>'))
    expect([reader.next(), reader.next()].map((event) => (event as RawElement).name)).toEqual(['b', 'c'])
  })

  test('a failure in one leaves nothing behind for the next', () => {
    for (const [, stanzas] of Object.values(refused).flat()) {
      const broken = opened()
      broken.push(stanzas)
      expect(() => {
        while (broken.next() !== undefined);
        broken.push(Buffer.from('</stream:stream>x'))
        while (broken.next() !== undefined);
      }).toThrow()
      expect(alone(3)).toEqual(reference)
    }
  })
  const reference = alone(3)
})

describe('pass-through risk 6: errors come promptly, and what precedes them is read', () => {
  const error = (run: () => unknown): XmlError | undefined => {
    try {
      run()
    } catch (thrown) {
      return thrown as XmlError
    }
    return undefined
  }
  /** The first fault in bytes read in steps, and how many it took. */
  const fault = (document: Buffer, step: number) => {
    const reader = opened()
    for (let at = 0; at < document.length; at += step) {
      reader.push(document.subarray(at, at + step))
      const found = error(() => {
        while (reader.next() !== undefined);
      })
      if (found) return { bytes: Math.min(at + step, document.length), condition: found.condition }
    }
    return undefined
  }

  test('no byte behind the one that is wrong is waited for, however the bytes are cut', () => {
    for (const [title, stanzas] of Object.values(refused).flat()) {
      const document = Buffer.concat([stanzas, Buffer.from('</stream:stream>')])
      const found = fault(document, 1)!
      expect(found, title).toBeDefined()
      const upTo = document.subarray(0, found.bytes)
      expect(fault(upTo, upTo.length), title).toEqual(found)
      expect(fault(upTo.subarray(0, -1), 1), title).toBeUndefined()
      expect(fault(upTo.subarray(0, -1), upTo.length), title).toBeUndefined()
    }
  })

  test('whole elements before a bad byte in the same chunk are read, also when the byte is no UTF-8', () => {
    for (const [condition, vectors] of Object.entries(refused)) {
      for (const [title, stanzas] of vectors) {
        const reader = opened()
        reader.push(Buffer.concat([Buffer.from('<b>é</b><c/>'), stanzas, Buffer.from('</stream:stream>x')]))
        expect((reader.next() as RawElement).text(), title).toBe('é')
        expect((reader.next() as RawElement).name, title).toBe('c')
        const found = error(() => {
          while (reader.next() !== undefined);
        })
        expect(found?.condition, title).toBe(condition)
      }
    }
  })
})
