import { timingSafeEqual } from 'node:crypto'

/**
 * Compares two secrets in a time that depends on their length only. Every comparison of a password,
 * proof or token goes through here.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b)
}
