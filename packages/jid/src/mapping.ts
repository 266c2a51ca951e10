import { casing, codePoints, lowerCase, widthMapping } from './code-points.js'

const cased = 1
const caseIgnorable = 2
const capitalSigma = 0x3a3
const finalSigma = 'ς'
const capitalIWithDot = 0x130

/** Maps fullwidth and halfwidth characters to their decompositions (RFC 8264 §5.2.1). */
export function mapWidth(text: string): string {
  let out = ''
  for (const character of text) {
    const to = widthMapping.get(character.codePointAt(0)!)
    out += to === undefined ? character : String.fromCodePoint(to)
  }
  return out
}

/**
 * Unicode's toLowercase (section 3.13, rule R2) from the pinned tables. The engine's own `toLowerCase`
 * is not used, because a letter may gain a lower-case partner in a later Unicode version.
 */
export function toLowerCase(text: string): string {
  const points = codePoints(text)
  let out = ''
  for (let i = 0; i < points.length; i++) {
    const point = points[i]!
    if (point === capitalSigma && isFinal(points, i)) out += finalSigma
    else if (point === capitalIWithDot) out += 'i\u0307'
    else out += String.fromCodePoint(lowerCase.get(point) ?? point)
  }
  return out
}

/** Final_Sigma of Unicode Table 3-17: a cased letter before, none after, case-ignorable characters skipped. */
function isFinal(points: readonly number[], at: number): boolean {
  return nextIsCased(points, at, -1) && !nextIsCased(points, at, 1)
}

function nextIsCased(points: readonly number[], at: number, step: 1 | -1): boolean {
  let i = at + step
  while (i >= 0 && i < points.length && casing(points[i]!) & caseIgnorable) i += step
  return i >= 0 && i < points.length && (casing(points[i]!) & cased) !== 0
}

const nonAsciiSpaces = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g

/** Maps every non-ASCII space (general category Zs) to U+0020. */
export function mapSpaces(text: string): string {
  return text.replace(nonAsciiSpaces, ' ')
}
