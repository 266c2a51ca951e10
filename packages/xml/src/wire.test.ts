import { expect, test } from 'vitest'
import { XmlWriteError } from './errors.js'
import { bytesFromWire, textFromWire, type Wire, wireFromBytes, wireFromText, wireLength } from './wire.js'

test('text becomes its UTF-8 bytes, one character each, and back', () => {
  const wire = wireFromText('é 漢 😀 a')
  expect(wire).toBe('\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x98\x80 a')
  expect(wireLength(wire)).toBe(13)
  expect(Buffer.from(wire, 'latin1').toString('utf8')).toBe('é 漢 😀 a')
  expect(textFromWire(wire)).toBe('é 漢 😀 a')
})

test('ASCII is its own wire', () => {
  expect(wireFromText('<a/>')).toBe('<a/>')
  expect(textFromWire('<a/>' as Wire)).toBe('<a/>')
})

test('bytes become a wire and back', () => {
  const bytes = Uint8Array.from([0, 0x7f, 0x80, 0xff])
  expect(wireFromBytes(bytes)).toBe('\0\x7f\x80\xff')
  expect([...bytesFromWire(wireFromBytes(bytes))]).toEqual([0, 0x7f, 0x80, 0xff])
  expect(wireFromBytes(bytes.subarray(1, 3))).toBe('\x7f\x80')
})

test.each(['\ud800', 'a\udfffb', '\udc00\ud800'])('NODE-4: a lone surrogate is refused: %j', (text) => {
  expect(() => wireFromText(text)).toThrow(XmlWriteError)
})
