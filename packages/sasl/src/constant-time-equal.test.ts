import { expect, test } from 'vitest'
import { constantTimeEqual } from './constant-time-equal.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('A-13 SEC-13: equal bytes are equal, others and other lengths are not', () => {
  expect(constantTimeEqual(bytes('secret'), bytes('secret'))).toBe(true)
  expect(constantTimeEqual(bytes('secret'), bytes('secreT'))).toBe(false)
  expect(constantTimeEqual(bytes('secret'), bytes('secret\0'))).toBe(false)
  expect(constantTimeEqual(bytes(''), bytes(''))).toBe(true)
})
