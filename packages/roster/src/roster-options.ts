/** What bounds rosters (rule L-1). */
export interface RosterLimits {
  /**
   * Items per roster, those included that only hold a request. Bounds what one account may store and
   * what one login loads.
   *
   * @default 1000
   */
  readonly maxItems: number
  /**
   * Groups of one item.
   *
   * @default 50
   */
  readonly maxGroupsPerItem: number
  /**
   * Length of a name or group in UTF-8 bytes.
   *
   * @default 1023
   */
  readonly maxNameBytes: number
  /**
   * Length of a stored subscription request in bytes; a longer one is kept without its extensions.
   *
   * @default 16_384
   */
  readonly maxRequestBytes: number
  /**
   * Subscription requests an account may send within `requestWindowMs`. Stops accounts that befriend
   * the world.
   *
   * @default 60
   */
  readonly maxRequestsPerWindow: number
  /**
   * Length of the window in which requests are counted, in milliseconds.
   *
   * @default 3_600_000
   */
  readonly requestWindowMs: number
  /**
   * Addresses one session may have sent directed presence to; each costs memory until it leaves.
   *
   * @default 1000
   */
  readonly maxDirectedPresence: number
  /**
   * How many changes a client that was away is told one by one; with more it gets the whole roster.
   *
   * @default 100
   */
  readonly maxVersionedChanges: number
  /**
   * How many presence copies go out before other streams get their turn (rule N-10).
   *
   * @default 250
   */
  readonly fanOutBatch: number
}

/** Settings of `createRoster`. */
export interface RosterOptions extends Partial<RosterLimits> {}

/** Defaults of {@link RosterOptions}. */
export const rosterDefaults: RosterLimits = Object.freeze({
  maxItems: 1000,
  maxGroupsPerItem: 50,
  maxNameBytes: 1023,
  maxRequestBytes: 16_384,
  maxRequestsPerWindow: 60,
  requestWindowMs: 3_600_000,
  maxDirectedPresence: 1000,
  maxVersionedChanges: 100,
  fanOutBatch: 250,
})
