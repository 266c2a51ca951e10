import { derivedProperty, isVirama, joining, joiningType, property, script, scriptOf } from './code-points.js'

/**
 * Checks every CONTEXTJ and CONTEXTO code point against its rule (RFC 5892 Appendix A), in linear time.
 *
 * @returns the first code point that may not stand where it does, or `undefined`.
 */
export function contextViolation(points: readonly number[]): number | undefined {
  let whole: WholeText | undefined
  for (let i = 0; i < points.length; i++) {
    const point = points[i]!
    const kind = derivedProperty(point)
    if (kind !== property.contextJ && kind !== property.contextO) continue
    whole ??= readWholeText(points)
    if (!allows(points, i, whole)) return point
  }
  return undefined
}

function allows(points: readonly number[], at: number, whole: WholeText): boolean {
  const point = points[at]!
  const before = points[at - 1]
  const after = points[at + 1]
  switch (point) {
    case 0x200c: // A.1 ZERO WIDTH NON-JOINER
      return (before !== undefined && isVirama(before) === 1) || joins(points, at)
    case 0x200d: // A.2 ZERO WIDTH JOINER
      return before !== undefined && isVirama(before) === 1
    case 0xb7: // A.3 MIDDLE DOT, between two letters l
      return before === 0x6c && after === 0x6c
    case 0x375: // A.4 GREEK LOWER NUMERAL SIGN
      return after !== undefined && scriptOf(after) === script.greek
    case 0x5f3: // A.5 HEBREW PUNCTUATION GERESH
    case 0x5f4: // A.6 HEBREW PUNCTUATION GERSHAYIM
      return before !== undefined && scriptOf(before) === script.hebrew
    case 0x30fb: // A.7 KATAKANA MIDDLE DOT
      return whole.japanese
    default: // A.8 ARABIC-INDIC DIGITS, A.9 EXTENDED ARABIC-INDIC DIGITS
      return !(whole.arabicIndic && whole.extendedArabicIndic)
  }
}

/** What the rules A.7 to A.9 ask of the whole text. */
interface WholeText {
  japanese: boolean
  arabicIndic: boolean
  extendedArabicIndic: boolean
}

function readWholeText(points: readonly number[]): WholeText {
  const whole = { japanese: false, arabicIndic: false, extendedArabicIndic: false }
  for (const point of points) {
    if (scriptOf(point) === script.japanese) whole.japanese = true
    else if (point >= 0x660 && point <= 0x669) whole.arabicIndic = true
    else if (point >= 0x6f0 && point <= 0x6f9) whole.extendedArabicIndic = true
  }
  return whole
}

/** A.1: (L or D), any T, ZWNJ, any T, (R or D). */
function joins(points: readonly number[], at: number): boolean {
  const left = pastTransparent(points, at, -1)
  const right = pastTransparent(points, at, 1)
  return (
    (left === joining.left || left === joining.dual) && (right === joining.right || right === joining.dual)
  )
}

function pastTransparent(points: readonly number[], at: number, step: 1 | -1): number {
  let i = at + step
  while (i >= 0 && i < points.length && joiningType(points[i]!) === joining.transparent) i += step
  return i >= 0 && i < points.length ? joiningType(points[i]!) : joining.other
}
