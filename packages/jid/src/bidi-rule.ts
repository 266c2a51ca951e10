import { bidi, bidiClass } from './code-points.js'

const { L, R, AL, AN, EN, ES, CS, ET, ON, BN, NSM } = bidi
const inRightToLeft: ReadonlySet<number> = new Set([R, AL, AN, EN, ES, CS, ET, ON, BN, NSM])
const inLeftToRight: ReadonlySet<number> = new Set([L, EN, ES, CS, ET, ON, BN, NSM])
const endsRightToLeft: ReadonlySet<number> = new Set([R, AL, EN, AN])
const endsLeftToRight: ReadonlySet<number> = new Set([L, EN])

/**
 * The Bidi Rule of RFC 5893 §2, which only binds texts that contain a right-to-left character (R, AL or AN).
 * It keeps two different addresses from being displayed alike.
 */
export function bidiRuleHolds(points: readonly number[]): boolean {
  const classes = points.map(bidiClass)
  if (!classes.some((c) => c === R || c === AL || c === AN)) return true
  const first = classes[0]
  const end = classes.findLast((c) => c !== NSM)
  if (first === L) return classes.every((c) => inLeftToRight.has(c)) && endsLeftToRight.has(end!)
  if (first !== R && first !== AL) return false
  return (
    classes.every((c) => inRightToLeft.has(c)) &&
    endsRightToLeft.has(end!) &&
    !(classes.includes(EN) && classes.includes(AN))
  )
}
