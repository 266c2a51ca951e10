import { Element } from 'ltx'
import { describe, expect, test } from 'vitest'
import { parseElement } from './parse-element.js'
import { textFromWire } from './wire.js'
import { writeElement } from './writer.js'

const tree = (text: string) => parseElement(text).toElement()

describe('ltx trees', () => {
  test('elements, attributes and text in order', () => {
    const el = tree(
      "<message xmlns='jabber:client' to='a@b'>1<body>x &amp; <![CDATA[<y>]]></body>2<x xmlns='urn:x'/>3</message>",
    )
    expect(el).toBeInstanceOf(Element)
    expect(el.toString()).toBe(
      '<message xmlns="jabber:client" to="a@b">1<body>x &amp; &lt;y&gt;</body>2<x xmlns="urn:x"/>3</message>',
    )
    expect(el.getChildText('body', 'jabber:client')).toBe('x & <y>')
    expect(el.getChild('x', 'urn:x')?.getNS()).toBe('urn:x')
    expect(el.getChild('x', 'jabber:client')).toBeUndefined()
    expect(el.getChild('body')?.parent).toBe(el)
  })

  test('X-7: text around CDATA is one text', () => {
    expect(tree('<a>1<![CDATA[2]]>3</a>').children).toEqual(['123'])
    expect(tree('<a><![CDATA[]]></a>').getText()).toBe('')
    expect(tree('<a><![CDATA[<b/>]]><b/></a>').getChildren('b')).toHaveLength(1)
  })

  test('a tag is read to its end and no further', () => {
    const el = tree("<a><b c='1' />d='2'/><e></e >f = 'g'></a>")
    expect(el.children.map((node) => (typeof node === 'string' ? node : node.name))).toEqual([
      'b',
      "d='2'/>",
      'e',
      "f = 'g'>",
    ])
    expect(el.getChild('b')?.attrs).toEqual({ c: '1' })
  })

  test('a child taken out keeps its namespace, though it never wrote one', () => {
    const el = tree("<message xmlns='jabber:client'><body>x</body><forwarded xmlns='urn:f'/></message>")
    const body = el.getChild('body')!
    expect(Object.keys(body.attrs)).toEqual([])
    el.remove(body)
    body.parent = null
    expect(body.getNS()).toBe('jabber:client')
    expect(textFromWire(writeElement(body))).toBe('<body xmlns="jabber:client">x</body>')
    const forwarded = el.getChild('forwarded', 'urn:f')!
    forwarded.cnode(body)
    expect(body.getNS()).toBe('jabber:client')
    expect(textFromWire(writeElement(forwarded))).toBe(
      '<forwarded xmlns="urn:f"><body xmlns="jabber:client">x</body></forwarded>',
    )
  })

  test('an element in no namespace is not taken for one of its parent', () => {
    const el = tree("<message xmlns='jabber:client'><body xmlns=''><a/></body></message>")
    const body = el.getChild('body')!
    expect(el.getChild('body', 'jabber:client')).toBeUndefined()
    expect(body.getNS()).toBe('')
    expect(body.getChild('a')?.getNS()).toBe('')
    expect(textFromWire(writeElement(el))).toBe(
      '<message xmlns="jabber:client"><body xmlns=""><a/></body></message>',
    )
  })

  test('X-10: prefixes become namespaces on elements and stay on attributes', () => {
    const el = tree("<a xmlns='urn:a'><p:b xmlns:p='urn:p' p:c='1'><p:d/><e p:f='2'/></p:b></a>")
    const b = el.getChild('b', 'urn:p')!
    expect(b.name).toBe('b')
    expect(b.attrs['p:c']).toBe('1')
    expect(b.getChild('d', 'urn:p')).toBeDefined()
    expect(b.getChild('e', 'urn:a')?.attrs['p:f']).toBe('2')
    expect(b.getAttr('c', 'urn:p')).toBe('1')
  })

  test('X-13: attributes called __proto__ are there and change nothing', () => {
    const { attrs } = tree("<a><b __proto__='1'/></a>").getChild('b')!
    expect(Object.getOwnPropertyDescriptor(attrs, '__proto__')?.value).toBe('1')
    expect(Object.getPrototypeOf(attrs)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  test('every call makes a new tree', () => {
    const element = parseElement('<a><b/></a>')
    element.toElement().getChild('b')!.name = 'changed'
    expect(element.toElement().getChild('b')).toBeDefined()
  })

  test('deep content is built without recursion', () => {
    const none = Infinity
    const limits = {
      maxBytes: none,
      maxDepth: none,
      maxElements: none,
      maxAttributes: none,
      maxNameBytes: none,
      maxNamespaces: none,
    }
    let at: Element | undefined = parseElement(
      '<a>'.repeat(50_000) + '</a>'.repeat(50_000),
      limits,
    ).toElement()
    let depth = 0
    for (; at; at = at.getChild('a')) depth++
    expect(depth).toBe(50_000)
  })
})
