import { parseJid } from '@xmppkit/jid'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { message } from './builders.js'
import { codecCases, decodeFailures, tree, xmlOf } from './codec-cases.js'
import { type Delay, delay } from './delay.js'
import { forward, forwarded } from './forwarded.js'
import { hasHint, hintElement, hintNames } from './hints.js'
import { readStanza } from './read-stanza.js'
import { type RsmRequest, type RsmResponse, rsmRequest, rsmResponse } from './rsm.js'

const stamp = new Date('2002-09-10T23:08:25Z')

codecCases<Delay>('delay', delay, [
  [
    { from: parseJid('example.com'), stamp, reason: 'Offline Storage' },
    '<delay xmlns="urn:xmpp:delay" from="example.com" stamp="2002-09-10T23:08:25Z">Offline Storage</delay>',
  ],
  [{ stamp, reason: '' }, '<delay xmlns="urn:xmpp:delay" stamp="2002-09-10T23:08:25Z"/>'],
])
decodeFailures('delay', delay, [
  ["<delay xmlns='urn:xmpp:delay'/>", 'delay/@stamp: required'],
  ["<delay xmlns='urn:xmpp:delay' stamp='now'/>", 'delay/@stamp: not a date and time'],
  ["<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z' from='@'/>", 'delay/@from: not an address'],
])

const ns = 'http://jabber.org/protocol/rsm'
codecCases<RsmRequest>('result set request', rsmRequest, [
  [{}, `<set xmlns="${ns}"/>`],
  [{ max: 10 }, `<set xmlns="${ns}"><max>10</max></set>`],
  [{ max: 10, after: 'x' }, `<set xmlns="${ns}"><max>10</max><after>x</after></set>`],
  [{ max: 10, before: '' }, `<set xmlns="${ns}"><max>10</max><before/></set>`],
  [{ max: 0, index: 371 }, `<set xmlns="${ns}"><max>0</max><index>371</index></set>`],
])
decodeFailures('result set request', rsmRequest, [
  [`<set xmlns='${ns}'><max>-1</max></set>`, 'set/max: not between 0 and 9007199254740991'],
  [`<set xmlns='${ns}'><max>ten</max></set>`, 'set/max: not an integer'],
  [`<set xmlns='${ns}'><max/></set>`, 'set/max: not an integer'],
  [`<set xmlns='${ns}'><max>1</max><max>2</max></set>`, 'set/max: more than one'],
  [`<set xmlns='${ns}'><after>${'x'.repeat(1025)}</after></set>`, 'set/after: longer than 1024 characters'],
])
codecCases<RsmResponse>('result set response', rsmResponse, [
  [{ count: 0 }, `<set xmlns="${ns}"><count>0</count></set>`],
  [
    { first: { index: 0, id: 'a' }, last: 'b', count: 800 },
    `<set xmlns="${ns}"><first index="0">a</first><last>b</last><count>800</count></set>`,
  ],
  [{ first: { id: 'a' }, last: 'a' }, `<set xmlns="${ns}"><first>a</first><last>a</last></set>`],
])
decodeFailures('result set response', rsmResponse, [
  [`<set xmlns='${ns}'><first index='x'>a</first></set>`, 'set/first/@index: not an integer'],
])

describe('forwarded', () => {
  const inner = '<message xmlns="jabber:client" to="a@example.com" type="chat"><body>hi</body></message>'
  const xml =
    '<forwarded xmlns="urn:xmpp:forward:0"><delay xmlns="urn:xmpp:delay" stamp="2002-09-10T23:08:25Z"/>' +
    `${inner}</forwarded>`

  test('is read with its stanza and its time', () => {
    const { stanza, delay: when } = forwarded.decode(tree(xml))
    expect(stanza).toMatchObject({ kind: 'message', type: 'chat' })
    expect(stanza.text('body')).toBe('hi')
    expect(textFromWire(stanza.toWire())).toBe(inner)
    expect(when?.stamp).toEqual(stamp)
  })

  test('is written with the stanza in its own namespace', () => {
    const stanza = readStanza(parseElement(inner))
    expect(textFromWire(forward(stanza, { stamp, reason: '' }).toWire())).toBe(xml)
    expect(xmlOf(forwarded.encode({ stanza, delay: { stamp, reason: '' } }))).toBe(xml)
    expect(forwarded.decode(forwarded.encode({ stanza })).stanza.text('body')).toBe('hi')
  })

  decodeFailures('forwarded', forwarded, [
    ["<forwarded xmlns='urn:xmpp:forward:0'/>", 'forwarded/message: required'],
    ["<forwarded xmlns='urn:xmpp:forward:0'><message/></forwarded>", 'forwarded/message: required'],
    [
      `<forwarded xmlns='urn:xmpp:forward:0'>${inner}${inner}</forwarded>`,
      'forwarded/message: more than one stanza',
    ],
    [
      "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' to='@'/></forwarded>",
      'forwarded/message: the to address is malformed',
    ],
    [
      "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='get'/></forwarded>",
      'forwarded/iq: an iq needs an id',
    ],
    [
      `<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay'/>${inner}</forwarded>`,
      'forwarded/delay/@stamp: required',
    ],
  ])
})

test.each(hintNames)('the hint %s is written and found', (hint) => {
  const stanza = message({ body: 'x' }, hintElement(hint))
  for (const other of hintNames) expect(hasHint(stanza, other)).toBe(other === hint)
})
