import { bidiRuleHolds } from './bidi-rule.js'
import { codePoints, derivedProperty, property } from './code-points.js'
import { contextViolation } from './context-rules.js'
import { JidError, type JidPart } from './errors.js'

/** A PRECIS profile (RFC 8264 §5): a string class, and what is done to a string before it is checked. */
export interface Profile {
  /** The part this profile is for, named in errors. */
  readonly part: JidPart
  /** `identifier` allows PVALID only, `freeform` also FREE_PVAL. */
  readonly stringClass: 'identifier' | 'freeform'
  /** The mapping rules in the order of RFC 8264 §7, normalisation last. */
  map(text: string): string
  /** What the profile forbids beyond its string class. */
  readonly forbidden?: RegExp
  /** Whether the Bidi Rule binds. */
  readonly directionality: boolean
  /** Longest result in UTF-8 octets. */
  readonly maxBytes: number
}

// RFC 8264 §7: apply again until nothing changes, at most three more times.
const repetitions = 3

/** Longest text, in UTF-16 units, that is looked at; longer ones could only be too long when prepared. */
const maxUnits = 3071

/**
 * Enforces a profile.
 *
 * @throws {@link JidError} when the text does not conform.
 */
export function enforce(profile: Profile, text: string): string {
  if (text.length > maxUnits) throw tooLong(profile)
  checkAssigned(profile, text)
  let result = mapAndCheck(profile, text)
  for (let i = 0; i < repetitions; i++) {
    const again = mapAndCheck(profile, result)
    if (again === result) return result
    result = again
  }
  throw new JidError('jid/unstable', profile.part, 'changes each time it is prepared')
}

/**
 * Code points that the pinned Unicode version does not know are refused before any mapping: the engine
 * may know them, and what it makes of them would differ from one engine to the next.
 */
function checkAssigned(profile: Profile, text: string): void {
  for (const point of codePoints(text)) {
    if (point >= 0xd800 && point <= 0xdfff) {
      throw new JidError('jid/not-text', profile.part, 'contains a lone surrogate')
    }
    if (derivedProperty(point) === property.unassigned) throw disallowed(profile)
  }
}

function mapAndCheck(profile: Profile, text: string): string {
  const mapped = profile.map(text)
  if (mapped === '') throw new JidError('jid/empty', profile.part, 'must not be empty')
  if (utf8Length(mapped) > profile.maxBytes) throw tooLong(profile)
  const points = codePoints(mapped)
  if (profile.forbidden?.test(mapped) || !points.every((point) => isIn(profile.stringClass, point))) {
    throw disallowed(profile)
  }
  if (contextViolation(points) !== undefined) {
    throw new JidError('jid/context', profile.part, 'has a character that is not allowed where it stands')
  }
  if (profile.directionality && !bidiRuleHolds(points)) {
    throw new JidError('jid/bidi', profile.part, 'mixes writing directions against RFC 5893')
  }
  return mapped
}

function isIn(stringClass: Profile['stringClass'], point: number): boolean {
  const kind = derivedProperty(point)
  if (kind === property.free) return stringClass === 'freeform'
  return kind === property.pvalid || kind === property.contextJ || kind === property.contextO
}

function disallowed({ part }: Profile): JidError {
  return new JidError('jid/disallowed', part, 'has a character that is not allowed here')
}

function tooLong({ part, maxBytes }: Profile): JidError {
  return new JidError('jid/too-long', part, `is longer than ${maxBytes} octets`)
}

/** Octets of a text in UTF-8. */
function utf8Length(text: string): number {
  let length = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff)) length += 2
    else if (unit >= 0x80) length += 1 // a surrogate is half of a four-octet character
  }
  return length
}
