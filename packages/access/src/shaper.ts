import type { Clock } from '@xmppkit/runtime'
import type { ShaperDefinition } from './config.js'

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
  return new ClockedShaper(deps.clock, definition)
}

// Two token buckets in one object, because every client's session has them.
class ClockedShaper implements Shaper {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #definition: ShaperDefinition
  #bytes: number
  #operations: number
  #at: number

  constructor(clock: Pick<Clock, 'monotonic'>, definition: ShaperDefinition) {
    this.#clock = clock
    this.#definition = definition
    this.#bytes = burstOf(definition.bytesPerSecond, definition.burstBytes)
    this.#operations = burstOf(definition.operationsPerSecond, definition.burstOperations)
    this.#at = clock.monotonic()
  }

  spent(bytes: number, operations = 0): number {
    const { bytesPerSecond, burstBytes, operationsPerSecond, burstOperations } = this.#definition
    const now = this.#clock.monotonic()
    const seconds = (now - this.#at) / 1000
    this.#at = now
    let waitMs = 0
    if (bytesPerSecond !== undefined && bytesPerSecond !== Number.POSITIVE_INFINITY) {
      this.#bytes =
        Math.min(burstOf(bytesPerSecond, burstBytes), this.#bytes + seconds * bytesPerSecond) - bytes
      waitMs = debtMs(this.#bytes, bytesPerSecond)
    }
    if (operationsPerSecond !== undefined && operationsPerSecond !== Number.POSITIVE_INFINITY) {
      const burst = burstOf(operationsPerSecond, burstOperations)
      this.#operations = Math.min(burst, this.#operations + seconds * operationsPerSecond) - operations
      waitMs = Math.max(waitMs, debtMs(this.#operations, operationsPerSecond))
    }
    return waitMs
  }
}

function burstOf(perSecond: number | undefined, burst: number | undefined): number {
  return burst ?? Math.max(1, perSecond ?? 0)
}

function debtMs(tokens: number, perSecond: number): number {
  return tokens >= 0 ? 0 : Math.ceil((-tokens / perSecond) * 1000)
}
