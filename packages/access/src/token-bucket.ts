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
  const perMs = options.perSecond / 1_000
  const burst = options.burst ?? Math.max(1, options.perSecond)
  let tokens = burst
  let at = deps.clock.monotonic()

  function accrue(): void {
    const now = deps.clock.monotonic()
    tokens = Math.min(burst, tokens + (now - at) * perMs)
    at = now
  }

  return {
    take(wanted) {
      if (perMs === Number.POSITIVE_INFINITY) return 0
      accrue()
      tokens -= wanted
      return tokens >= 0 ? 0 : Math.ceil(-tokens / perMs)
    },
    tryTake(wanted = 1) {
      if (perMs === Number.POSITIVE_INFINITY) return true
      accrue()
      if (tokens < wanted) return false
      tokens -= wanted
      return true
    },
    get available() {
      if (perMs === Number.POSITIVE_INFINITY) return perMs
      accrue()
      return tokens
    },
  }
}
