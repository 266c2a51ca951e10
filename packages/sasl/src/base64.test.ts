import { describe, expect, test } from 'vitest'
import { decodeBase64Strict, encodeBase64, tryDecodeBase64Strict } from './base64.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('decodeBase64Strict', () => {
  test.each([
    ['', bytes()],
    ['AA==', bytes(0)],
    ['AAE=', bytes(0, 1)],
    ['AAEC', bytes(0, 1, 2)],
    ['+/+/', bytes(0xfb, 0xff, 0xbf)],
  ])('reads %j', (text, expected) => {
    expect(Uint8Array.from(decodeBase64Strict(text))).toEqual(expected)
  })

  test.each([
    ['a space', 'AA ='],
    ['a line break', 'AAEC\nAAEC'],
    ['a trailing line break', 'AAEC\n'],
    ['no padding', 'AA'],
    ['half the padding', 'AA='],
    ['too much padding', 'AAEC===='],
    ['only padding', '='],
    ['padding inside', 'AA==AAEC'],
    ['the URL alphabet', '-_-_'],
    ['unused bits that are not zero', 'AB=='],
    ['a character that is not ASCII', 'AAÉC'],
    ['a lone surrogate', '\ud800AAA'],
  ])('A-2: refuses %s', (_what, text) => {
    expect(tryDecodeBase64Strict(text)).toBeUndefined()
    expect(() => decodeBase64Strict(text)).toThrow(expect.objectContaining({ code: 'sasl/bad-base64' }))
  })

  test('reads back what encodeBase64 writes, also of a view into a larger buffer', () => {
    const whole = Uint8Array.from({ length: 256 }, (_, i) => i)
    for (let from = 0; from < 8; from++) {
      const view = whole.subarray(from, 200)
      expect(Uint8Array.from(decodeBase64Strict(encodeBase64(view)))).toEqual(view)
    }
  })
})
