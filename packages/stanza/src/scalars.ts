import { type BareJid, type FullJid, isBareJid, isFullJid, type Jid, tryParseJid } from '@xmppkit/jid'
import { DecodeError } from './decode-error.js'

/** A value that is written as a string: in an attribute, as text, in a form field. */
export interface Text<T> {
  /**
   * Reads the string.
   * @throws DecodeError without a path if it is not one of these values
   */
  parse(raw: string): T
  /** Writes the string. */
  print(value: T): string
}

function fail(reason: string): never {
  throw new DecodeError('', reason)
}

/** Any string, as it is. */
export const string: Text<string> = Object.freeze({
  parse: (raw: string) => raw,
  print: (value: string) => value,
})

/** A string of at most `max` UTF-16 code units, and of at least `min`. */
export function boundedString({
  min = 0,
  max,
}: {
  readonly min?: number
  readonly max: number
}): Text<string> {
  return {
    parse(raw) {
      if (raw.length < min) fail(min === 1 ? 'must not be empty' : `shorter than ${min} characters`)
      if (raw.length > max) fail(`longer than ${max} characters`)
      return raw
    },
    print: (value) => value,
  }
}

/** A decimal integer JavaScript can count: at most 2^53 - 1 either way. */
export const int: Text<number> = intBetween(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)

/** A decimal integer from `min` to `max`. */
export function intBetween(min: number, max: number): Text<number> {
  return {
    parse(raw) {
      const value = /^\s*[+-]?\d{1,16}\s*$/.test(raw) ? Number(raw) : Number.NaN
      if (Number.isNaN(value)) return fail('not an integer')
      if (value < min || value > max) return fail(`not between ${min} and ${max}`)
      return value === 0 ? 0 : value
    },
    print: (value) => value.toString(),
  }
}

/** An XML Schema boolean: `1`, `0`, `true` or `false`; written as `true` and `false`. */
export const bool: Text<boolean> = Object.freeze({
  parse(raw: string): boolean {
    const word = raw.trim()
    if (word === 'true' || word === '1') return true
    if (word === 'false' || word === '0') return false
    return fail('not a boolean')
  },
  print: (value: boolean) => (value ? 'true' : 'false'),
})

const dateTimeShape = /^\d{4}-\d\d-\d\dT(\d\d):\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/

/** A DateTime of XEP-0082; written in UTC, with milliseconds only where there are any. */
export const dateTime: Text<Date> = Object.freeze({
  parse(raw: string): Date {
    const parts = dateTimeShape.exec(raw.trim())
    // Date would take 24:00:00 for the next day, and offsets no place has.
    if (parts === null || parts[1] === '24' || Number(parts[2] ?? 0) > 14 || Number(parts[3] ?? 0) > 59) {
      return fail('not a date and time')
    }
    const date = new Date(raw.trim())
    if (Number.isNaN(date.getTime()) || !sameDay(raw.trim(), parts)) return fail('not a date and time')
    return date
  },
  print: (value: Date) => value.toISOString().replace('.000Z', 'Z'),
})

// Date turns February 30 into March 1 instead of refusing it.
function sameDay(raw: string, parts: RegExpExecArray): boolean {
  const day = raw.slice(0, 10)
  return parts !== null && new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}

const base64Shape = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Bytes in base64 (RFC 4648 §4), padded; white space is not accepted. */
export const base64: Text<Uint8Array> = Object.freeze({
  parse(raw: string): Uint8Array {
    if (!base64Shape.test(raw)) return fail('not base64')
    return new Uint8Array(Buffer.from(raw, 'base64'))
  },
  print: (value: Uint8Array) =>
    Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
})

function parseAddress(raw: string): Jid {
  return tryParseJid(raw) ?? fail('not an address')
}

/** Any address. */
export const jid: Text<Jid> = Object.freeze({
  parse: parseAddress,
  print: (value: Jid) => value.toString(),
})

/** An address without resource. */
export const bareJid: Text<BareJid> = Object.freeze({
  parse(raw: string): BareJid {
    const value = parseAddress(raw)
    return isBareJid(value) ? value : fail('must not have a resource')
  },
  print: (value: BareJid) => value.toString(),
})

/** An address with resource. */
export const fullJid: Text<FullJid> = Object.freeze({
  parse(raw: string): FullJid {
    const value = parseAddress(raw)
    return isFullJid(value) ? value : fail('must have a resource')
  },
  print: (value: FullJid) => value.toString(),
})

/**
 * One of some words.
 *
 * @example
 * ```ts
 * const affiliation = oneOf('owner', 'admin', 'member', 'none', 'outcast')
 * ```
 */
export function oneOf<const W extends readonly [string, ...string[]]>(...words: W): Text<W[number]> {
  const known: ReadonlySet<string> = new Set(words)
  return {
    parse: (raw) => (known.has(raw) ? raw : fail(`must be one of ${words.join(', ')}`)),
    print: (value) => value,
  }
}
