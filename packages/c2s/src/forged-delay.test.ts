import { parseJid } from '@xmppkit/jid'
import { readStanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { withoutForeignDelays, withoutForgedDelays } from './forged-delay.js'

const read = (to: string, from: string, keeper: string, kind = 'message') =>
  readStanza(
    parseElement(
      `<${kind} xmlns='jabber:client' type='${kind === 'iq' ? 'get' : 'chat'}' id='1' from='${from}' to='${to}'><delay xmlns='urn:xmpp:delay' from='${keeper}' stamp='2020-01-01T00:00:00Z'/></${kind}>`,
    ),
  )
const ann = 'ann@example.org/r'
const bob = 'bob@example.net/r'

describe('SEC-20: a time a client gives', () => {
  test.each([
    ['its server’s', 'example.org', false],
    ['in other letters', 'EXAMPLE.org', false],
    ['somebody’s there', 'cid@example.org', false],
    ['the server’s of whom it is for', 'example.net', false],
    ['theirs', 'bob@example.net', false],
    ['its own', 'ann@example.org', true],
    ['of its own session', ann, true],
    ['of a room elsewhere', 'room@chat.example', true],
    ['nobody’s', 'a@b@c', true],
  ])('%s', (_what, keeper, stays) => {
    const stanza = read(bob, ann, keeper)
    expect(withoutForgedDelays(stanza, parseJid(ann)).has('delay', 'urn:xmpp:delay')).toBe(stays)
    if (stays) expect(withoutForgedDelays(stanza, parseJid(ann))).toBe(stanza)
  })

  test('in a request is data', () => {
    const stanza = read(bob, ann, 'example.org', 'iq')
    expect(withoutForgedDelays(stanza, parseJid(ann))).toBe(stanza)
  })
})

describe('SEC-20: a time that comes from another domain', () => {
  test.each([
    ['in our name', bob, 'example.org', false],
    ['in that of an account of ours', bob, 'ann@example.org', false],
    ['in its own', bob, 'example.net', true],
    ['though it is from here, where services may say so', 'service@example.org/x', 'example.org', true],
  ])('%s', (_what, from, keeper, stays) => {
    const stanza = read(ann, from, keeper)
    expect(withoutForeignDelays(stanza).has('delay', 'urn:xmpp:delay')).toBe(stays)
  })
})
