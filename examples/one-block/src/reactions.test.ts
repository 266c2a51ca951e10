import { isDecodeError, matches, message, readStanza } from '@xmppkit/stanza'
import { parseElement, textFromWire } from '@xmppkit/xml'
import { expect, expectTypeOf, test } from 'vitest'
import { type Reactions, reactions } from './reactions.js'

const read = (content: string) =>
  readStanza(parseElement(`<message xmlns='jabber:client'>${content}</message>`))

test('what is written reads the same', () => {
  const value: Reactions = { id: 'msg-7', emoji: ['👋', '🐢', '<&>'] }
  const wire = message({ to: 'juliet@example.com' }, reactions.encode(value)).toWire()
  expect(readStanza(parseElement(textFromWire(wire))).payload(reactions)).toEqual(value)
})

test('the type follows from the declaration', () => {
  expectTypeOf<Reactions>().toEqualTypeOf<{ readonly id: string; readonly emoji: readonly string[] }>()
})

test('a message without reactions has none', () => {
  expect(read('<body>hello</body>').payload(reactions)).toBeUndefined()
})

test('reactions without the message they are to are refused, and the error says where', () => {
  const stanza = read("<reactions xmlns='urn:xmpp:reactions:0'><reaction>👋</reaction></reactions>")
  expect(matches(reactions, stanza.raw.childAt(0).toElement())).toBe(true)
  let error: unknown
  try {
    stanza.payload(reactions)
  } catch (caught) {
    error = caught
  }
  expect(isDecodeError(error)).toBe(true)
  expect(String(error)).toContain('reactions/@id: required')
})

test('more reactions than the declaration allows are refused', () => {
  const many = '<reaction>👋</reaction>'.repeat(21)
  const stanza = read(`<reactions xmlns='urn:xmpp:reactions:0' id='a'>${many}</reactions>`)
  expect(() => stanza.payload(reactions)).toThrow(/reaction/)
})
