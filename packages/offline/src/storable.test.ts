import { describe, expect, test } from 'vitest'
import { read } from './fake-host.js'
import { expiryOf, fateOf } from './storable.js'

const body = '<body>Art thou not Romeo?</body>'
const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>"
const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`
const message = (type: string, content: string) =>
  read(`<message from='a@b/c' to='d@e'${type && ` type='${type}'`}>${content}</message>`)

describe('OFF-2: XEP-0160 §3: what becomes of a message whose addressee is away', () => {
  test.each([
    ['normal', body, 'store'],
    ['', body, 'store'],
    ['unheard-of', body, 'store'],
    ['normal', '', 'store'],
    ['normal', '<subject>x</subject>', 'store'],
    ['chat', body, 'store'],
    ['chat', body + composing, 'store'],
    ['chat', composing, 'discard'],
    ['chat', `${composing}<thread>t</thread>`, 'discard'],
    ['chat', `${composing}${hint('no-copy')}`, 'discard'],
    ['chat', `${composing}<received xmlns='urn:xmpp:receipts' id='1'/>`, 'store'],
    ['chat', "<received xmlns='urn:xmpp:receipts' id='1'/>", 'store'],
    ['groupchat', body, 'bounce'],
    ['headline', body, 'discard'],
    ['error', body, 'discard'],
  ] as const)('type %j with %s: %s', (type, content, fate) => {
    expect(fateOf(message(type, content))).toBe(fate)
  })
})

describe('HINT-1 XEP-0334: hints', () => {
  test.each([
    ['chat', body, 'no-store', 'bounce'],
    ['normal', body, 'no-store', 'bounce'],
    ['headline', body, 'no-store', 'discard'],
    ['chat', composing, 'no-store', 'discard'],
    ['chat', body, 'no-permanent-store', 'store'],
    ['chat', body, 'no-copy', 'store'],
    ['chat', composing, 'store', 'store'],
    ['headline', body, 'store', 'store'],
    ['error', body, 'store', 'discard'],
  ] as const)('type %s, %s, %s: %s', (type, content, name, fate) => {
    expect(fateOf(message(type, content + hint(name)))).toBe(fate)
  })

  test('a wish not to be stored counts more than one to be', () => {
    expect(fateOf(message('chat', body + hint('store') + hint('no-store')))).toBe('bounce')
  })

  test('what only looks like a hint is none', () => {
    expect(fateOf(message('chat', `${body}<no-store xmlns='urn:example'/>`))).toBe('store')
  })
})

describe('XEP-0023: time to live', () => {
  const expire = (seconds: string) =>
    message('chat', `${body}<x xmlns='jabber:x:expire' seconds='${seconds}'/>`)

  test.each([
    ['1800', 1_801_000],
    ['0', 1000],
    ['9999999999', 10_000_000_000_000],
  ])('%s seconds', (seconds, expected) => {
    expect(expiryOf(expire(seconds), 1000)).toBe(expected)
  })

  test.each(['', '-1', '1.5', '1e3', ' 1', 'soon', '99999999999', '0x10'])('%j is no time', (seconds) => {
    expect(expiryOf(expire(seconds), 1000)).toBeUndefined()
  })

  test('none', () => {
    expect(expiryOf(message('chat', body), 1000)).toBeUndefined()
    expect(expiryOf(message('chat', `${body}<x xmlns='jabber:x:expire'/>`), 1000)).toBeUndefined()
  })
})
