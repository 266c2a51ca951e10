import { Element } from 'ltx'
import { describe, expect, test } from 'vitest'
import { parseElement } from './parse-element.js'
import type { RawElement } from './raw-element.js'
import { readerLimits } from './reader-limits.js'
import { createStreamReader } from './stream-reader.js'
import { rawElement } from './tree-element.js'
import { textFromWire, type Wire, wireFromText } from './wire.js'

const text = (element: RawElement | undefined) => element && textFromWire(element.toWire())

/** A stanza as it comes on a client's stream whose header declares two more prefixes. */
function received(stanza: string): RawElement {
  const reader = createStreamReader({ limits: readerLimits.afterAuthentication })
  reader.push(
    Buffer.from(
      `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:h='urn:h' xmlns:c='jabber:client'>${stanza}`,
    ),
  )
  reader.next()
  return reader.next() as RawElement
}

const message = () =>
  received(
    "<message to='romeo@example.net' type='chat' xml:lang='en'><body>hi</body><x xmlns='urn:x' a='1'><body/></x><body xml:lang='de'>hallo</body></message>",
  )

describe('reading', () => {
  test('name, namespace, attributes, size', () => {
    const element = message()
    expect(element.kind).toBe('element')
    expect([element.name, element.ns]).toEqual(['message', 'jabber:client'])
    expect(element.attr('to')).toBe('romeo@example.net')
    expect(element.attr('xml:lang')).toBe('en')
    expect(element.attr('from')).toBeUndefined()
    expect(element.attributes).toEqual([
      ['to', 'romeo@example.net'],
      ['type', 'chat'],
      ['xml:lang', 'en'],
    ])
    expect(element.size).toBe(149)
    expect(element.content).toBe(
      "<body>hi</body><x xmlns='urn:x' a='1'><body/></x><body xml:lang='de'>hallo</body>",
    )
  })

  test('children by name and namespace, in order', () => {
    const element = message()
    expect(element.children).toEqual([
      { name: 'body', ns: 'jabber:client' },
      { name: 'x', ns: 'urn:x' },
      { name: 'body', ns: 'jabber:client' },
    ])
    expect(element.has('body', 'jabber:client')).toBe(true)
    expect(element.has('body', 'urn:x')).toBe(false)
    expect(element.has('bod', 'jabber:client')).toBe(false)
    expect(element.has('x', '')).toBe(false)
    expect(element.child('body', 'jabber:client')?.text()).toBe('hi')
    expect(element.childAt(2).attr('xml:lang')).toBe('de')
    expect(element.child('y', 'urn:y')).toBeUndefined()
    expect(() => element.childAt(3)).toThrow(RangeError)
    expect(() => element.childAt(-1)).toThrow(RangeError)
    expect(() => element.childAt(0.5)).toThrow(RangeError)
  })

  test('names and namespaces that need decoding are found by what they mean', () => {
    const element = parseElement("<a><b xmlns='urn:&#120;'/><é xmlns='urn:ж'/><c xmlns='urn:a&amp;b'/></a>")
    expect(element.has('b', 'urn:x')).toBe(true)
    expect(element.has('b', 'urn:&#120;')).toBe(false)
    expect(element.has('é', 'urn:ж')).toBe(true)
    expect(element.has('\xc3\xa9', 'urn:ж')).toBe(false)
    expect(element.has('é', 'urn:\xd0\xb6')).toBe(false)
    expect(element.child('c', 'urn:a&b')?.ns).toBe('urn:a&b')
    expect(element.children.map(({ name }) => name)).toEqual(['b', 'é', 'c'])
  })

  test('X-7 X-8: text is decoded, normalised and joined across children', () => {
    expect(parseElement('<a>1\r\n2<b>no</b>&lt;3<![CDATA[<4>\r]]>é<c/></a>').text()).toBe('1\n2<3<4>\né')
    expect(parseElement('<a/>').text()).toBe('')
    expect(parseElement('<a>x</a>').text()).toBe('x')
  })

  test('the text of a child is read without making it an element', () => {
    const element = received(
      "<message><body a='>'>1 &lt; 2\r\né</body><a/><b></b><c>x<d/>y</c><e><![CDATA[<]]>z</e><body>no</body></message>",
    )
    const texts = ['body', 'a', 'b', 'c', 'e', 'f'].map((name) => element.childText(name, 'jabber:client'))
    expect(texts).toEqual(['1 < 2\né', '', '', 'xy', '<z', undefined])
    expect(element.childText('body', '')).toBeUndefined()
    const changed = element.filterChildren((name) => name !== 'a').append(new Element('f').t('w') as Element)
    expect(['body', 'e', 'f'].map((name) => changed.childText(name, 'jabber:client'))).toEqual([
      '1 < 2\né',
      '<z',
      'w',
    ])
  })

  test('X-8: white space in values is normalised, references to it are not', () => {
    const element = parseElement("<a b='1\t2\n3\r\n4\r5&#9;6&#10;7&#13;8'/>")
    expect(element.attr('b')).toBe('1 2 3 4 5\t6\n7\r8')
  })

  test('X-13: names such as __proto__ are inert', () => {
    const element = parseElement("<a __proto__='1' constructor='2'><__proto__/><toString/></a>")
    expect(element.attr('__proto__')).toBe('1')
    expect(element.attr('constructor')).toBe('2')
    expect(element.attr('toString')).toBeUndefined()
    expect(element.attr('hasOwnProperty')).toBeUndefined()
    expect(element.has('__proto__', '')).toBe(true)
    expect(element.has('valueOf', '')).toBe(false)
    const tree = element.toElement()
    expect(Object.keys(tree.attrs)).toEqual(['__proto__', 'constructor'])
    expect(Object.getPrototypeOf(tree.attrs)).toBe(Object.prototype)
    expect(element.withAttributes({ toString: '3' }).attr('toString')).toBe('3')
  })
})

describe('writing', () => {
  test('a start tag without its declarations and the untouched content', () => {
    expect(text(received(`<message  to = "a&apos;b"\n><body a='1' >x</body ></message >`))).toBe(
      `<message xmlns="jabber:client" to="a&apos;b"><body a='1' >x</body ></message>`,
    )
    expect(text(received('<presence></presence>'))).toBe('<presence xmlns="jabber:client"/>')
    expect(text(received(`<iq id='1'\ttype = "get"  />`))).toBe(
      `<iq xmlns="jabber:client" id='1'\ttype = "get"/>`,
    )
    expect(text(received(`<iq xmlns='jabber:client' id='"'/>`))).toBe(
      '<iq xmlns="jabber:client" id="&quot;"/>',
    )
    expect(text(received(`<iq id='é'/>`))).toBe('<iq xmlns="jabber:client" id="é"/>')
  })

  test('changed attributes are escaped, unchanged plain ones stay as they came', () => {
    const element = received(`<iq id='"' type="get"/>`)
    expect(text(element.withAttributes({ from: '"' }))).toBe(
      `<iq xmlns="jabber:client" id='"' type="get" from="&quot;"/>`,
    )
    expect(text(element.withAttributes({ type: 'set' }))).toBe(
      '<iq xmlns="jabber:client" id="&quot;" type="set"/>',
    )
    expect(
      text(element.withAttributes({ from: 'a' }).withAttributes({ id: undefined, 'xml:lang': 'é' })),
    ).toBe('<iq xmlns="jabber:client" type="get" from="a" xml:lang="é"/>')
  })

  test('X-11: another content namespace, or none written', () => {
    const element = message()
    expect(element.toWire({ ns: 'jabber:server' })).toMatch(/^<message xmlns="jabber:server" to=/)
    expect(element.toWire({ ns: 'jabber:server' })).not.toContain('jabber:client')
    expect(element.toWire({ declare: false })).toMatch(/^<message to=/)
    expect(parseElement(element.toWire({ ns: 'jabber:server' })).children.map(({ ns }) => ns)).toEqual([
      'jabber:server',
      'urn:x',
      'jabber:server',
    ])
  })

  test('values are escaped again, and characters beyond ASCII are bytes', () => {
    const element = parseElement("<a b='&lt;&amp;&quot;&#9;é'>ж</a>")
    expect(text(element)).toBe('<a xmlns="" b="&lt;&amp;&quot;&#9;é">ж</a>')
    expect(element.toWire()).toContain('\xc3\xa9')
  })
})

describe('normalised while reading', () => {
  const kept = (stanza: string, wire: string, children: string) => {
    const element = received(stanza)
    expect(text(element)).toBe(wire)
    expect(element.children.map(({ name, ns }) => `${name} ${ns}`).join(', ')).toBe(children)
    // It stands alone: no stream header is needed to read it.
    expect(text(parseElement(wire))).toBe(wire)
    expect(element.size).toBe(Buffer.byteLength(stanza))
  }

  test('X-11: a child that repeats the content namespace', () => {
    kept(
      "<message><body xmlns='jabber:client'>x</body></message>",
      '<message xmlns="jabber:client"><body>x</body></message>',
      'body jabber:client',
    )
  })

  test('X-11: but not one deeper down, such as a forwarded message', () => {
    kept(
      "<message><f xmlns='urn:f'><message xmlns='jabber:client'/></f></message>",
      `<message xmlns="jabber:client"><f xmlns='urn:f'><message xmlns='jabber:client'/></f></message>`,
      'f urn:f',
    )
  })

  test('X-10: a stanza with a prefix', () => {
    kept(
      '<c:message><c:body>x</c:body><y/></c:message>',
      '<message xmlns="jabber:client"><body>x</body><y/></message>',
      'body jabber:client, y jabber:client',
    )
    kept(
      "<p:iq xmlns:p='urn:p' xmlns='urn:d'><a/><p:b/></p:iq>",
      '<iq xmlns="urn:p"><a xmlns="urn:d"/><b/></iq>',
      'a urn:d, b urn:p',
    )
  })

  test('X-10: prefixes declared on the stream header or the stanza itself', () => {
    kept(
      '<message><h:a h:b="1"><c/></h:a></message>',
      '<message xmlns="jabber:client"><a xmlns="urn:h" xmlns:h="urn:h" h:b="1"><c xmlns="jabber:client"/></a></message>',
      'a urn:h',
    )
    kept(
      "<message xmlns:p='urn:p'><x xmlns='urn:x' p:a='1'/></message>",
      '<message xmlns="jabber:client"><x xmlns="urn:x" xmlns:p="urn:p" p:a="1"/></message>',
      'x urn:x',
    )
    kept('<iq h:a="1"/>', '<iq xmlns="jabber:client" h:a="1" xmlns:h="urn:h"/>', '')
  })

  test('X-10: CDATA, references and quotes that need no change stay as they came', () => {
    const content = `<body a="1" b='2'>&#x41;<![CDATA[<&>]]> </body>\r\n<p:x xmlns:p="urn:p"/>`
    expect(received(`<message>${content}</message>`).content).toBe(content)
  })

  test('a child of an element with its own prefix is whole by itself', () => {
    const element = received("<message><p:x xmlns:p='urn:p'><p:y/><z/></p:x></message>")
    expect(text(element.childAt(0))).toBe('<x xmlns="urn:p"><y/><z xmlns="jabber:client"/></x>')
  })
})

describe('changing', () => {
  test('attributes are set, replaced and taken away; the content is shared', () => {
    const element = message()
    const changed = element.withAttributes({
      from: 'juliet@example.com/balcony',
      to: undefined,
      type: 'normal',
    })
    expect(changed.attributes).toEqual([
      ['type', 'normal'],
      ['xml:lang', 'en'],
      ['from', 'juliet@example.com/balcony'],
    ])
    expect(changed.content).toBe(element.content)
    expect(changed.children).toEqual(element.children)
    expect(element.attr('to')).toBe('romeo@example.net')
    expect(changed.size).toBe(changed.toWire().length)
    expect(element.withAttributes({ nothing: undefined }).attributes).toEqual(element.attributes)
  })

  test('attributes with a prefix need it declared, and declarations stay', () => {
    const element = parseElement("<a xmlns:p='urn:p'/>")
    expect(text(element.withAttributes({ 'p:b': '1', 'xml:lang': 'de' }))).toBe(
      `<a xmlns="" xmlns:p='urn:p' p:b="1" xml:lang="de"/>`,
    )
    for (const name of ['q:b', 'xmlns', 'xmlns:p', 'xmlns:q']) {
      expect(() => element.withAttributes({ [name]: 'x' }), name).toThrow(
        expect.objectContaining({ code: 'xml/bad-namespace' }),
      )
    }
    for (const name of ['', 'b c', 'a:', ':a', 'p:b:c', 'a="1" b']) {
      expect(() => element.withAttributes({ [name]: 'x' }), name).toThrow(/xml|name|prefix|declared/)
    }
  })

  test('append takes trees, elements and wires', () => {
    const element = received('<message><body>é</body></message>')
    const tree = new Element('delay', { xmlns: 'urn:xmpp:delay' }).t('ж') as Element
    const once = element
      .append(tree)
      .append(parseElement("<x xmlns='urn:x'/>"))
      .append('<y/> z' as Wire)
    expect(text(once)).toBe(
      `<message xmlns="jabber:client"><body>é</body><delay xmlns="urn:xmpp:delay">ж</delay><x xmlns="urn:x"/><y/> z</message>`,
    )
    expect(once.children.map(({ name, ns }) => `${name} ${ns}`)).toEqual([
      'body jabber:client',
      'delay urn:xmpp:delay',
      'x urn:x',
      'y jabber:client',
    ])
    expect(once.childAt(1).text()).toBe('ж')
    expect(text(once.childAt(3))).toBe('<y xmlns="jabber:client"/>')
    expect(element.children).toHaveLength(1)
    expect(once.size).toBe(once.toWire().length)
  })

  test('X-11: what is appended in the content namespace goes without a declaration', () => {
    const element = received('<message/>')
    expect(text(element.append(new Element('body')))).toBe('<message xmlns="jabber:client"><body/></message>')
    expect(text(element.append(new Element('body', { xmlns: 'jabber:client' })))).toBe(
      '<message xmlns="jabber:client"><body/></message>',
    )
    expect(text(element.append(received('<body/>')))).toBe('<message xmlns="jabber:client"><body/></message>')
    expect(text(element.append("<body xmlns='jabber:client'/>" as Wire))).toBe(
      '<message xmlns="jabber:client"><body/></message>',
    )
    expect(text(element.append(new Element('a', { xmlns: '' })))).toBe(
      '<message xmlns="jabber:client"><a xmlns=""/></message>',
    )
  })

  test.each(['</message><iq/>', '</a><iq/><a>', '<b>', '</b>', '<!-- x -->', '&x;', '<p:b/>', '\xff'])(
    'X-9: a wire that is not whole by itself is refused: %j',
    (wire) => {
      expect(() => received('<message/>').append(wire as Wire)).toThrow(
        expect.objectContaining({ name: 'XmlError' }),
      )
    },
  )

  test('children are taken out, text and order stay', () => {
    const element = received("<message>1<a/>2<b xmlns='urn:b'>é</b>3<a x='1'/>4</message>")
    const without = element.filterChildren((name) => name !== 'b')
    expect(text(without)).toBe(`<message xmlns="jabber:client">1<a/>23<a x='1'/>4</message>`)
    expect(without.children.map(({ name }) => name)).toEqual(['a', 'a'])
    expect(without.childAt(1).attr('x')).toBe('1')
    expect(text(element.filterChildren((_name, _ns, i) => i === 1))).toBe(
      `<message xmlns="jabber:client">12<b xmlns='urn:b'>é</b>34</message>`,
    )
    expect(
      element
        .filterChildren((_name, ns) => ns === 'urn:b')
        .child('b', 'urn:b')
        ?.text(),
    ).toBe('é')
    expect(text(element.filterChildren(() => false))).toBe('<message xmlns="jabber:client">1234</message>')
    expect(element.filterChildren(() => true)).toBe(element)
    expect(without.append(new Element('c')).childAt(2).name).toBe('c')
  })
})

describe('what comes together', () => {
  const read = (element: RawElement) => parseElement(Buffer.from(element.toWire(), 'latin1'))

  test('SEC-5 X-9: taking a child out never makes ]]> of the text around it', () => {
    for (const around of [
      ']]<x/>>',
      ']<x/>]>',
      ']<x/>]<x/>>',
      '<x/>]]<x/><x/>>',
      ']]<x/>]]<x/>]&gt;',
      '<![CDATA[]]]]><x/>>',
    ]) {
      const element = received(`<message>${around}<b/></message>`)
      const without = element.filterChildren((name) => name !== 'x')
      expect(read(without).text(), around).toBe(element.text())
      expect(without.childAt(0).name).toBe('b')
    }
  })

  test('SEC-5 X-9: neither does appending', () => {
    const element = received('<message><a/>]]</message>').append('>' as Wire)
    expect(read(element).text()).toBe(']]>')
    const two = received('<message>]</message>')
      .append(']<b/>' as Wire)
      .append('>' as Wire)
    expect(read(two).text()).toBe(']]>')
    expect(two.childAt(0).name).toBe('b')
  })

  test('X-8: a carriage return and a line feed stay two line ends', () => {
    expect(
      received('<message>1\r<x/>\n2</message>')
        .filterChildren(() => false)
        .text(),
    ).toBe('1\n\n2')
    expect(
      received('<message>1\r</message>')
        .append('\n2' as Wire)
        .text(),
    ).toBe('1\n\n2')
  })
})

describe('from ltx', () => {
  test('a tree becomes an element, and the element the same tree', () => {
    const tree = new Element('iq', { xmlns: 'jabber:client', id: '1' })
    tree.c('query', { xmlns: 'jabber:iq:roster' }).c('item', { jid: 'é@example.com' }).t('<&>')
    const element = rawElement(tree)
    expect([element.name, element.ns, element.attr('id')]).toEqual(['iq', 'jabber:client', '1'])
    expect(element.has('query', 'jabber:iq:roster')).toBe(true)
    expect(element.toElement().toString()).toBe(tree.toString())
    expect(element.size).toBe(element.toWire().length)
  })

  test('a tree with prefixes becomes one without', () => {
    const tree = new Element('c:message', { 'xmlns:c': 'jabber:client' })
    tree.c('c:body').t('x')
    expect(text(rawElement(tree))).toBe('<message xmlns="jabber:client"><body>x</body></message>')
  })
})

test('a wire read back is the text it was made of', () => {
  const element = parseElement(wireFromText('<a b="é">ж</a>') as string)
  expect(element.attr('b')).toBe('Ã©')
  expect(parseElement(Buffer.from(wireFromText('<a b="é"/>'), 'latin1')).attr('b')).toBe('é')
})
