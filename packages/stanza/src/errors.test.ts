import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { tree, xmlOf } from './codec-cases.js'
import { NS } from './namespaces.js'
import {
  isSaslFailure,
  SaslFailure,
  saslFailureConditions,
  saslFailureElement,
  saslFailureFrom,
} from './sasl-failure.js'
import {
  isStanzaError,
  StanzaError,
  stanzaErrorElement,
  stanzaErrorFrom,
  stanzaErrorTypes,
} from './stanza-error.js'
import {
  isStreamError,
  StreamError,
  streamErrorConditions,
  streamErrorElement,
  streamErrorFrom,
} from './stream-error.js'

describe('stanza errors', () => {
  test('Q-6: the vocabulary is the closed one of RFC 6120 §8.3.3', () => {
    expect(Object.keys(stanzaErrorTypes)).toHaveLength(22)
    expect(Object.entries(stanzaErrorTypes).map(([condition, type]) => `${type} ${condition}`)).toEqual([
      'modify bad-request',
      'cancel conflict',
      'cancel feature-not-implemented',
      'auth forbidden',
      'cancel gone',
      'cancel internal-server-error',
      'cancel item-not-found',
      'modify jid-malformed',
      'modify not-acceptable',
      'cancel not-allowed',
      'auth not-authorized',
      'modify policy-violation',
      'wait recipient-unavailable',
      'modify redirect',
      'auth registration-required',
      'cancel remote-server-not-found',
      'wait remote-server-timeout',
      'wait resource-constraint',
      'cancel service-unavailable',
      'auth subscription-required',
      'cancel undefined-condition',
      'wait unexpected-request',
    ])
  })

  test('Q-6: condition, text, application, in this order', () => {
    const error = new StanzaError('gone', {
      type: 'modify',
      by: 'example.com',
      address: 'xmpp:new@example.com',
      text: 'verzogen',
      lang: 'de',
      application: new Element('moved', { xmlns: 'urn:example' }),
    })
    const el = stanzaErrorElement(error)
    expect(xmlOf(el)).toBe(
      '<error xmlns="jabber:client" type="modify" by="example.com">' +
        '<gone xmlns="urn:ietf:params:xml:ns:xmpp-stanzas">xmpp:new@example.com</gone>' +
        '<text xmlns="urn:ietf:params:xml:ns:xmpp-stanzas" xml:lang="de">verzogen</text>' +
        '<moved xmlns="urn:example"/></error>',
    )
    const back = stanzaErrorFrom(el)
    expect(back).toMatchObject({
      condition: 'gone',
      type: 'modify',
      by: 'example.com',
      address: 'xmpp:new@example.com',
      text: 'verzogen',
      lang: 'de',
    })
    expect(back.application?.name).toBe('moved')
  })

  const garbage = [
    ['<error xmlns="jabber:client"/>', 'undefined-condition', 'cancel'],
    [
      `<error xmlns="jabber:client" type="loud"><conflict xmlns="${NS.stanzaErrors}"/></error>`,
      'conflict',
      'cancel',
    ],
    [
      '<error xmlns="jabber:client" type="wait"><conflict xmlns="urn:example"/></error>',
      'undefined-condition',
      'wait',
    ],
    [
      `<error xmlns="jabber:client"><constructor xmlns="${NS.stanzaErrors}"/></error>`,
      'undefined-condition',
      'cancel',
    ],
  ] as const
  test.each(garbage)('SEC-36: reading %s', (xml, condition, type) => {
    expect(stanzaErrorFrom(tree(xml))).toMatchObject({ condition, type })
  })

  test('are told from other errors by shape', () => {
    expect(isStanzaError(new StanzaError('conflict'))).toBe(true)
    expect(isStanzaError(new StreamError('conflict'))).toBe(false)
    expect(isStanzaError(Object.assign(new Error('x'), { name: 'StanzaError', condition: 'conflict' }))).toBe(
      true,
    )
    expect(isStanzaError(Object.assign(new Error('x'), { name: 'StanzaError', condition: 'toString' }))).toBe(
      false,
    )
    expect(isStanzaError('conflict')).toBe(false)
  })
})

describe('stream errors', () => {
  test('the vocabulary is the closed one of RFC 6120 §4.9.3', () => {
    expect(streamErrorConditions).toHaveLength(25)
    expect(new Set(streamErrorConditions).size).toBe(25)
  })

  test('S-16: one defined condition, then text with its language, then the application element', () => {
    const error = new StreamError('see-other-host', {
      host: '[2001:db8::1]:5222',
      text: 'over there',
      application: new Element('why', { xmlns: 'urn:example' }),
    })
    const el = streamErrorElement(error)
    expect(xmlOf(el)).toBe(
      '<stream:error xmlns:stream="http://etherx.jabber.org/streams">' +
        '<see-other-host xmlns="urn:ietf:params:xml:ns:xmpp-streams">[2001:db8::1]:5222</see-other-host>' +
        '<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">over there</text>' +
        '<why xmlns="urn:example"/></stream:error>',
    )
    expect(streamErrorFrom(el)).toMatchObject({
      condition: 'see-other-host',
      host: '[2001:db8::1]:5222',
      text: 'over there',
    })
  })

  test.each(streamErrorConditions)('%s survives writing and reading', (condition) => {
    const el = tree(xmlOf(streamErrorElement(new StreamError(condition))))
    expect(streamErrorFrom(el)).toMatchObject({ condition, text: undefined, host: undefined })
  })

  const old = [
    ['xml-not-well-formed', 'not-well-formed'],
    ['invalid-id', 'undefined-condition'],
    ['constructor', 'undefined-condition'],
  ] as const
  test.each(old)('%s from an old peer is %s', (name, condition) => {
    const xml = `<error xmlns="${NS.streams}"><${name} xmlns="${NS.streamErrors}"/></error>`
    expect(streamErrorFrom(tree(xml)).condition).toBe(condition)
  })

  test('the cause stays inside', () => {
    const cause = new Error('secret detail')
    const error = new StreamError('internal-server-error', { cause })
    expect(error.cause).toBe(cause)
    expect(xmlOf(streamErrorElement(error))).not.toContain('secret')
    expect(isStreamError(error)).toBe(true)
    expect(isStreamError(cause)).toBe(false)
  })
})

describe('SASL failures', () => {
  test('the vocabulary is the closed one of RFC 6120 §6.5', () => {
    expect(saslFailureConditions).toHaveLength(11)
  })

  test.each(saslFailureConditions)('%s survives writing and reading, in SASL and SASL2', (condition) => {
    for (const ns of [NS.sasl, NS.sasl2] as const) {
      const el = tree(xmlOf(saslFailureElement(new SaslFailure(condition, { text: 'no' }), ns)))
      expect(saslFailureFrom(el)).toMatchObject({ condition, text: 'no' })
    }
  })

  test('the condition of SASL2 is in the namespace of SASL', () => {
    expect(xmlOf(saslFailureElement(new SaslFailure('aborted', { text: 'x' }), NS.sasl2))).toBe(
      '<failure xmlns="urn:xmpp:sasl:2"><aborted xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>' +
        '<text xml:lang="en">x</text></failure>',
    )
  })

  test('an unknown condition means not authorized', () => {
    expect(saslFailureFrom(tree(`<failure xmlns="${NS.sasl}"><bad-luck/></failure>`)).condition).toBe(
      'not-authorized',
    )
    expect(isSaslFailure(new SaslFailure('aborted'))).toBe(true)
    expect(isSaslFailure(new StanzaError('not-authorized'))).toBe(false)
  })
})
