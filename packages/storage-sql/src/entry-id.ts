// 2^53 - 1 has 16 digits, so ids of this width sort as strings like numbers.
const width = 16

/** A row's id as callers know it. */
export function toEntryId(id: unknown): string {
  return String(id).padStart(width, '0')
}

/** The number of an id, or undefined for what never was one: ids come from the wire and are opaque (SEC-26). */
export function fromEntryId(id: string): number | undefined {
  const number = /^\d{16}$/.test(id) ? Number(id) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}
