import { parseJid } from '@xmppkit/jid'
import { Element, parseElement, textFromWire } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { iq, message, presence } from './builders.js'
import { readStanza } from './read-stanza.js'
import type { Stanza } from './stanza.js'

const wire = (stanza: Stanza) => textFromWire(stanza.toWire())

const built: readonly (readonly [Stanza, string])[] = [
  [message({}), '<message xmlns="jabber:client"/>'],
  [
    message({
      type: 'chat',
      to: 'a@example.com',
      from: parseJid('b@example.com/r'),
      id: '1',
      lang: 'en',
      body: 'Hi',
    }),
    '<message xmlns="jabber:client" type="chat" to="a@example.com" from="b@example.com/r" id="1" xml:lang="en"><body>Hi</body></message>',
  ],
  [
    message({ subject: 's', body: '<&>', thread: 't' }),
    '<message xmlns="jabber:client"><subject>s</subject><body>&lt;&amp;&gt;</body><thread>t</thread></message>',
  ],
  [presence(), '<presence xmlns="jabber:client"/>'],
  [
    presence({ type: 'available', priority: -1 }),
    '<presence xmlns="jabber:client"><priority>-1</priority></presence>',
  ],
  [
    presence({ type: 'unavailable', show: 'xa', status: 'away' }),
    '<presence xmlns="jabber:client" type="unavailable"><show>xa</show><status>away</status></presence>',
  ],
  [
    iq({ type: 'get', id: 'p' }, new Element('ping', { xmlns: 'urn:xmpp:ping' })),
    '<iq xmlns="jabber:client" type="get" id="p"><ping xmlns="urn:xmpp:ping"/></iq>',
  ],
  [
    message({}, undefined, parseElement("<x xmlns='urn:example'><y/></x>")),
    '<message xmlns="jabber:client"><x xmlns="urn:example"><y/></x></message>',
  ],
]

test.each(built)('builds case %#', (stanza, xml) => {
  expect(wire(stanza)).toBe(xml)
})

test.each(built)('what is built and what is read back are the same, case %#', (stanza) => {
  const { kind, type, to, from, id, lang } = readStanza(parseElement(wire(stanza)))
  expect({ kind, type, to, from, id, lang }).toEqual({
    kind: stanza.kind,
    type: stanza.type,
    to: stanza.to,
    from: stanza.from,
    id: stanza.id,
    lang: stanza.lang,
  })
})

test('a malformed address given as text is refused', () => {
  expect(() => message({ to: '@example.com' })).toThrow()
})

test.each([128, -129, 1.5, Number.NaN])('N-6: the priority %d is refused', (priority) => {
  expect(() => presence({ priority })).toThrow(RangeError)
})

test.each(['\u0000', '\u000b', '\ud800', '\uffff'])('X-9: text XML cannot carry is refused: %j', (body) => {
  expect(() => message({ body })).toThrow()
})

test.each(['\u0000', '\ud800'])('X-9: an id XML cannot carry is refused: %j', (id) => {
  expect(() => iq({ type: 'result', id })).toThrow()
})
