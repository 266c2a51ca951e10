import { SqlStorageError } from './errors.js'

// The last moment whose text has four digits for the year, so that texts sort like moments.
const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

// Much happens in the same millisecond.
let latest = { ms: 0, text: '1970-01-01T00:00:00.000Z' }

/** A moment as the database gets it. Moments outside the years 0 to 9999 become the nearest inside. */
export function toMoment(ms: number): string {
  if (ms === latest.ms) return latest.text
  if (Number.isNaN(ms)) throw new SqlStorageError('storage-sql/failed', 'a moment is not a number')
  const text = new Date(Math.min(Math.max(ms, 0), lastMs)).toISOString()
  latest = { ms, text }
  return text
}

/** A moment as the database gives it back: the same text, that of PostgreSQL, or a Date its driver made. */
export function fromMoment(value: unknown): number {
  if (value instanceof Date) return value.getTime()
  const text = String(value).replace(' ', 'T')
  // PostgreSQL leaves the minutes of a whole-hour offset out.
  return Date.parse(/[+-]\d\d$/.test(text) ? `${text}:00` : text)
}
