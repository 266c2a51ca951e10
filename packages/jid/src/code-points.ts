import {
  bidiClassTable,
  casingTable,
  derivedPropertyTable,
  joiningTypeTable,
  lowerCaseTable,
  scriptTable,
  viramaTable,
  widthTable,
} from './precis-tables.generated.js'

/** Derived property of a code point (RFC 8264 §8). */
export const property = {
  unassigned: 0,
  disallowed: 1,
  pvalid: 2,
  free: 3,
  contextJ: 4,
  contextO: 5,
} as const

/** Bidi_Class of a code point, as far as RFC 5893 asks. */
export const bidi = { L: 0, R: 1, AL: 2, AN: 3, EN: 4, ES: 5, CS: 6, ET: 7, ON: 8, BN: 9, NSM: 10 } as const

/** Joining_Type of a code point. */
export const joining = { other: 0, transparent: 1, left: 2, right: 3, dual: 4 } as const

/** Scripts the context rules ask for. */
export const script = { other: 0, greek: 1, hebrew: 2, japanese: 3 } as const

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_'

/** Reads back the numbers the generator packed: base-32 digits, least significant first, bit 6 = more follows. */
function unpack(table: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const digit of table) {
    const bits = digits.indexOf(digit)
    value |= (bits & 31) << shift
    shift += 5
    if (bits < 32) {
      numbers.push(value)
      value = 0
      shift = 0
    }
  }
  return numbers
}

/** A lookup over runs of equal values that together cover all code points. */
function runs(table: string, kinds: number): (codePoint: number) => number {
  const packed = unpack(table)
  const starts = new Uint32Array(packed.length)
  const values = new Uint8Array(packed.length)
  let start = 0
  packed.forEach((number, i) => {
    starts[i] = start
    values[i] = number % kinds
    start += Math.floor(number / kinds)
  })
  return (codePoint) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (starts[middle]! <= codePoint) low = middle
      else high = middle
    }
    return values[low]!
  }
}

/** A lookup of one-to-one mappings. */
function mappings(table: string): ReadonlyMap<number, number> {
  const packed = unpack(table)
  const map = new Map<number, number>()
  let first = 0
  for (let i = 0; i < packed.length; i += 3) {
    first += packed[i]!
    const step = (packed[i + 1]! & 1) + 1
    const difference = packed[i + 2]! & 1 ? -(packed[i + 2]! + 1) / 2 : packed[i + 2]! / 2
    for (let n = 0; n < packed[i + 1]! >>> 1; n++) map.set(first + n * step, first + n * step + difference)
  }
  return map
}

/** Derived property of RFC 8264 §8, one of {@link property}. */
export const derivedProperty = runs(derivedPropertyTable, 6)
/** Bidi_Class, one of {@link bidi}; meaningful for code points allowed in identifiers. */
export const bidiClass = runs(bidiClassTable, 11)
/** Joining_Type, one of {@link joining}. */
export const joiningType = runs(joiningTypeTable, 5)
/** 1 when the canonical combining class is Virama. */
export const isVirama = runs(viramaTable, 2)
/** Script, one of {@link script}. */
export const scriptOf = runs(scriptTable, 4)
/** Bit 1: cased, bit 2: case-ignorable. */
export const casing = runs(casingTable, 4)
/** Simple lower-case mappings. */
export const lowerCase = mappings(lowerCaseTable)
/** Decompositions of fullwidth and halfwidth characters. */
export const widthMapping = mappings(widthTable)

/** The code points of a text; a lone surrogate is a code point of its own. */
export function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!)
}
