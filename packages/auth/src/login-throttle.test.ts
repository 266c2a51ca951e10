import { type BareJid, parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import {
  createLoginThrottle,
  type LoginOutcome,
  type LoginThrottle,
  loginThrottleDefaults,
} from './login-throttle.js'

const juliet = parseJid('juliet@example.org') as BareJid
const romeo = parseJid('romeo@example.org') as BareJid

/** A whole try: `waits` if it was not even begun, else how it ended. */
function attempt(
  throttle: LoginThrottle,
  address: string,
  account: BareJid | undefined,
  outcome: LoginOutcome,
): LoginOutcome | 'address waits' | 'account waits' {
  const login = throttle.begin(address)
  if (login === undefined) return 'address waits'
  if (account !== undefined && !login.names(account)) {
    login.end('spared')
    return 'account waits'
  }
  login.end(outcome)
  return outcome
}

describe('by address', () => {
  test('the limit is reached by failures only, and ends with the window', async () => {
    const clock = createManualClock()
    const throttle = createLoginThrottle({ clock }, { maxFailuresPerAddress: 2, windowMs: 1000 })
    for (let i = 0; i < 10; i++) expect(attempt(throttle, '192.0.2.1', juliet, 'succeeded')).toBe('succeeded')
    for (let i = 0; i < 10; i++) expect(attempt(throttle, '192.0.2.1', juliet, 'spared')).toBe('spared')
    expect(attempt(throttle, '192.0.2.1', undefined, 'refused')).toBe('refused')
    // An account of one's own must not buy more guesses at others.
    expect(attempt(throttle, '192.0.2.1', romeo, 'succeeded')).toBe('succeeded')
    expect(attempt(throttle, '192.0.2.1', juliet, 'wrong')).toBe('wrong')
    expect(attempt(throttle, '192.0.2.1', juliet, 'succeeded')).toBe('address waits')
    expect(attempt(throttle, '192.0.2.2', juliet, 'succeeded')).toBe('succeeded')
    await clock.advance(1000)
    expect(attempt(throttle, '192.0.2.1', juliet, 'succeeded')).toBe('succeeded')
  })

  test('an IPv6 network of /64 is one address', () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAddress: 1 })
    attempt(throttle, '2001:db8::1', undefined, 'refused')
    expect(throttle.begin('2001:db8::ffff')).toBeUndefined()
    expect(throttle.begin('2001:db8:0:1::1')).toBeDefined()
  })

  test('many at once are no cheaper than one after another', () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAddress: 3 })
    const begun = [1, 2, 3, 4, 5].map(() => throttle.begin('192.0.2.1'))
    expect(begun.map((login) => login !== undefined)).toEqual([true, true, true, false, false])
    begun[0]?.end('succeeded')
    expect(throttle.begin('192.0.2.1')).toBeDefined()
  })
})

describe('by account', () => {
  test('strangers wait, addresses the account was logged in from do not', async () => {
    const clock = createManualClock()
    const throttle = createLoginThrottle(
      { clock },
      { maxFailuresPerAccount: 2, windowMs: 1000, familiarMs: 5000 },
    )
    attempt(throttle, '192.0.2.1', juliet, 'succeeded')
    attempt(throttle, '198.51.100.1', juliet, 'wrong')
    attempt(throttle, '198.51.100.2', juliet, 'wrong')
    expect(attempt(throttle, '198.51.100.3', juliet, 'succeeded')).toBe('account waits')
    expect(attempt(throttle, '192.0.2.1', juliet, 'succeeded')).toBe('succeeded')
    expect(attempt(throttle, '198.51.100.3', romeo, 'succeeded')).toBe('succeeded')
    await clock.advance(1000)
    expect(attempt(throttle, '198.51.100.3', juliet, 'spared')).toBe('spared')
    await clock.advance(4000)
    attempt(throttle, '198.51.100.1', juliet, 'wrong')
    attempt(throttle, '198.51.100.2', juliet, 'wrong')
    expect(attempt(throttle, '192.0.2.1', juliet, 'succeeded')).toBe('account waits')
  })

  test('only wrong credentials count', () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAccount: 1 })
    for (const outcome of ['refused', 'spared', 'refused', 'wrong'] as const) {
      expect(attempt(throttle, '192.0.2.1', juliet, outcome)).toBe(outcome)
    }
    expect(attempt(throttle, '192.0.2.1', juliet, 'wrong')).toBe('account waits')
  })

  test('a login renews how long an address is familiar', async () => {
    const clock = createManualClock()
    const throttle = createLoginThrottle({ clock }, { maxFailuresPerAccount: 1, familiarMs: 5000 })
    attempt(throttle, '192.0.2.1', juliet, 'succeeded')
    await clock.advance(4000)
    attempt(throttle, '192.0.2.1', juliet, 'succeeded')
    await clock.advance(4000)
    attempt(throttle, '198.51.100.1', juliet, 'wrong')
    expect(attempt(throttle, '192.0.2.1', juliet, 'succeeded')).toBe('succeeded')
  })

  test('names of any length are told apart', () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAccount: 1 })
    const long = (end: string): BareJid => parseJid(`${'x'.repeat(1000)}${end}@example.org`) as BareJid
    attempt(throttle, '192.0.2.1', long('a'), 'wrong')
    expect(attempt(throttle, '192.0.2.9', long('a'), 'wrong')).toBe('account waits')
    expect(attempt(throttle, '192.0.2.9', long('b'), 'wrong')).toBe('wrong')
  })

  test('many at once are no cheaper than one after another, and each ends once', () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAccount: 2 })
    const begun = [1, 2, 3].map((n) => throttle.begin(`198.51.100.${n}`))
    expect(begun.map((login) => login?.names(juliet))).toEqual([true, true, false])
    for (let i = 0; i < 5; i++) begun[0]?.end('spared')
    expect(attempt(throttle, '192.0.2.1', juliet, 'wrong')).toBe('wrong')
    expect(attempt(throttle, '192.0.2.2', juliet, 'wrong')).toBe('account waits')
  })
})

test('the tables are bounded: the oldest are forgotten', () => {
  const throttle = createLoginThrottle(
    { clock: createManualClock() },
    { maxFailuresPerAddress: 1, maxFailuresPerAccount: 1, maxKeys: 100 },
  )
  const account = (n: number): BareJid => parseJid(`user${n}@example.org`) as BareJid
  const address = (n: number): string => `198.51.${n >> 8}.${n & 255}`
  for (let n = 0; n < 1000; n++) attempt(throttle, address(n), account(n), 'wrong')
  expect(throttle.begin(address(999))).toBeUndefined()
  expect(attempt(throttle, '192.0.2.1', account(999), 'spared')).toBe('account waits')
  expect(attempt(throttle, '192.0.2.1', account(0), 'spared')).toBe('spared')
  expect(throttle.begin(address(0))).toBeDefined()
})

test('a try that outlasts its window is no credit for the next one', async () => {
  const clock = createManualClock()
  const throttle = createLoginThrottle(
    { clock },
    { maxFailuresPerAddress: 3, maxFailuresPerAccount: 3, windowMs: 1000 },
  )
  const held = [1, 2, 3].map(() => throttle.begin('192.0.2.1'))
  for (const login of held) login?.names(juliet)
  await clock.advance(1000)
  for (const login of held) login?.end('spared')
  const guesses = [1, 2, 3, 4].map((n) => attempt(throttle, `198.51.100.${n}`, juliet, 'wrong'))
  expect(guesses).toEqual(['wrong', 'wrong', 'wrong', 'account waits'])
  const begun = [1, 2, 3, 4].map(() => throttle.begin('192.0.2.1') !== undefined)
  expect(begun).toEqual([true, true, true, false])
})

test('Infinity lifts a limit', () => {
  const throttle = createLoginThrottle(
    { clock: createManualClock() },
    { maxFailuresPerAddress: Number.POSITIVE_INFINITY, maxFailuresPerAccount: Number.POSITIVE_INFINITY },
  )
  for (let n = 0; n < loginThrottleDefaults.maxFailuresPerAccount * 2; n++) {
    expect(attempt(throttle, '192.0.2.1', juliet, 'wrong')).toBe('wrong')
  }
})
