import { describe, expect, test } from 'vitest'
import { passwordPreparation } from './password-preparation.js'

describe('passwordPreparation', () => {
  const opaque = (password: string): string => {
    if (password.includes('\0')) throw new Error(`cannot carry ${password}`)
    return password.normalize('NFC')
  }
  const prepare = passwordPreparation(opaque)

  test.each([
    ['ASCII unchanged', ' Correct Horse=,~', ' Correct Horse=,~'],
    ['what SASLprep carries with SASLprep', 'I\u00adX\u00a0\u2168', 'IX IX'],
    ['what it cannot carry with the fallback', '🐎🔋e\u0301', '🐎🔋\u00e9'],
  ])('A-17: prepares %s', (_what, password, expected) => {
    expect(prepare(password)).toBe(expected)
  })

  test.each(['IX', 'pass word', 'ﬁ', 'pass\u00a0word', '🐎 \u00e9', '\u2168'])(
    'A-17: a prepared password stays as it is: %j',
    (password) => {
      expect(prepare(prepare(password))).toBe(prepare(password))
    },
  )

  test.each([
    ['the empty one', ''],
    ['one that is empty once prepared', '\u00ad'],
    ['one neither can carry', 'hunter2\0'],
  ])('refuses %s without quoting it', (_what, password) => {
    expect(() => prepare(password)).toThrow(expect.objectContaining({ code: 'sasl/unpreparable' }))
    expect(() => prepare(password)).toThrow(expect.not.stringContaining('hunter2'))
  })

  test('without fallback refuses what SASLprep cannot carry', () => {
    expect(() => passwordPreparation()('🐎')).toThrow(expect.objectContaining({ code: 'sasl/unpreparable' }))
  })
})
