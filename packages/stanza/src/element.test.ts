import { describe, expect, test } from 'vitest'
import { type Codec, codecNames, type Infer, matches } from './codec.js'
import { codecCases, decodeFailures, failureOf, tree, xmlOf } from './codec-cases.js'
import { DecodeError, isDecodeError } from './decode-error.js'
import { defineIq } from './define-iq.js'
import { choice, element, text } from './element.js'
import { attr, body, child, children, flag, optionalAttr, optionalChild, raw } from './fields.js'
import { bareJid, bool, boundedString, int, oneOf, string } from './scalars.js'

const ns = 'urn:example'
const item = element('item', ns, {
  jid: attr('jid', bareJid),
  name: optionalAttr('name', boundedString({ max: 8 })),
  subscription: optionalAttr('subscription', oneOf('none', 'both')),
  groups: children(text('group', ns, string), { max: 2 }),
})
const query = element('query', ns, {
  ver: optionalAttr('ver', string),
  items: children(item, { max: 3 }),
  set: optionalChild(element('set', ns, { max: attr('max', int) })),
  all: flag('all', ns),
})
type Query = Infer<typeof query>
const bare = (address: string) => bareJid.parse(address)

codecCases<Query>('element', query, [
  [{ items: [] }, `<query xmlns="${ns}"/>`],
  [{ ver: '', items: [], all: true }, `<query xmlns="${ns}" ver=""><all xmlns="${ns}"/></query>`],
  [
    {
      ver: '1',
      items: [
        { jid: bare('a@example.com'), name: 'A', groups: ['x', ''] },
        { jid: bare('b@example.com'), subscription: 'both', groups: [] },
      ],
      set: { max: 5 },
    },
    `<query xmlns="${ns}" ver="1">` +
      `<item xmlns="${ns}" jid="a@example.com" name="A"><group xmlns="${ns}">x</group><group xmlns="${ns}"/></item>` +
      `<item xmlns="${ns}" jid="b@example.com" subscription="both"/><set xmlns="${ns}" max="5"/></query>`,
  ],
])

const good = "<item jid='a@example.com'/>"
decodeFailures('element', query, [
  [`<query xmlns='${ns}'><item/></query>`, 'query/item[1]/@jid: required'],
  [`<query xmlns='${ns}'>${good}<item jid='@'/></query>`, 'query/item[2]/@jid: not an address'],
  [
    `<query xmlns='${ns}'><item jid='a@example.com/r'/></query>`,
    'query/item[1]/@jid: must not have a resource',
  ],
  [
    `<query xmlns='${ns}'><item jid='a@example.com' name='123456789'/></query>`,
    'query/item[1]/@name: longer than 8 characters',
  ],
  [
    `<query xmlns='${ns}'><item jid='a@example.com'><group/><group/><group/></item></query>`,
    'query/item[1]/group: more than 2',
  ],
  [`<query xmlns='${ns}'>${good.repeat(4)}</query>`, 'query/item: more than 3'],
  [`<query xmlns='${ns}'><set max='many'/></query>`, 'query/set/@max: not an integer'],
  [`<query xmlns='${ns}'><set max='1'/><set max='2'/></query>`, 'query/set: more than one'],
  [
    `<query xmlns='${ns}'><item jid='a@example.com' subscription='constructor'/></query>`,
    'query/item[1]/@subscription: must be one of none, both',
  ],
])

test('unknown attributes, children, text and namespaces are ignored', () => {
  const xml = `<query xmlns='${ns}' extra='1'>text<other/><item xmlns='urn:other'/><x:set xmlns:x='urn:other'/></query>`
  expect(query.decode(tree(xml))).toEqual({ items: [] })
})

test('a prefix means the same as a default namespace', () => {
  const xml = `<p:query xmlns:p='${ns}' ver='1'><p:item jid='a@example.com'><p:group>x</p:group></p:item></p:query>`
  expect(query.decode(tree(xml))).toEqual({
    ver: '1',
    items: [{ jid: bare('a@example.com'), groups: ['x'] }],
  })
})

test("a child with xmlns='' is in no namespace", () => {
  expect(query.decode(tree(`<query xmlns='${ns}'><all xmlns=''/></query>`))).toEqual({ items: [] })
})

test('SEC-36 X-13: attributes named like members of objects are read only if they are there', () => {
  const odd = element('x', ns, {
    a: optionalAttr('constructor', string),
    b: optionalAttr('toString', string),
    c: optionalAttr('__proto__', string),
  })
  expect(odd.decode(tree(`<x xmlns='${ns}'/>`))).toEqual({})
  expect(odd.decode(tree(`<x xmlns='${ns}' constructor='1' toString='2'/>`))).toEqual({ a: '1', b: '2' })
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})

describe('required child', () => {
  const outer = element('outer', ns, { inner: child(element('inner', ns, { v: attr('v', bool) })) })
  codecCases('child', outer, [
    [{ inner: { v: true } }, `<outer xmlns="${ns}"><inner xmlns="${ns}" v="true"/></outer>`],
  ])
  decodeFailures('child', outer, [
    [`<outer xmlns='${ns}'/>`, 'outer/inner: required'],
    [`<outer xmlns='${ns}'><inner xmlns='urn:other' v='1'/></outer>`, 'outer/inner: required'],
    [`<outer xmlns='${ns}'><inner v='maybe'/></outer>`, 'outer/inner/@v: not a boolean'],
    [`<outer xmlns='${ns}'><inner v='1'/><inner v='0'/></outer>`, 'outer/inner: more than one'],
  ])
})

describe('body and text', () => {
  const first = element('first', ns, {
    index: optionalAttr('index', int),
    id: body(boundedString({ min: 1, max: 9 })),
  })
  codecCases('body', first, [[{ index: 0, id: 'x&y' }, `<first xmlns="${ns}" index="0">x&amp;y</first>`]])
  decodeFailures('body', first, [[`<first xmlns='${ns}'/>`, 'first: must not be empty']])
  codecCases('text', text('count', ns, int), [[5, `<count xmlns="${ns}">5</count>`]])
  decodeFailures('text', text('count', ns, int), [
    [`<count xmlns='${ns}'>five</count>`, 'count: not an integer'],
  ])

  test('is the text of the element, not of its children', () => {
    expect(first.decode(tree(`<first xmlns='${ns}'>a<b>c</b>d</first>`))).toEqual({ id: 'ad' })
  })
})

describe('at least', () => {
  const list = element('list', ns, { entries: children(text('e', ns, string), { min: 1, max: 1 }) })
  decodeFailures('children', list, [
    [`<list xmlns='${ns}'/>`, 'list/e: fewer than 1'],
    [`<list xmlns='${ns}'><e/><e/></list>`, 'list/e: more than 1'],
  ])
})

describe('choice', () => {
  const action = choice({
    block: element('block', ns, { who: attr('who', string) }),
    unblock: element('unblock', ns, {}),
    note: text('note', 'urn:other', string),
  })
  codecCases<Infer<typeof action>>('choice', action, [
    [{ kind: 'block', value: { who: 'x' } }, `<block xmlns="${ns}" who="x"/>`],
    [{ kind: 'unblock', value: {} }, `<unblock xmlns="${ns}"/>`],
    [{ kind: 'note', value: 'hi' }, '<note xmlns="urn:other">hi</note>'],
  ])
  decodeFailures('choice', action, [
    [`<block xmlns='${ns}'/>`, 'block/@who: required'],
    [`<note xmlns='${ns}'/>`, 'none of block, unblock, note'],
  ])

  test('is matched by any of its names and no other', () => {
    expect(codecNames(action)).toHaveLength(3)
    expect(matches(action, tree("<note xmlns='urn:other'/>"))).toBe(true)
    expect(matches(action, tree(`<note xmlns='${ns}'/>`))).toBe(false)
  })

  test('may be a list of children', () => {
    const log = element('log', ns, { actions: children(action) })
    const value = log.decode(tree(`<log xmlns='${ns}'><unblock/><block who='a'/></log>`))
    expect(value.actions.map((one) => one.kind)).toEqual(['unblock', 'block'])
    const error = failureOf(() => log.decode(tree(`<log xmlns='${ns}'><unblock/><block/></log>`)))
    expect(error?.message).toBe('log/block[2]/@who: required')
  })

  test('an alternative nobody declared is not written', () => {
    expect(() => action.encode({ kind: 'toString', value: '' } as never)).toThrow(TypeError)
  })
})

describe('raw', () => {
  const holder = element('holder', ns, { payloads: raw({ not: ns }) })

  test('X-10: children are copies that keep their namespaces and prefixes on their own', () => {
    const source = tree(
      `<holder xmlns='${ns}' xmlns:p='urn:p'><own/><x xmlns='urn:x' p:a='1'><y/></x><p:z/></holder>`,
    )
    const { payloads } = holder.decode(source)
    expect(payloads.map(xmlOf)).toEqual([
      '<x xmlns="urn:x" xmlns:p="urn:p" p:a="1"><y/></x>',
      '<z xmlns="urn:p"/>',
    ])
    expect(payloads[0]?.parent).toBeNull()
    expect(xmlOf(holder.encode({ payloads }))).toContain('<x xmlns="urn:x"')
    expect(source.getChild('x', 'urn:x')?.parent).toBe(source)
  })

  test('by name, by namespace, all, and at most so many', () => {
    const xml = `<holder xmlns='${ns}'><a/><b/><a xmlns='urn:x'/></holder>`
    const names = (field: ReturnType<typeof raw>) =>
      field.read(tree(xml)).map((el) => `${el.name} ${el.attrs.xmlns}`)
    expect(names(raw({ name: 'a', ns }))).toEqual([`a ${ns}`])
    expect(names(raw({ ns: 'urn:x' }))).toEqual(['a urn:x'])
    expect(names(raw())).toHaveLength(3)
    expect(() => raw({ max: 2 }).read(tree(xml))).toThrow('*: more than 2')
  })
})

test('matching is apart from validity', () => {
  expect(matches(query, tree(`<query xmlns='${ns}'><item/></query>`))).toBe(true)
  expect(matches(query, tree("<query xmlns='urn:other'/>"))).toBe(false)
  expect(matches(query, tree(`<q xmlns='${ns}'/>`))).toBe(false)
})

test('other errors pass through unchanged', () => {
  const broken: Codec<never> = {
    name: 'broken',
    ns,
    decode() {
      throw new RangeError('bug')
    },
    encode: () => tree(`<broken xmlns='${ns}'/>`),
  }
  const outer = element('outer', ns, { list: children(broken) })
  expect(failureOf(() => outer.decode(tree(`<outer xmlns='${ns}'><broken/></outer>`)))).toBeInstanceOf(
    RangeError,
  )
})

test('a decode error is known by its shape', () => {
  expect(isDecodeError(new DecodeError('a', 'b'))).toBe(true)
  expect(isDecodeError(new Error('a'))).toBe(false)
  expect(new DecodeError('a', 'b')).toMatchObject({ code: 'stanza/decode', path: 'a', reason: 'b' })
})

test('an iq definition without result has none', () => {
  expect(defineIq({ type: 'get', request: query })).toEqual({
    type: 'get',
    request: query,
    result: undefined,
  })
})
