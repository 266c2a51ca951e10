import { Element } from 'ltx'
import { describe, expect, test } from 'vitest'
import type { XmlWriteError } from './errors.js'
import { escapeAttribute, escapeText } from './escape.js'
import { parseElement } from './parse-element.js'
import { rawElement } from './tree-element.js'
import { textFromWire } from './wire.js'
import { type WriteScope, writeElement } from './writer.js'

const el = (name: string, attrs: Record<string, unknown> = {}, ...children: unknown[]) => {
  const element = new Element(name, attrs)
  for (const child of children) {
    if (child instanceof Element) element.cnode(child)
    else element.children.push(child as string)
  }
  return element
}
const write = (element: Element, scope?: WriteScope) => textFromWire(writeElement(element, scope))
const refusal = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    return (error as XmlWriteError).code
  }
  return 'written'
}

describe('what is written', () => {
  test('X-9: the five characters are escaped in attributes, three of them in text', () => {
    expect(write(el('a', { b: `&<>"'` }, `&<>"'`))).toBe(
      `<a b="&amp;&lt;&gt;&quot;&apos;">&amp;&lt;&gt;"'</a>`,
    )
    expect(escapeText(`]]>&<"`)).toBe(']]&gt;&amp;&lt;"')
    expect(escapeAttribute('plain')).toBe('plain')
  })

  test('X-9: text cannot become markup, alone in its element or not', () => {
    const attack = '</body></message><iq/>'
    expect(write(el('body', {}, attack))).toBe('<body>&lt;/body&gt;&lt;/message&gt;&lt;iq/&gt;</body>')
    expect(parseElement(write(el('a', { b: attack }, attack, el('c')))).text()).toBe(attack)
  })

  test('X-8: tabs and line ends come back from attributes, and carriage returns from text', () => {
    const value = ' \t\r\n x \r '
    const read = parseElement(write(el('a', { b: value }, value)))
    expect(read.attr('b')).toBe(value)
    expect(read.text()).toBe(value)
    expect(write(el('a', { b: '\t\n\r' }, '\t\n\r'))).toBe('<a b="&#9;&#10;&#13;">\t\n&#13;</a>')
  })

  test('characters beyond ASCII are UTF-8', () => {
    expect(writeElement(el('é', { ж: '漢' }, '😀'))).toBe(
      '<\xc3\xa9 \xd0\xb6="\xe6\xbc\xa2">\xf0\x9f\x98\x80</\xc3\xa9>',
    )
  })

  test('a namespace is declared where it differs from the one in force, and only there', () => {
    const tree = el(
      'a',
      { xmlns: 'urn:a' },
      el('b', { xmlns: 'urn:a' }, el('c', { xmlns: 'urn:c' }, el('d'))),
      el('e', { xmlns: '' }),
    )
    expect(write(tree)).toBe('<a xmlns="urn:a"><b><c xmlns="urn:c"><d/></c></b><e xmlns=""/></a>')
    expect(write(tree, { ns: 'urn:a' })).toBe('<a><b><c xmlns="urn:c"><d/></c></b><e xmlns=""/></a>')
    expect(write(el('a'), { ns: 'urn:x' })).toBe('<a/>')
  })

  test('an element still in its tree is written in the namespace it has there', () => {
    const iq = el('iq', { xmlns: 'jabber:client' }, el('query'))
    expect(write(iq.getChild('query')!)).toBe('<query xmlns="jabber:client"/>')
    expect(write(iq.getChild('query')!, { ns: 'jabber:client' })).toBe('<query/>')
  })

  test('prefixes are written where the tree or the surroundings declare them', () => {
    const features = el('stream:features', {}, el('bind', { xmlns: 'urn:b' }))
    expect(write(features, { ns: 'jabber:client', prefixes: { stream: 'urn:s' } })).toBe(
      '<stream:features><bind xmlns="urn:b"/></stream:features>',
    )
    expect(write(el('p:a', { 'xmlns:p': 'urn:p', 'p:b': '1', 'xml:lang': 'de' }, el('p:c')))).toBe(
      '<p:a xmlns:p="urn:p" p:b="1" xml:lang="de"><p:c/></p:a>',
    )
  })

  test('numbers are printed, and what is missing is left out', () => {
    expect(
      write(el('a', { b: 0, c: undefined, d: null, e: '', f: false, g: true }, 5, null, undefined, '')),
    ).toBe('<a b="0" e="" g="true">5</a>')
  })

  test('X-13: __proto__ and its kin are names like others', () => {
    const tree = parseElement("<__proto__ __proto__='1' constructor='2' hasOwnProperty='3'/>").toElement()
    expect(write(tree)).toBe('<__proto__ __proto__="1" constructor="2" hasOwnProperty="3"/>')
  })

  test('X-9: what is inherited from Object.prototype is no attribute', () => {
    expect(write(new Element('a', Object.create({ evil: '1' }) as Record<string, string>))).toBe('<a/>')
  })
})

describe('what is refused', () => {
  test.each([
    ['a name with an attribute inside', () => el('a" onx="')],
    ['a name with a space', () => el('a b')],
    ['an empty name', () => el('')],
    ['a name that starts with a digit', () => el('1a')],
    ['a name with <', () => el('a<b')],
    ['two colons', () => el('p:a:b', { 'xmlns:p': 'urn:p' })],
    ['a prefix without a name', () => el('p:', { 'xmlns:p': 'urn:p' })],
    ['the name of an attribute', () => el('a', { 'b c': '1' })],
    ['an attribute that is a tag', () => el('a', { 'x><b': '1' })],
    [
      'one attribute under two prefixes',
      () => el('a', { 'xmlns:p': 'u', 'xmlns:q': 'u', 'p:b': 1, 'q:b': 2 }),
    ],
  ])('X-9: %s', (_what, make) => {
    expect(refusal(() => writeElement(make()))).toBe('xml/bad-name')
  })

  test.each(['\0', '\x01', '\x0b', '\x0c', '\x1f', '\ufffe', '\uffff', '\ud800', '\udfff', 'a\ud83d'])(
    'X-9 NODE-4: the character %j in text or a value',
    (character) => {
      expect(refusal(() => writeElement(el('a', {}, `x${character}y`)))).toBe('xml/bad-character')
      expect(refusal(() => writeElement(el('a', { b: character })))).toBe('xml/bad-character')
      expect(refusal(() => writeElement(el('a', { xmlns: `urn:${character}x` })))).toBe('xml/bad-character')
      expect(refusal(() => parseElement('<a/>').withAttributes({ b: character }))).toBe('xml/bad-character')
    },
  )

  test.each([
    ['a prefix nobody declared', () => el('p:a')],
    ['the prefix of an attribute nobody declared', () => el('a', { 'p:b': '1' })],
    ['a prefix declared beside', () => el('a', {}, el('b', { 'xmlns:p': 'urn:p' }), el('p:c'))],
    ['xml as an element', () => el('xml:a')],
    ['xmlns as an element', () => el('xmlns:a')],
    ['xmlns bound', () => el('a', { 'xmlns:xmlns': 'urn:x' })],
    ['xml rebound', () => el('a', { 'xmlns:xml': 'urn:x' })],
    ['a reserved namespace', () => el('a', { xmlns: 'http://www.w3.org/2000/xmlns/' })],
    [
      'a reserved namespace under a prefix',
      () => el('a', { 'xmlns:p': 'http://www.w3.org/XML/1998/namespace' }),
    ],
    ['a prefix for nothing', () => el('a', { 'xmlns:p': '' })],
    ['a prefix that is no name', () => el('a', { 'xmlns:1': 'urn:x' })],
    ['white space around a namespace', () => el('a', { xmlns: ' urn:x' })],
    ['white space around a namespace with a prefix', () => el('a', { 'xmlns:p': 'urn:x ' })],
  ])('X-9: %s', (_what, make) => {
    expect(refusal(() => writeElement(make()))).toBe('xml/bad-namespace')
  })

  test('X-9: nodes that are neither text nor element', () => {
    expect(refusal(() => writeElement(el('a', {}, {})))).toBe('xml/bad-node')
    expect(refusal(() => writeElement(el('a', {}, () => 'x')))).toBe('xml/bad-node')
    expect(refusal(() => writeElement(el('a', { b: {} })))).toBe('xml/bad-node')
    expect(refusal(() => writeElement(el('a', { b: ['x'] })))).toBe('xml/bad-node')
  })

  test('X-9: deep trees do not overflow the stack, and an element in itself is refused', () => {
    let deep = el('a', {}, 'x')
    for (let i = 0; i < 4000; i++) deep = el('a', {}, deep)
    expect(writeElement(deep)).toHaveLength(4001 * 7 + 1)
    expect(rawElement(deep).toElement().name).toBe('a')
    const knot = el('a')
    knot.cnode(knot)
    expect(refusal(() => writeElement(knot))).toBe('xml/bad-node')
  })
})
