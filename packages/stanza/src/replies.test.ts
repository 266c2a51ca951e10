import { parseJid } from '@xmppkit/jid'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { failureOf } from './codec-cases.js'
import { DecodeError } from './decode-error.js'
import { delay } from './delay.js'
import { metaKey } from './meta-key.js'
import { readStanza } from './read-stanza.js'
import {
  decodeErrorAnswer,
  errorReply,
  errorReplyTo,
  maxEchoBytes,
  readStanzaError,
  resultReply,
} from './replies.js'
import type { Stanza } from './stanza.js'
import { isStanzaError, StanzaError, stanzaErrorTypes } from './stanza-error.js'

const read = (xml: string) => readStanza(parseElement(xml))
const wire = (stanza: Stanza | undefined) => stanza && textFromWire(stanza.toWire())
const busy = new StanzaError('resource-constraint', { text: 'try later' })

describe('errorReply', () => {
  test('Q-6 D-8: swaps the addresses, keeps the id and the payload, ends with the error', () => {
    const request = read(
      '<iq xmlns="jabber:client" type="get" id="7" to="b@example.com" from="a@example.com/r"><q xmlns="urn:example"/></iq>',
    )
    const reply = errorReply(request, busy)
    expect(reply).toMatchObject({ kind: 'iq', type: 'error', id: '7', to: request.from, from: request.to })
    expect(wire(reply)).toBe(
      '<iq xmlns="jabber:client" type="error" id="7" to="a@example.com/r" from="b@example.com">' +
        '<q xmlns="urn:example"/><error type="wait">' +
        '<resource-constraint xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>' +
        '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">try later</text></error></iq>',
    )
  })

  const silent = [
    '<message type="error"/>',
    '<presence type="error"/>',
    '<presence type="unavailable"/>',
    '<presence type="probe"/>',
    '<iq type="result" id="1"/>',
    '<iq type="error" id="1"/>',
  ]
  test.each(silent)('Q-7: %s is never answered with an error', (xml) => {
    const stanza = read(xml.replace(' ', ' xmlns="jabber:client" '))
    expect(errorReply(stanza, busy)).toBeUndefined()
    expect(errorReplyTo(stanza.raw, busy, {})).toBeUndefined()
  })

  const answered = [
    '<message />',
    '<message type="groupchat"/>',
    '<message type="headline"/>',
    '<presence />',
    '<presence type="subscribe"/>',
    '<iq type="get" id="1"/>',
    '<iq type="set" id="1"/>',
  ]
  test.each(answered)('%s is answered, and the answer is not', (xml) => {
    const reply = errorReply(read(xml.replace(' ', ' xmlns="jabber:client" ')), busy)
    expect(reply?.type).toBe('error')
    expect(reply && errorReply(reply, busy)).toBeUndefined()
  })

  test('Q-8: a large payload is left out', () => {
    const body = 'x'.repeat(maxEchoBytes)
    const reply = errorReply(
      read(`<message xmlns="jabber:client" id="1"><body>${body}</body></message>`),
      busy,
    )
    expect(reply?.text('body')).toBeUndefined()
    expect(reply?.id).toBe('1')
    expect(reply && readStanzaError(reply)?.condition).toBe('resource-constraint')
  })

  test('an error the sender put there is replaced, one in another namespace is payload', () => {
    const reply = errorReply(
      read('<message xmlns="jabber:client"><error type="auth"/><error xmlns="urn:example"/></message>'),
      busy,
    )
    expect(reply?.raw.children).toEqual([
      expect.objectContaining({ name: 'error', ns: 'urn:example' }),
      expect.objectContaining({ name: 'error', ns: 'jabber:client' }),
    ])
    expect(reply && readStanzaError(reply)?.type).toBe('wait')
  })

  test('Q-6: names who found the error, unless the error does', () => {
    const stanza = read('<message xmlns="jabber:client"/>')
    const by = (error: StanzaError) => {
      const reply = errorReply(stanza, error, 'example.com')
      return reply && readStanzaError(reply)?.by
    }
    expect(by(busy)).toBe('example.com')
    expect(by(new StanzaError('forbidden', { by: 'other.example' }))).toBe('other.example')
  })

  test('values that travel inside the server do not come back', () => {
    const key = metaKey<string>('ip')
    expect(
      errorReply(read('<message xmlns="jabber:client"/>').withMeta(key, 'x'), busy)?.meta(key),
    ).toBeUndefined()
  })

  test('D-5: an element that could not be read is answered to the given address only', () => {
    const raw = parseElement('<message xmlns="jabber:client" to="@" from="@" id="9"><body>x</body></message>')
    const error = failureOf(() => readStanza(raw))
    if (!isStanzaError(error)) throw new Error('expected a stanza error')
    const reply = errorReplyTo(raw, error, { to: parseJid('a@example.com/r'), from: parseJid('example.com') })
    expect(reply && textFromWire(reply.toWire())).toBe(
      '<message xmlns="jabber:client" to="a@example.com/r" from="example.com" id="9" type="error"><body>x</body>' +
        '<error type="modify"><jid-malformed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>' +
        '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="en">the to address is malformed</text></error></message>',
    )
  })
})

describe('resultReply', () => {
  test('D-8: swaps the addresses and keeps the id', () => {
    const request = read(
      '<iq xmlns="jabber:client" type="set" id="7" from="a@example.com/r"><q xmlns="u:q"/></iq>',
    )
    expect(wire(resultReply(request))).toBe(
      '<iq xmlns="jabber:client" type="result" to="a@example.com/r" id="7"/>',
    )
  })

  test('carries a payload', () => {
    const request = read('<iq xmlns="jabber:client" type="get" id="7" to="example.com"><q xmlns="u:q"/></iq>')
    const reply = resultReply(request, delay.encode({ stamp: new Date(0), reason: '' }))
    expect(reply.payload(delay)?.stamp.getTime()).toBe(0)
    expect(reply.from?.toString()).toBe('example.com')
  })
})

describe('readStanzaError', () => {
  test('undefined for what is no error', () => {
    expect(readStanzaError(read('<message xmlns="jabber:client"/>'))).toBeUndefined()
  })

  test('an error without its element is an undefined condition', () => {
    expect(readStanzaError(read('<message xmlns="jabber:client" type="error"/>'))?.condition).toBe(
      'undefined-condition',
    )
  })
})

test('a malformed payload is answered with its path and nothing of its content', () => {
  const error = decodeErrorAnswer(new DecodeError('query/item/@jid', 'required'))
  expect(error).toMatchObject({ condition: 'bad-request', type: 'modify', text: 'query/item/@jid: required' })
  expect(decodeErrorAnswer(new DecodeError('x', 'bad', 'not-acceptable')).condition).toBe('not-acceptable')
})

test.each(Object.keys(stanzaErrorTypes) as (keyof typeof stanzaErrorTypes)[])(
  'Q-6: %s survives a reply and reading it',
  (condition) => {
    const reply = errorReply(read('<message xmlns="jabber:client"/>'), new StanzaError(condition))
    const back = reply && readStanzaError(reply)
    expect(back).toMatchObject({ condition, type: stanzaErrorTypes[condition] })
  },
)
