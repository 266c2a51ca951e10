import { expect, test } from 'vitest'
import { assertName, assertStorable, domainOfOwner } from './storable-text.js'

test.each([
  ['plain', 'abc'],
  ['empty', ''],
  ['emoji', '\u{1F600}'],
  ['exactly as long as allowed', 'é'.repeat(5)],
])('%s text is storable', (_, text) => {
  expect(() => assertStorable('it', text, 10)).not.toThrow()
})

test.each([
  ['NUL', 'a\0b', 'NUL'],
  ['a lone surrogate', 'a\uD800', 'half a character'],
  ['surrogates the wrong way round', '\uDC00\uD800', 'half a character'],
  ['too many bytes', 'é'.repeat(6), 'more than 10 bytes'],
])('%s is not', (_, text, message) => {
  expect(() => assertStorable('it', text, 10)).toThrow(
    expect.objectContaining({ code: 'storage/bad-text', message: expect.stringContaining(message) }),
  )
})

test('a name is not empty', () => {
  expect(() => assertName('the key', '')).toThrow('the key is empty')
})

test.each([
  ['alice@example.org', 'example.org'],
  ['example.org', 'example.org'],
])('the domain of %s is %s', (owner, domain) => {
  expect(domainOfOwner(owner)).toBe(domain)
})
