import type { Clock } from '@xmppkit/runtime'

/** Counts what is used against what accrues with time. */
export interface TokenBucket {
  /**
   * Takes tokens, going into debt if there are too few, and answers how many milliseconds it takes to be out of debt:
   * 0 = go on, else wait (stop reading) so long. For input that is here already and cannot be refused.
   */
  take(tokens: number): number
  /** Takes tokens if there are enough; false and unchanged if not. For what can be refused. */
  tryTake(tokens?: number): boolean
  /** Tokens there are now; negative is debt. */
  readonly available: number
}

/** Options of {@link createTokenBucket}. */
export interface TokenBucketOptions {
  /** Tokens that accrue per second; `Infinity` never refuses. */
  readonly perSecond: number
  /** Tokens there are at most, and at first. @default perSecond, at least 1 */
  readonly burst?: number
}

/**
 * Makes a {@link TokenBucket}: two numbers and no timer.
 *
 * @example
 * ```ts
 * const bucket = createTokenBucket({ clock: systemClock }, { perSecond: 3_000, burst: 20_000 })
 * const waitMs = bucket.take(25_000) // 1667: read on after that
 * ```
 */
export function createTokenBucket(
  deps: { readonly clock: Pick<Clock, 'monotonic'> },
  options: TokenBucketOptions,
): TokenBucket {
  return new ClockedBucket(deps.clock, options)
}

class ClockedBucket implements TokenBucket {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #perMs: number
  readonly #burst: number
  #tokens: number
  #at: number

  constructor(clock: Pick<Clock, 'monotonic'>, options: TokenBucketOptions) {
    this.#clock = clock
    this.#perMs = options.perSecond / 1_000
    this.#burst = options.burst ?? Math.max(1, options.perSecond)
    this.#tokens = this.#burst
    this.#at = clock.monotonic()
  }

  take(wanted: number): number {
    if (this.#perMs === Number.POSITIVE_INFINITY) return 0
    this.#accrue()
    this.#tokens -= wanted
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs)
  }

  tryTake(wanted = 1): boolean {
    if (this.#perMs === Number.POSITIVE_INFINITY) return true
    this.#accrue()
    if (this.#tokens < wanted) return false
    this.#tokens -= wanted
    return true
  }

  get available(): number {
    if (this.#perMs === Number.POSITIVE_INFINITY) return this.#perMs
    this.#accrue()
    return this.#tokens
  }

  #accrue(): void {
    const now = this.#clock.monotonic()
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs)
    this.#at = now
  }
}
