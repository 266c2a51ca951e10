import { randomInt } from 'node:crypto'

/** How long to wait before the next try, in milliseconds. */
export type Backoff = (failures: number, atLeastMs?: number) => number

/** From 0 up to, but not including, 1. */
export type Random = () => number

const steps = 2 ** 32

/** Random, though nothing secret hangs on it. */
export const systemRandom: Random = () => randomInt(steps) / steps

/** A server that asks for more patience than this is not believed. */
const mostPatienceMs = 3_600_000

/**
 * Waits that double, each less a random part of up to a half: who failed at the same time does not come back at the same
 * time.
 */
export function createBackoff(
  { backoffMs, maxBackoffMs }: { readonly backoffMs: number; readonly maxBackoffMs: number },
  random: Random,
): Backoff {
  return (failures, atLeastMs = 0) => {
    const full = Math.min(maxBackoffMs, backoffMs * 2 ** Math.min(failures - 1, 30))
    return Math.max(full * (1 - random() / 2), Math.min(atLeastMs, mostPatienceMs))
  }
}
