import { saslprep as oracle } from '@mongodb-js/saslprep'
import unassignedCodePoints from '@unicode/unicode-3.2.0/General_Category/Unassigned/code-points.mjs'
import { describe, expect, test } from 'vitest'
import { SaslError } from './errors.js'
import { saslPrep } from './saslprep.js'

const correctedLater = new Set([0x2f868, 0x2f874, 0x2f91f, 0x2f95f, 0x2f9bf])
// Everything Unicode 3.2 assigns, and a piece of every plane it leaves empty.
const planes = [
  [0, 0x30000],
  ...Array.from({ length: 14 }, (_, i) => [(i + 3) * 0x10000, (i + 3) * 0x10000 + 0x200] as const),
  ...Array.from({ length: 14 }, (_, i) => [(i + 4) * 0x10000 - 0x10, (i + 4) * 0x10000] as const),
] as const

function outcome(prepare: (text: string) => string, text: string): string {
  try {
    return `prepared: ${JSON.stringify(prepare(text))}`
  } catch {
    return 'refused'
  }
}

describe('saslPrep', () => {
  // RFC 4013 §3
  test.each([
    ['I\u00adX', 'IX'],
    ['user', 'user'],
    ['USER', 'USER'],
    ['\u00aa', 'a'],
    ['\u2168', 'IX'],
  ])('prepares the example %j of RFC 4013', (text, expected) => {
    expect(saslPrep(text)).toBe(expected)
  })

  test.each([
    ['a prohibited control', '\u0007'],
    ['a right-to-left string that ends otherwise', '\u06271'],
    ['both directions', '\u0627a\u0628'],
    ['a private use code point', 'a\ue000'],
    ['a noncharacter', 'a\ufdd0'],
    ['a noncharacter of a late plane', 'a\u{fffff}'],
    ['a lone surrogate', 'a\ud83d'],
    ['a replacement character', 'a\ufffd'],
    ['a tagging character', 'a\u{e0041}'],
    ['a directional mark', 'a\u200e'],
    ['a line separator', 'a\u2028'],
    ['an ideographic description character', 'a\u2ff0'],
    ['a character younger than Unicode 3.2', 'a\u0221'],
    ['an emoji', '🐎'],
    ['a fraction younger than Unicode 3.2, although it decomposes to old ones', '\u2150'],
  ])('refuses %s', (_what, text) => {
    expect(() => saslPrep(text)).toThrow(expect.objectContaining({ code: 'sasl/unpreparable' }))
  })

  test('maps other spaces to SPACE, zero width space included', () => {
    expect(saslPrep('a\u00a0b\u3000c\u200bd')).toBe('a b c d')
  })

  test('composes, case kept', () => {
    expect(saslPrep('Cafe\u0301')).toBe('Caf\u00e9')
  })

  test('wants right-to-left characters at both ends, whatever is in between', () => {
    expect(saslPrep('\u0627-\u0628')).toBe('\u0627-\u0628')
    expect(() => saslPrep('\u0627\u{1d7ce}\u{10400}')).toThrow(SaslError)
  })

  test('keeps what Unicode 3.2 does not know in a query string, and never normalises it', () => {
    expect(saslPrep('a\u0221🐎\u2150e\u0301', { allowUnassigned: true })).toBe('a\u0221🐎\u2150\u00e9')
    expect(() => saslPrep('\u0007🐎', { allowUnassigned: true })).toThrow(SaslError)
  })

  test('uses the decompositions of Unicode 3.2, not those corrected later', () => {
    expect(saslPrep('\u{2f868}\u{2f874}\u{2f91f}\u{2f95f}\u{2f9bf}')).toBe(
      '\u{2136a}\u5f33\u43ab\u7aae\u4d57',
    )
  })

  test('says why without quoting the text', () => {
    expect(() => saslPrep('hunter2\u0007')).toThrow(/^the text has a prohibited code point$/)
  })

  test('agrees with an independent implementation on every code point', () => {
    const unassigned = new Set(unassignedCodePoints)
    // What the other does otherwise, each checked by name elsewhere: it normalises with the Unicode of the
    // running Node, so it takes what later versions decompose, and it forgot one pair of noncharacters.
    const differsByDesign = (codePoint: number, text: string): boolean =>
      correctedLater.has(codePoint) ||
      (unassigned.has(codePoint) && text.normalize('NFKC') !== text) ||
      codePoint === 0xffffe ||
      codePoint === 0xfffff
    const differences: string[] = []
    for (const [from, to] of planes) {
      for (let codePoint = from; codePoint < to; codePoint++) {
        const character = String.fromCodePoint(codePoint)
        const text = `${character}1${character}` // right-to-left characters are wanted at both ends
        if (differsByDesign(codePoint, text)) continue
        if (outcome(saslPrep, text) !== outcome(oracle, text)) differences.push(codePoint.toString(16))
      }
    }
    expect(differences).toEqual([])
  }, 60_000)
})
