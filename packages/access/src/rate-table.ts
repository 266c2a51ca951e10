import type { Clock } from '@xmppkit/runtime'

/** Answer of {@link RateTable.hit}. */
export interface RateHit {
  /** Whether it was within the limit. */
  readonly allowed: boolean
  /** Occurrences in the window, this one included. */
  readonly count: number
  /** Milliseconds until the window ends and counting starts anew. */
  readonly retryAfterMs: number
}

/** Counts occurrences per key in windows of time: attempts per address, requests per account. */
export interface RateTable {
  /**
   * Counts an occurrence, `weight` times. Refused ones count too but do not prolong the window. A negative weight takes back
   * what was counted, and nothing of a window that has ended meanwhile: that would be a credit for the next one.
   */
  hit(key: string, weight?: number): RateHit
  /** What the next {@link hit} would answer, without counting. */
  peek(key: string): RateHit
  /** Starts anew for a key, as after a successful login. */
  forget(key: string): void
  /** Keys held now. */
  readonly size: number
}

/** Options of {@link createRateTable}. */
export interface RateTableOptions {
  /** Occurrences allowed in a window. `Infinity` allows all. */
  readonly limit: number
  /** Length of a window, in milliseconds; it starts with the first occurrence. */
  readonly windowMs: number
  /** Keys held at most; when there are more, the oldest window is forgotten early. @default 10_000 */
  readonly maxKeys?: number
}

/** What {@link createRateTable} uses for options not given. */
export const rateTableDefaults = Object.freeze({ maxKeys: 10_000 })

interface Window {
  count: number
  readonly endsAt: number
}

/**
 * Makes a {@link RateTable}. Key IPv6 addresses with {@link addressKey}, or one attacker has 2^64 keys.
 *
 * @example
 * ```ts
 * const attempts = createRateTable({ clock: systemClock }, { limit: 10, windowMs: 60_000 })
 * if (!attempts.hit(addressKey(remoteAddress)).allowed) throw new SaslFailure('temporary-auth-failure')
 * ```
 */
export function createRateTable(
  deps: { readonly clock: Pick<Clock, 'monotonic'> },
  options: RateTableOptions,
): RateTable {
  const { limit, windowMs, maxKeys } = Object.freeze({ ...rateTableDefaults, ...options })
  // Windows are equally long and a Map keeps insertion order, so the first is always the next to end.
  const windows = new Map<string, Window>()

  function current(key: string, now: number): Window | undefined {
    const window = windows.get(key)
    return window && window.endsAt > now ? window : undefined
  }

  function makeRoom(now: number): void {
    for (const [key, window] of windows) {
      if (window.endsAt > now && windows.size < maxKeys) return
      windows.delete(key)
    }
  }

  const answer = (count: number, endsAt: number, now: number): RateHit => ({
    allowed: count <= limit,
    count,
    retryAfterMs: Math.max(0, endsAt - now),
  })

  return {
    hit(key, weight = 1) {
      const now = deps.clock.monotonic()
      let window = current(key, now)
      if (!window) {
        if (weight < 0) return answer(0, now, now)
        windows.delete(key)
        makeRoom(now)
        window = { count: 0, endsAt: now + windowMs }
        windows.set(key, window)
      }
      window.count = Math.max(0, window.count + weight)
      return answer(window.count, window.endsAt, now)
    },
    peek(key) {
      const now = deps.clock.monotonic()
      const window = current(key, now)
      return answer((window?.count ?? 0) + 1, window?.endsAt ?? now, now)
    },
    forget(key) {
      windows.delete(key)
    },
    get size() {
      return windows.size
    },
  }
}
