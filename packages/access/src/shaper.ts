import type { Clock } from '@xmppkit/runtime'
import type { ShaperDefinition } from './config.js'
import { createTokenBucket } from './token-bucket.js'

/** Slows one stream of input to what its definition allows. */
export interface Shaper {
  /** Tells of input read: bytes, and operations (stanzas) if any. Answers how long to stop reading, in milliseconds; 0 = go on. */
  spent(bytes: number, operations?: number): number
}

/**
 * Makes a {@link Shaper}. Nothing is refused or lost: whoever is too fast is read more slowly.
 *
 * @example
 * ```ts
 * const shaper = createShaper({ clock: systemClock }, { bytesPerSecond: 3_000, burstBytes: 20_000 })
 * const waitMs = shaper.spent(chunk.length)
 * ```
 */
export function createShaper(
  deps: { readonly clock: Pick<Clock, 'monotonic'> },
  definition: ShaperDefinition,
): Shaper {
  const { bytesPerSecond, burstBytes, operationsPerSecond, burstOperations } = definition
  const bucket = (perSecond: number | undefined, burst: number | undefined) =>
    perSecond === undefined
      ? undefined
      : createTokenBucket(deps, { perSecond, ...(burst === undefined ? {} : { burst }) })
  const bytesBucket = bucket(bytesPerSecond, burstBytes)
  const operationsBucket = bucket(operationsPerSecond, burstOperations)
  return {
    spent(bytes, operations = 0) {
      return Math.max(bytesBucket?.take(bytes) ?? 0, operationsBucket?.take(operations) ?? 0)
    },
  }
}
