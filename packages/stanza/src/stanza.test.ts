import { parseJid } from '@xmppkit/jid'
import { Element, parseElement, rawElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { message } from './builders.js'
import type { Codec } from './codec.js'
import { delay } from './delay.js'
import { choice, element, text } from './element.js'
import { attr } from './fields.js'
import { metaKey } from './meta-key.js'
import { NS } from './namespaces.js'
import { readStanza } from './read-stanza.js'
import { string } from './scalars.js'

const read = (xml: string) => readStanza(parseElement(xml))
const wire = (stanza: { toWire(): unknown }) => textFromWire(stanza.toWire() as never)

const sample =
  '<message xmlns="jabber:client" to="b@example.com" from="a@example.com/r" type="chat" id="m1" xml:lang="de">' +
  '<body>Hallo &amp; mehr</body><x xmlns="urn:example:one"/><x xmlns="urn:example:two"><y/></x></message>'

describe('reading', () => {
  test('attributes, text and children without building a tree', () => {
    const stanza = read(sample)
    expect(stanza).toMatchObject({ kind: 'message', type: 'chat', id: 'm1', lang: 'de' })
    expect(stanza.text('body')).toBe('Hallo & mehr')
    expect(stanza.text('subject')).toBeUndefined()
    expect(stanza.has('x', 'urn:example:two')).toBe(true)
    expect(stanza.has('x', 'urn:example:three')).toBe(false)
    expect(stanza.has('body', 'jabber:client')).toBe(true)
  })

  test('the text of a child of another namespace is not the body', () => {
    expect(
      read("<message xmlns='jabber:client'><body xmlns='urn:example'>no</body></message>").text('body'),
    ).toBe(undefined)
  })

  test('X-13: names from the prototype of objects are ordinary names', () => {
    const stanza = read("<message xmlns='jabber:client'><__proto__ xmlns='urn:example'/></message>")
    expect(stanza.has('__proto__', 'urn:example')).toBe(true)
    expect(stanza.has('constructor', 'urn:example')).toBe(false)
    expect(stanza.id).toBeUndefined()
    expect(stanza.text('toString')).toBeUndefined()
  })

  test('the tree is built once', () => {
    const stanza = read(sample)
    expect(stanza.element).toBe(stanza.element)
    expect(stanza.element.getChildText('body')).toBe('Hallo & mehr')
  })
})

describe('payload', () => {
  const counted = <T>(codec: Codec<T>): Codec<T> & { calls: number } => {
    const counting = {
      name: codec.name,
      ns: codec.ns,
      calls: 0,
      encode: codec.encode,
      decode(el: Element) {
        counting.calls += 1
        return codec.decode(el)
      },
    }
    return counting
  }

  test('absent is undefined, malformed throws with a path', () => {
    expect(read(sample).payload(delay)).toBeUndefined()
    const bad = read(
      "<message xmlns='jabber:client'><delay xmlns='urn:xmpp:delay' stamp='yesterday'/></message>",
    )
    expect(() => bad.payload(delay)).toThrow('delay/@stamp: not a date and time')
  })

  test('is decoded once per codec, and with keeps it', () => {
    const codec = counted(element('x', 'urn:example:one', {}))
    const stanza = read(sample)
    expect(stanza.payload(codec)).toBe(stanza.payload(codec))
    expect(stanza.with({ id: 'm2' }).payload(codec)).toBe(stanza.payload(codec))
    expect(codec.calls).toBe(1)
  })

  test('is decoded again after add and without', () => {
    const codec = counted(element('x', 'urn:example:one', {}))
    const stanza = read(sample)
    stanza.payload(codec)
    expect(stanza.without('x', 'urn:example:one').payload(codec)).toBeUndefined()
    expect(stanza.add(new Element('z', { xmlns: 'urn:example' })).payload(codec)).toEqual({})
    expect(codec.calls).toBe(2)
  })

  test('a choice finds whichever alternative is there', () => {
    const state = choice({
      active: element('active', NS.chatStates, {}),
      gone: element('gone', NS.chatStates, { why: attr('why', string) }),
    })
    const stanza = read(
      `<message xmlns='jabber:client'><body/><gone xmlns='${NS.chatStates}' why='bye'/></message>`,
    )
    expect(stanza.payload(state)).toEqual({ kind: 'gone', value: { why: 'bye' } })
    expect(read(sample).payload(state)).toBeUndefined()
  })

  test('a codec may read a child in the content namespace', () => {
    expect(read(sample).payload(text('body', NS.client, string))).toBe('Hallo & mehr')
  })
})

describe('with', () => {
  test('changes what is given and shares the rest', () => {
    const stanza = read(sample)
    const changed = stanza.with({ to: parseJid('c@example.com'), type: 'headline' })
    expect(changed.to?.toString()).toBe('c@example.com')
    expect(changed.from).toBe(stanza.from)
    expect(changed.type).toBe('headline')
    expect(changed.id).toBe('m1')
    expect(changed.raw.content).toBe(stanza.raw.content)
    expect(wire(stanza)).toBe(sample)
    expect(wire(changed)).toBe(
      sample.replace('b@example.com', 'c@example.com').replace('"chat"', '"headline"'),
    )
  })

  test('removes what is given as undefined', () => {
    const bare = read(sample).with({
      to: undefined,
      from: undefined,
      type: undefined,
      id: undefined,
      lang: undefined,
    })
    expect(bare).toMatchObject({
      to: undefined,
      from: undefined,
      type: 'normal',
      id: undefined,
      lang: undefined,
    })
    expect(wire(bare)).toMatch(/^<message xmlns="jabber:client"><body>/)
  })

  test('an available presence has no type', () => {
    const presence = read("<presence xmlns='jabber:client' type='unavailable'/>").with({ type: 'available' })
    expect(presence.type).toBe('available')
    expect(wire(presence)).toBe('<presence xmlns="jabber:client"/>')
  })
})

describe('add and without', () => {
  test('X-10: what is not touched stays as it was', () => {
    const changed = read(sample)
      .without('x', 'urn:example:one')
      .add(new Element('z', { xmlns: 'urn:example' }))
    expect(wire(changed)).toBe(
      sample
        .replace('<x xmlns="urn:example:one"/>', '')
        .replace('</message>', '<z xmlns="urn:example"/></message>'),
    )
  })

  test('a raw element can be added', () => {
    const child = rawElement(new Element('z', { xmlns: 'urn:example' }))
    expect(wire(message({}).add(child))).toBe(
      '<message xmlns="jabber:client"><z xmlns="urn:example"/></message>',
    )
  })

  test('without something that is not there is the same stanza', () => {
    const stanza = read(sample)
    expect(stanza.without('nothing', 'urn:example')).toBe(stanza)
  })

  test('SEC-19: without removes only those a condition is true for, and is the same stanza if there are none', () => {
    const mark = metaKey<number>('test/mark')
    const stanza = readStanza(
      parseElement(
        "<message xmlns='jabber:client'><o xmlns='u:o' by='us'/><o xmlns='u:o' by='them'/><o xmlns='u:p' by='us'/></message>",
      ),
    ).withMeta(mark, 1)
    const without = stanza.without('o', 'u:o', (child) => child.attr('by') === 'us')
    expect(without.raw.children.map(({ ns }, at) => [ns, without.raw.childAt(at).attr('by')])).toEqual([
      ['u:o', 'them'],
      ['u:p', 'us'],
    ])
    expect(without.meta(mark)).toBe(1)
    expect(stanza.without('o', 'u:o', () => false)).toBe(stanza)
  })

  test('SEC-19: without removes all of them, not the first', () => {
    const stanza = read("<message xmlns='jabber:client'><o xmlns='u:o'/><body/><o xmlns='u:o'/></message>")
    expect(stanza.without('o', 'u:o').has('o', 'u:o')).toBe(false)
  })
})

describe('meta', () => {
  const one = metaKey<string>('one')
  const two = metaKey<number>('two')

  test('values are found by key and kept by every copy', () => {
    const stanza = read(sample).withMeta(one, 'a').withMeta(two, 2)
    const copies = [
      stanza,
      stanza.with({ id: 'x' }),
      stanza.add(new Element('z', { xmlns: 'urn:example' })),
      stanza.without('body', NS.client),
    ]
    for (const copy of copies) expect([copy.meta(one), copy.meta(two)]).toEqual(['a', 2])
  })

  test('the original does not change, and keys of one name are different', () => {
    const stanza = read(sample)
    stanza.withMeta(one, 'a')
    expect(stanza.meta(one)).toBeUndefined()
    expect(stanza.withMeta(one, 'a').meta(metaKey<string>('one'))).toBeUndefined()
  })

  test('a value set again replaces the first, the others stay', () => {
    let stanza = read(sample).withMeta(one, 'a').withMeta(two, 2)
    for (let i = 0; i < 100_000; i += 1) stanza = stanza.withMeta(one, `b${i}`)
    expect([stanza.meta(one), stanza.meta(two)]).toEqual(['b99999', 2])
  })

  test('never goes over the wire', () => {
    expect(wire(read(sample).withMeta(one, 'secret'))).toBe(sample)
  })
})

test('X-11: the content namespace is rewritten where it is written, other namespaces stay', () => {
  const out = textFromWire(read(sample).toWire({ ns: NS.server }))
  expect(out).toContain('<message xmlns="jabber:server"')
  expect(out).not.toContain('jabber:client')
  expect(out).toContain('<x xmlns="urn:example:one"/>')
})

describe('pass-through risk 1: bytes that no longer say what the stanza says', () => {
  const hints = element('x', 'urn:example:one', {})

  test('changing the tree of a stanza changes neither it nor what is made of it', () => {
    const stanza = read(sample)
    const copies = () => [
      stanza,
      stanza.with({ to: parseJid('c@example.com') }),
      stanza.add(new Element('q', { xmlns: 'urn:q' })),
      stanza.without('x', 'urn:example:one'),
      stanza.withMeta(metaKey<number>('test/number'), 1),
    ]
    const told = () =>
      copies().map((copy) => [
        wire(copy),
        copy.text('body'),
        copy.has('x', 'urn:example:two'),
        copy.has('injected', 'urn:example:injected'),
        copy.payload(hints),
        copy.id,
        copy.to?.toString(),
      ])
    const before = told()
    stanza.element.attrs.id = 'changed'
    stanza.element.attrs.to = 'nobody@example.com'
    stanza.element.children.length = 0
    stanza.element.c('injected', { xmlns: 'urn:example:injected' })
    expect(told()).toEqual(before)
  })

  test('what a stanza says after a change is what its bytes say', () => {
    const changed = read(sample)
      .without('x', 'urn:example:one')
      .add(new Element('body', { xmlns: 'jabber:client' }).t('] ]]> é'))
      .with({ type: 'headline', from: undefined, lang: 'fr', id: '"&\n' })
    const again = read(Buffer.from(changed.toWire(), 'latin1').toString('utf8'))
    for (const key of ['kind', 'type', 'id', 'lang'] as const) expect(again[key]).toBe(changed[key])
    expect([again.to?.toString(), again.from]).toEqual([changed.to?.toString(), undefined])
    expect(again.raw.children).toEqual(changed.raw.children)
    expect(again.element.toString()).toBe(changed.element.toString())
  })
})
