import { type C2sSession, sessionResumed, userReceivePacket } from '@xmppkit/c2s'
import { createHooks, isDrop } from '@xmppkit/hooks'
import { type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { type SessionRecord, sessionClosed } from '@xmppkit/sessions'
import { readStanza, type Stanza, StreamError } from '@xmppkit/stanza'
import type { FeatureIo, StreamState } from '@xmppkit/stream'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createClientState } from './client-state.js'
import type { ClientStateOptions } from './client-state-options.js'

const read = (xml: string): Stanza =>
  readStanza(parseElement(xml.replace(/[ />]/, (end) => ` xmlns="jabber:client"${end}`)))
const fullJid = (text: string): FullJid => {
  const jid = parseJid(text)
  if (!isFullJid(jid)) throw new Error(`${text} has no resource`)
  return jid
}

/** A client whose stanzas pass the hooks, as @xmppkit/c2s lets them. */
function scene(options: ClientStateOptions = {}) {
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  const jid = fullJid('juliet@example.com/phone')
  const record = { sid: '1', jid } as SessionRecord
  const records = [record]
  const state = createClientState({ hooks, sessions: { resources: () => records } }, options)
  const ids: (string | undefined)[] = []
  const session = {
    sid: '1',
    jid,
    account: jid.bare,
    send: (stanza: Stanza) => void ids.push(stanza.id),
  } as C2sSession
  const deliver = (xml: string) => {
    const passed = hooks.fold(userReceivePacket, read(xml), { session })
    if (passed instanceof Promise) throw new Error('it never waits')
    if (!isDrop(passed)) ids.push(passed.id)
  }
  const io = (bound: FullJid | undefined) => ({ state: { bound, authenticated: jid.bare } }) as FeatureIo
  return {
    hooks,
    records,
    session,
    state,
    record,
    deliver,
    heard: () => ids.splice(0),
    says(name: string, bound: FullJid | undefined = jid): void {
      expect(state.feature.negotiate?.(parseElement(`<${name} xmlns='urn:xmpp:csi:0'/>`), io(bound))).toEqual(
        {},
      )
    },
  }
}

const presence = (id: string, from = 'romeo@example.net/x', rest = '') =>
  `<presence id='${id}' from='${from}' ${rest}/>`
const text = (id: string) =>
  `<message id='${id}' from='romeo@example.net/x' type='chat'><body>x</body></message>`
const typing = (id: string, from = 'romeo@example.net/x', name = 'composing') =>
  `<message id='${id}' from='${from}' type='chat'><${name} xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread></message>`
const pep = (id: string, node: string, content: string, from = 'romeo@example.net') =>
  `<message id='${id}' from='${from}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='${node}'>${content}</items></event></message>`

describe('an active client', () => {
  test('CSI-1: gets everything at once, and a stream begins as active', () => {
    const { deliver, heard, state, record } = scene()
    for (const xml of [presence('1'), typing('2'), pep('3', 'mood', "<item id='current'/>")]) deliver(xml)
    expect(heard()).toEqual(['1', '2', '3'])
    expect(state.isInactive(record)).toBe(false)
  })
})

describe('an idle client', () => {
  test('CSI-2: is told of the latest of each contact, in the order of the latest, once it is looked at', () => {
    const { deliver, heard, says } = scene()
    says('inactive')
    deliver(presence('1'))
    deliver(presence('2', 'romeo@example.net/y'))
    deliver(presence('3', 'nurse@example.com/x'))
    deliver(presence('4', 'romeo@example.net/x', "type='unavailable'"))
    expect(heard()).toEqual([])
    says('active')
    expect(heard()).toEqual(['2', '3', '4'])
    deliver(presence('5'))
    expect(heard()).toEqual(['5'])
  })

  test('CSI-2: what waits goes before anything important, and then nothing waits', () => {
    const { deliver, heard, says } = scene()
    says('inactive')
    deliver(presence('1'))
    deliver(typing('2'))
    deliver(pep('3', 'mood', "<item id='current'/>"))
    deliver(text('4'))
    expect(heard()).toEqual(['1', '2', '3', '4'])
    deliver(presence('5'))
    expect(heard()).toEqual([])
    says('active')
    expect(heard()).toEqual(['5'])
  })

  test.each([
    text('1'),
    "<iq id='1' from='example.com' type='result'/>",
    presence('1', 'romeo@example.net', "type='subscribe'"),
    presence('1', 'romeo@example.net', "type='unsubscribed'"),
    presence('1', 'room@rooms.example.com/x', "type='error'"),
    "<presence id='1' from='room@rooms.example.com/me'><x xmlns='http://jabber.org/protocol/muc#user'><status code='100'/><status code='110'/></x></presence>",
    "<message id='1' from='romeo@example.net/x' type='error'><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message id='1' from='romeo@example.net/x'><received xmlns='urn:xmpp:receipts' id='0'/></message>",
    "<message id='1' from='romeo@example.net/x'/>",
    "<message id='1' from='room@rooms.example.com/x' type='groupchat'><body>x</body></message>",
    "<message id='1' from='romeo@example.net/x' type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><body>x</body></message>",
    pep('1', 'news', "<item id='a'/>", 'pubsub.example.com'),
    "<message id='1' from='juliet@example.com'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='juliet@example.com/desk' to='romeo@example.net' type='chat'><body>x</body></message></forwarded></sent></message>",
  ])('CSI-3: gets what is important at once: %s', (xml) => {
    const { deliver, heard, says } = scene()
    says('inactive')
    deliver(presence('0'))
    deliver(xml)
    expect(heard()).toEqual(['0', '1'])
  })

  test('CSI-3: a chat state that is only a copy waits too, by conversation', () => {
    const { deliver, heard, says } = scene()
    const copy = (id: string, to: string) =>
      `<message id='${id}' from='juliet@example.com'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='juliet@example.com/desk' to='${to}' type='chat'><paused xmlns='http://jabber.org/protocol/chatstates'/><no-store xmlns='urn:xmpp:hints'/></message></forwarded></sent></message>`
    says('inactive')
    deliver(copy('1', 'romeo@example.net'))
    deliver(copy('2', 'nurse@example.com'))
    deliver(copy('3', 'romeo@example.net'))
    expect(heard()).toEqual([])
    says('active')
    expect(heard()).toEqual(['2', '3'])
  })

  test('CSI-3: of what contacts publish, different items are different things', () => {
    const { deliver, heard, says } = scene()
    says('inactive')
    deliver(pep('1', 'bookmarks', "<item id='a'/>"))
    deliver(pep('2', 'bookmarks', "<item id='b'/>"))
    deliver(pep('3', 'bookmarks', "<retract id='a'/>"))
    deliver(pep('4', 'mood', "<item id='a'/>"))
    expect(heard()).toEqual([])
    deliver(pep('5', 'bookmarks', "<item id='c'/><item id='d'/>"))
    expect(heard()).toEqual(['2', '3', '4', '5'])
  })

  test('kinds of stanza can be excepted', () => {
    const { deliver, heard, says } = scene({ holdPresence: false, holdChatStates: false, holdPep: false })
    says('inactive')
    for (const xml of [presence('1'), typing('2'), pep('3', 'mood', "<item id='current'/>")]) deliver(xml)
    expect(heard()).toEqual(['1', '2', '3'])
  })

  test('L-1: what waits is bounded, by number and by bytes; all of it is sent then', () => {
    const few = scene({ maxHeld: 2 })
    few.says('inactive')
    for (const id of ['1', '2', '1', '2']) few.deliver(presence(id, `romeo@example.net/${id}`))
    expect(few.heard()).toEqual([])
    few.deliver(presence('3', 'romeo@example.net/3'))
    expect(few.heard()).toEqual(['1', '2', '3'])

    const small = scene({ maxHeldBytes: 250 })
    small.says('inactive')
    for (let n = 0; n < 20; n += 1) small.deliver(presence('1'))
    expect(small.heard()).toEqual([])
    for (const id of ['2', '3', '4']) small.deliver(presence(id, `romeo@example.net/${id}`))
    expect(small.heard()).toEqual(['1', '2', '3', '4'])
  })

  test('saying it twice changes nothing', () => {
    const { deliver, heard, says } = scene()
    says('active')
    says('inactive')
    deliver(presence('1'))
    says('inactive')
    says('active')
    says('active')
    expect(heard()).toEqual(['1'])
  })

  test('SM-4: a resumed session is active again and gets what waits', async () => {
    const { deliver, heard, hooks, says, session, state, record } = scene()
    says('inactive')
    deliver(presence('1'))
    await hooks.run(sessionResumed, { session })
    expect([heard(), state.isInactive(record)]).toEqual([['1'], false])
  })

  test('nothing is kept for a session that is gone', async () => {
    const { deliver, heard, says, hooks, state, record } = scene()
    says('inactive')
    deliver(presence('1'))
    await hooks.run(sessionClosed, { session: record, reason: 'test' })
    state.active(record)
    expect([heard(), state.isInactive(record)]).toEqual([[], false])
  })

  test('when the block ends everybody gets what waits', async () => {
    const { deliver, heard, says, state } = scene()
    says('inactive')
    deliver(presence('1'))
    await state.close()
    deliver(presence('2'))
    expect(heard()).toEqual(['1', '2'])
  })
})

describe('the feature', () => {
  test('CSI-1: is offered once the client is known, and not before', () => {
    const { feature } = scene().state
    const jid = fullJid('juliet@example.com/phone')
    expect(feature.offered({} as StreamState)).toBe(false)
    expect(feature.offered({ authenticated: jid.bare } as StreamState)).toBe(true)
    expect(feature.advertise({} as StreamState)?.toString()).toBe('<csi xmlns="urn:xmpp:csi:0"/>')
  })

  test('ends the stream of who says it before there is a session, or says something else', () => {
    const { says, records } = scene()
    expect(() => says('idle')).toThrow(StreamError)
    records.length = 0
    expect(() => says('inactive')).toThrow(StreamError)
  })
})
