/* oxlint-disable unicorn/no-thenable -- foreign thenables are tested here */
import { describe, expect, test } from 'vitest'
import { createCountingIds, isThenable, isXmppkitError, randomIds, XmppkitError } from './index.js'

class SessionError extends XmppkitError<'session/limit'> {}

test('an error carries code, cause and the name of its class', () => {
  const cause = new Error('why')
  const error = new SessionError('session/limit', 'too many', { cause })
  expect(error).toMatchObject({ code: 'session/limit', message: 'too many', cause, name: 'SessionError' })
  expect(error).toBeInstanceOf(Error)
})

describe('isXmppkitError', () => {
  test.each<[string, unknown, string | undefined, boolean]>([
    ['any code', new SessionError('session/limit', ''), undefined, true],
    ['this code', new SessionError('session/limit', ''), 'session/limit', true],
    ['another code', new SessionError('session/limit', ''), 'session/closed', false],
    [
      'an error of another copy',
      Object.assign(new Error(''), { code: 'session/limit' }),
      'session/limit',
      true,
    ],
    ['an error of the system', Object.assign(new Error(''), { code: 'ECONNRESET' }), undefined, false],
    [
      'an error of the system, by code',
      Object.assign(new Error(''), { code: 'ECONNRESET' }),
      'ECONNRESET',
      true,
    ],
    ['an error without code', new Error(''), undefined, false],
    ['a code of another type', Object.assign(new Error(''), { code: 1 }), undefined, false],
    ['no error', { code: 'session/limit' }, undefined, false],
    ['nothing', undefined, undefined, false],
  ])('%s', (_, value, code, expected) => {
    expect(isXmppkitError(value, code)).toBe(expected)
  })
})

const key = 'then'
const thenable = { [key]: () => {} }
const almost = { [key]: 1 }

test.each<[string, unknown, boolean]>([
  ['a promise', Promise.resolve(), true],
  ['anything with a then', thenable, true],
  ['a function with a then', Object.assign(() => {}, thenable), true],
  ['a then that is no function', almost, false],
  ['null', null, false],
  ['text', 'then', false],
])('isThenable: %s', (_, value, expected) => {
  expect(isThenable(value)).toBe(expected)
})

test('random ids are URL-safe, carry 144 bits and do not repeat', () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => randomIds.next()))
  expect(ids.size).toBe(1_000)
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{24}$/)
})

test('counting ids count', () => {
  const ids = createCountingIds('sid-')
  expect([ids.next(), ids.next()]).toEqual(['sid-1', 'sid-2'])
})
