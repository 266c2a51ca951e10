import {
  bytesFromWire,
  createStreamReader,
  parseElement,
  type RawElement,
  rawElement,
  readerLimits,
} from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { ltxTree, saxesTrees, type Tree } from '../fuzz/trees.js'
import { xepExamples } from './xep-examples.js'

const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
const examples = Object.entries(xepExamples()).flatMap(([xep, list]) => list.map((xml) => ({ xep, xml })))

function read(xml: string): RawElement {
  const reader = createStreamReader({
    limits: { ...readerLimits.afterAuthentication, maxBytes: 1024 * 1024 },
  })
  reader.push(Buffer.from(header + xml))
  reader.next()
  const element = reader.next()
  if (element?.kind !== 'element') throw new Error(`no element in ${xml}`)
  return element
}

function expected(xml: string): Tree {
  return saxesTrees(Buffer.from(`${header}${xml}</stream:stream>`))[0]!
}

/** The same tree with the content namespace exchanged where nothing else was declared. */
function written(element: RawElement, ns?: string): Tree {
  return saxesTrees(bytesFromWire(element.toWire(ns === undefined ? {} : { ns })), true)[0]!
}

test('the corpus is not empty', () => {
  expect(examples.length).toBeGreaterThan(4000)
})

test('X-10: every example of the XEPs reads as the tree a second parser sees', () => {
  for (const { xep, xml } of examples) {
    expect(ltxTree(read(xml).toElement()), `XEP-${xep}: ${xml}`).toEqual(expected(xml))
  }
})

test('X-10 SEC-5: every example is written as an equal tree, from its bytes and from its ltx tree', () => {
  for (const { xep, xml } of examples) {
    const element = read(xml)
    const tree = expected(xml)
    expect(written(element), `XEP-${xep}: ${xml}`).toEqual(tree)
    const rebuilt = rawElement(element.toElement())
    expect(written(rebuilt), `XEP-${xep}: ${xml}`).toEqual(tree)
    expect(rebuilt.children).toEqual(element.children)
  }
})

test('X-10: every child of every example is an equal tree by itself', () => {
  for (const { xep, xml } of examples) {
    const element = read(xml)
    const children = expected(xml)
      .slice(2)
      .filter((node) => typeof node !== 'string')
    expect(element.children.length, `XEP-${xep}: ${xml}`).toBe(children.length)
    element.children.forEach(({ name, ns }, i) => {
      const child = element.childAt(i)
      expect([child.name, child.ns]).toEqual([name, ns])
      expect(element.has(name, ns)).toBe(true)
      expect(written(child), `XEP-${xep}: ${xml}`).toEqual(children[i])
      expect(ltxTree(child.toElement())).toEqual(children[i])
      expect(element.childText(name, ns)).toBe(element.child(name, ns)?.text())
    })
  }
})

test('X-11: crossing to a server changes the content namespace only, and back again', () => {
  for (const { xep, xml } of examples) {
    const element = read(xml)
    if (element.ns !== 'jabber:client') continue
    const crossed = parseElement(bytesFromWire(element.toWire({ ns: 'jabber:server' })))
    expect(crossed.ns).toBe('jabber:server')
    expect(crossed.children.map(({ ns }) => ns)).not.toContain('jabber:client')
    const back = written(crossed, 'jabber:client')
    expect(back, `XEP-${xep}: ${xml}`).toEqual(expected(xml))
  }
})
