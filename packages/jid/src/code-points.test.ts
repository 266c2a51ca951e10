import { describe, expect, test } from 'vitest'
import {
  bidi,
  bidiClass,
  derivedProperty,
  isVirama,
  joining,
  joiningType,
  property,
  scriptOf,
} from './code-points.js'
import { mapWidth, toLowerCase } from './mapping.js'
import { tablesVersion } from './precis-tables.generated.js'
import { prepareLocalpart, prepareResource } from './profiles.js'

const { unassigned, disallowed, pvalid, free, contextJ, contextO } = property

describe('derived property (RFC 8264 §8)', () => {
  test.each(
    (
      [
        [0x00, disallowed],
        [0x1f, disallowed],
        [0x20, free],
        [0x21, pvalid],
        [0x7e, pvalid],
        [0x7f, disallowed],
        [0x9f, disallowed],
        [0xa0, free],
        [0xaa, free],
        [0xad, disallowed],
        [0xb7, contextO],
        [0xc5, pvalid],
        [0xd7, free],
        [0xdf, pvalid],
        [0x0132, free],
        [0x01c5, free],
        [0x0375, contextO],
        [0x0378, unassigned],
        [0x03c2, pvalid],
        [0x0488, free],
        [0x05d0, pvalid],
        [0x05f3, contextO],
        [0x0640, disallowed],
        [0x0660, contextO],
        [0x06f9, contextO],
        [0x06fd, pvalid],
        [0x07fa, disallowed],
        [0x0f0b, pvalid],
        [0x1100, disallowed],
        [0x11ff, disallowed],
        [0x115f, disallowed],
        [0x180e, disallowed],
        [0x1e9e, pvalid],
        [0x200b, disallowed],
        [0x200c, contextJ],
        [0x200d, contextJ],
        [0x202e, disallowed],
        [0x2028, disallowed],
        [0x2163, free],
        [0x212b, free],
        [0x265a, free],
        [0x3007, pvalid],
        [0x302e, disallowed],
        [0x30fb, contextO],
        [0xa960, disallowed],
        [0xac00, pvalid],
        [0xd7b0, disallowed],
        [0xd7fb, disallowed],
        [0xd800, disallowed],
        [0xe000, disallowed],
        [0xf900, free],
        [0xfb00, free],
        [0xfdd0, disallowed],
        [0xfe0f, disallowed],
        [0xfeff, disallowed],
        [0xff21, free],
        [0xffff, disallowed],
        [0x10000, pvalid],
        [0x1f600, free],
        [0x1d400, free],
        [0x20000, pvalid],
        [0x2fa20, unassigned],
        [0xe0001, disallowed],
        [0xe0fff, unassigned],
        [0x10fffd, disallowed],
        [0x10ffff, disallowed],
      ] as const
    ).map(([point, expected]) => [point.toString(16), point, expected] as const),
  )('J-2: U+%s', (_hex, point, expected) => {
    expect(derivedProperty(point)).toBe(expected)
  })
})

test('direction, joining, virama and script', () => {
  expect(
    ['a', 'א', 'ا', '٠', '1', '-', '.', '%', '!', '\u05b0'].map((c) => bidiClass(c.codePointAt(0)!)),
  ).toEqual([bidi.L, bidi.R, bidi.AL, bidi.AN, bidi.EN, bidi.ES, bidi.CS, bidi.ET, bidi.ON, bidi.NSM])
  expect([0x61, 0x610, 0xa872, 0x627, 0x62c].map(joiningType)).toEqual([
    joining.other,
    joining.transparent,
    joining.left,
    joining.right,
    joining.dual,
  ])
  expect([0x93c, 0x94d, 0xa4d, 0x200d].map(isVirama)).toEqual([0, 1, 1, 0])
  expect(['a', 'α', 'ש', 'ぶ', 'ー', '⺐', 'カ'].map((c) => scriptOf(c.codePointAt(0)!))).toEqual([
    0, 1, 2, 3, 0, 3, 3,
  ])
})

describe('J-4: pinned to one Unicode version', () => {
  test('J-4: the version is stated', () => {
    expect(tablesVersion).toBe('17.0.0')
  })

  test('J-4: a code point the version does not have is refused, whatever the engine knows', () => {
    for (const text of ['\u0378', '\u{2fa20}', 'a\u{1fffd}\u0301']) {
      expect(() => prepareLocalpart(text)).toThrow(expect.objectContaining({ code: 'jid/disallowed' }))
      expect(() => prepareResource(text)).toThrow(expect.objectContaining({ code: 'jid/disallowed' }))
    }
  })

  test('J-4: lower case comes from the tables and is that of Unicode, for every character the engine knows too', () => {
    const differing: string[] = []
    for (let point = 0; point <= 0x10ffff; point++) {
      if (derivedProperty(point) === unassigned) continue
      const text = String.fromCodePoint(point)
      if (/\p{Assigned}/u.test(text) && toLowerCase(text) !== text.toLowerCase())
        differing.push(point.toString(16))
    }
    expect(differing).toEqual([])
  })

  test.each(['ΑΣ', 'ΑΣ\u0301', 'ΑΣ.', 'ΑΣ.Β', 'ΣΑ', 'Σ', '\u0301Σ', 'ΑΣΣ', '1Σ', 'Α\u0301Σ1'])(
    'J-4: final sigma in %s',
    (text) => {
      expect(toLowerCase(text)).toBe(text.toLowerCase())
    },
  )

  test('J-4: the engine normalises the newest characters of the version, so older engines would be noticed', () => {
    // U+16D68 is of Unicode 16 and composes; U+1ACF is of Unicode 17 and sorts after U+0323.
    expect('\u{16d67}\u{16d67}'.normalize('NFC')).toBe('\u{16d68}')
    expect('a\u1acf\u0323'.normalize('NFC')).toBe('ạ\u1acf')
  })

  test('J-4: width is mapped by the tables, one step only', () => {
    expect(mapWidth('ＡＺａ～！')).toBe('AZa~!')
    expect(mapWidth('ｱﾞ\uffa1\uffe0\uffe8\u3000x')).toBe('ア\u3099\u3131\u00a2\u2502 x')
  })
})
