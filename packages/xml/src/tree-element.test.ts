import { Element } from 'ltx'
import { expect, test } from 'vitest'
import { parseElement } from './parse-element.js'
import type { RawElement } from './raw-element.js'
import { emptyElement, rawElement } from './tree-element.js'
import { textFromWire } from './wire.js'
import { writeElement } from './writer.js'

/** Everything that can be seen of an element. */
function seen(element: RawElement): unknown {
  return {
    name: element.name,
    ns: element.ns,
    attributes: element.attributes,
    content: textFromWire(element.content),
    wire: textFromWire(element.toWire()),
    children: element.children,
    text: element.text(),
    texts: element.children.map(({ name, ns }) => element.childText(name, ns)),
    wires: element.children.map((_, at) => textFromWire(element.childAt(at).toWire())),
    tree: textFromWire(writeElement(element.toElement())),
  }
}

/** The same element, made by reading what is written: what making it without reading must equal. */
const read = (element: Element) => parseElement(textFromWire(writeElement(element)))

let seed = 7
const random = (below: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}
const pick = <T>(...from: readonly T[]): T => from[random(from.length)]!

const namespaces = ['', 'jabber:client', 'urn:x', 'urn:é', 'urn:a&b', "urn:it's"]
const texts = ['', 'a', ' ', 'ü🙂', '<&>"\'', ']]>', ']', 'a\tb\nc\rd', '&amp;', 'x'.repeat(40)]

function tree(depth: number): Element {
  const name = pick('a', 'body', 'x.y-z_1', 'é', 'constructor', '_')
  const element = new Element(name, random(3) === 0 ? {} : { xmlns: pick(...namespaces) })
  for (let i = random(3); i > 0; i--)
    element.attrs[pick('id', 'to', 'xml:lang', 'ö', 'n')] = pick<unknown>(...texts, 5)
  if (random(12) === 0) element.attrs['xmlns:p'] = 'urn:p'
  if ('xmlns:p' in element.attrs) element.attrs['p:q'] = 'v'
  for (let i = depth > 0 ? random(4) : 0; i > 0; i--) {
    if (random(2) === 0) element.t(pick(...texts))
    else element.cnode(tree(depth - 1))
  }
  return element
}

test('an element made of a tree without reading it is the one the reader would make', () => {
  for (let round = 0; round < 500; round++) {
    const element = tree(3)
    const made = rawElement(element)
    expect(seen(made)).toEqual(seen(read(element)))
    expect(made.size).toBe(made.toWire().length)
  }
})

test('what is appended without reading it is what the reader would find', () => {
  for (let round = 0; round < 500; round++) {
    const parent = tree(2)
    const child = tree(2)
    const whole = rawElement(parent).append(random(2) === 0 ? child : rawElement(child))
    expect(seen(whole)).toEqual(seen(parseElement(textFromWire(whole.toWire()))))
    expect(whole.children).toHaveLength(rawElement(parent).children.length + 1)
  }
})

test('a child that was moved from another tree is written in the namespace of its new parent', () => {
  const other = new Element('o', { xmlns: 'urn:other' })
  const child = other.c('c')
  const parent = new Element('p', { xmlns: 'urn:p' })
  parent.children.push(child)
  expect(seen(rawElement(parent))).toEqual(seen(read(parent)))
})

test('a node that is neither element nor text is refused', () => {
  const parent = new Element('p', { xmlns: 'urn:p' })
  parent.children.push({} as Element)
  expect(() => rawElement(parent)).toThrow(expect.objectContaining({ code: 'xml/bad-node' }))
})

test('a child as a tree is the tree of the child', () => {
  for (let round = 0; round < 2_000; round++) {
    const element = rawElement(tree(3))
    for (const { name, ns } of element.children) {
      const child = element.childElement(name, ns)
      const { parent } = child!
      expect(parent).toBeNull()
      expect(child?.getNS()).toBe(ns)
      expect(writeElement(child!)).toBe(writeElement(element.child(name, ns)!.toElement()))
    }
  }
  expect(rawElement(new Element('a')).childElement('b', '')).toBeUndefined()
})

test('an element made of its parts is the one made of a tree', () => {
  for (const value of texts) {
    const attributes = { type: value, to: 'ö', 'xml:lang': 'en' }
    for (const ns of namespaces) {
      const made = emptyElement('iq', ns, Object.entries(attributes).flat())
      expect(seen(made)).toEqual(seen(rawElement(new Element('iq', { xmlns: ns, ...attributes }))))
    }
  }
})

test.each([
  ['no name', 'a b', 'urn:x', [], 'xml/bad-name'],
  ['no name of an attribute', 'a', 'urn:x', ['b c', ''], 'xml/bad-name'],
  ['a prefix nobody declares', 'a', 'urn:x', ['p:b', ''], 'xml/bad-name'],
  ['an attribute twice', 'a', 'urn:x', ['b', '1', 'b', '2'], 'xml/bad-name'],
  ['a character XML cannot carry', 'a', 'urn:x', ['b', '\0'], 'xml/bad-character'],
  ['a namespace nothing is in', 'a', 'http://www.w3.org/2000/xmlns/', [], 'xml/bad-namespace'],
])('X-9: %s is refused', (_, name, ns, attributes, code) => {
  expect(() => emptyElement(name, ns, attributes)).toThrow(expect.objectContaining({ code }))
})
