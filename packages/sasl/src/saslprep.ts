import { type CodePointSet, codePointSet } from './code-point-set.js'
import { SaslError } from './errors.js'
import { leftToRight, rightToLeft, unassigned } from './saslprep-tables.generated.js'

/** How {@link saslPrep} treats its input. */
export interface SaslPrepOptions {
  /**
   * Accept code points Unicode 3.2 does not assign ("query" strings of RFC 3454 §7).
   * @default false
   */
  readonly allowUnassigned?: boolean
}

const printableAscii = /^[\x20-\x7e]*$/
// RFC 3454 B.1 (mapped to nothing) and C.1.2 (non-ASCII spaces, mapped to SPACE).
const mappedToNothing =
  /\u{ad}|\u{34f}|\u{1806}|[\u{180b}-\u{180d}]|[\u{200b}-\u{200d}]|\u{2060}|[\u{fe00}-\u{fe0f}]|\u{feff}/gu
const otherSpaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu
// RFC 3454 C.2.1, C.2.2, C.3 to C.9.
const prohibited = new RegExp(
  '[\\0-\\x1f\\x7f-\\x9f\\u06dd\\u070f\\u180e\\u200c\\u200d\\u2028\\u2029\\u2060-\\u2063\\u206a-\\u206f\\ufeff' +
    '\\u{1d173}-\\u{1d17a}\\ue000-\\uf8ff\\u{f0000}-\\u{10ffff}\\ufdd0-\\ufdef\\p{Noncharacter_Code_Point}' +
    '\\ud800-\\udfff\\ufff9-\\ufffd\\u2ff0-\\u2ffb\\u0340\\u0341\\u200e\\u200f\\u202a-\\u202e\\u{e0001}\\u{e0020}-\\u{e007f}]',
  'u',
)
// Unicode 4.0 corrected five decompositions; RFC 3454 is bound to Unicode 3.2, which has these.
const unicode32Decompositions = new Map([
  ['\u{2f868}', '\u{2136a}'],
  ['\u{2f874}', '\u5f33'],
  ['\u{2f91f}', '\u43ab'],
  ['\u{2f95f}', '\u7aae'],
  ['\u{2f9bf}', '\u4d57'],
])
const decomposedOtherwise = /[\u{2f868}\u{2f874}\u{2f91f}\u{2f95f}\u{2f9bf}]/gu

const unassignedSet = codePointSet(unassigned)
const rightToLeftSet = codePointSet(rightToLeft)
const leftToRightSet = codePointSet(leftToRight)

/**
 * Prepares a username or password with the SASLprep profile (RFC 4013) of stringprep. The answer depends on
 * Unicode 3.2 only, never on the Unicode version of the running Node.
 *
 * @throws SaslError `sasl/unpreparable` if the text has a prohibited or (by default) unassigned code point, or
 * mixes directions as RFC 3454 §6 forbids
 */
export function saslPrep(text: string, options: SaslPrepOptions = {}): string {
  if (printableAscii.test(text)) return text
  // Spaces first: U+200B is in both tables, and RFC 4013 §2.1 names the mapping to SPACE first.
  const mapped = text.replace(otherSpaces, ' ').replace(mappedToNothing, '')
  const prepared = normalize(mapped, options.allowUnassigned === true)
  if (prohibited.test(prepared)) throw unpreparable('has a prohibited code point')
  checkDirections(prepared)
  return prepared
}

// Code points Unicode 3.2 leaves unassigned have no decomposition there: normalise only what is between them.
function normalize(text: string, allowUnassigned: boolean): string {
  let out = ''
  let run = ''
  for (const character of text) {
    if (!unassignedSet.has(character.codePointAt(0) as number)) run += character
    else {
      if (!allowUnassigned) throw unpreparable('has a code point Unicode 3.2 does not assign')
      out += nfkc(run) + character
      run = ''
    }
  }
  return out + nfkc(run)
}

function nfkc(text: string): string {
  return text
    .replace(decomposedOtherwise, (character) => unicode32Decompositions.get(character) as string)
    .normalize('NFKC')
}

function checkDirections(text: string): void {
  if (!some(text, rightToLeftSet)) return
  if (some(text, leftToRightSet)) throw unpreparable('mixes right-to-left and left-to-right characters')
  // Unicode 3.2 has no right-to-left character outside the basic plane, so a unit is a code point here.
  if (!rightToLeftSet.has(text.charCodeAt(0)) || !rightToLeftSet.has(text.charCodeAt(text.length - 1))) {
    throw unpreparable('does not begin and end with a right-to-left character')
  }
}

function some(text: string, set: CodePointSet): boolean {
  for (const character of text) if (set.has(character.codePointAt(0) as number)) return true
  return false
}

function unpreparable(why: string): SaslError {
  return new SaslError('sasl/unpreparable', `the text ${why}`)
}
