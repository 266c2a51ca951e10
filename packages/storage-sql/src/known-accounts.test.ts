import { expect, test } from 'vitest'
import { createKnownAccounts } from './known-accounts.js'

test('an account that was found is known until it is removed', () => {
  const known = createKnownAccounts(10)
  known.look('a')(true)
  known.look('b')(false)
  expect([known.has('a'), known.has('b')]).toEqual([true, false])
  known.forget('a')
  expect(known.has('a')).toBe(false)
})

test('P-10: what was found while something was being removed is not known', () => {
  const known = createKnownAccounts(10)
  const found = known.look('a')
  known.forget('a')
  found(true)
  expect(known.has('a')).toBe(false)
})

test('L-1: who was asked about longest ago is forgotten first', () => {
  const known = createKnownAccounts(2)
  for (const account of ['a', 'b', 'a', 'c']) known.look(account)(true)
  expect(['a', 'b', 'c'].map((account) => known.has(account))).toEqual([true, false, true])
  const none = createKnownAccounts(0)
  none.look('a')(true)
  expect(none.has('a')).toBe(false)
})
