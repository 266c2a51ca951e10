/** Settings of `createRoster`; most of them are limits (rule L-1). */
export interface RosterOptions {
  /**
   * Contacts per roster. Bounds what one account may store and what one login loads.
   *
   * @default 1000
   */
  readonly maxItems?: number
  /**
   * Subscription requests of others that wait for an answer, per account; with more, new ones are ignored.
   * They have a limit of their own, so that strangers cannot fill somebody's roster.
   *
   * @default 100
   */
  readonly maxPendingRequests?: number
  /**
   * Groups of one item.
   *
   * @default 50
   */
  readonly maxGroupsPerItem?: number
  /**
   * Length of a name or group in UTF-8 bytes.
   *
   * @default 1023
   */
  readonly maxNameBytes?: number
  /**
   * Length of a stored subscription request in bytes; a longer one is kept without its extensions.
   *
   * @default 16_384
   */
  readonly maxRequestBytes?: number
  /**
   * Subscription requests an account may send within `requestWindowMs`. Stops accounts that befriend
   * the world.
   *
   * @default 100
   */
  readonly maxRequestsPerWindow?: number
  /**
   * Length of the window in which requests are counted, in milliseconds.
   *
   * @default 3_600_000
   */
  readonly requestWindowMs?: number
  /**
   * Addresses one session may have sent directed presence to; each costs memory until it leaves.
   *
   * @default 1000
   */
  readonly maxDirectedPresence?: number
  /**
   * How many changes a client that was away is told one by one; with more it gets the whole roster.
   *
   * @default 100
   */
  readonly maxVersionedChanges?: number
  /**
   * How many presence copies go out before other streams get their turn (rule N-10).
   *
   * @default 250
   */
  readonly fanOutBatch?: number
  /**
   * How many items of rosters in use are kept in memory, of all accounts together, so that presence and
   * the question who may see it cost no read of the store. Only where nobody else writes to the store:
   * what another process changes would not be seen. A store that knows that nobody else does keeps them itself, as those
   * in memory and in SQLite do; this is for stores of your own. See `createRosterCache`.
   *
   * @default 0
   */
  readonly cachedItems?: number
}

/** The settings as the blocks of this package get them, complete. */
export type RosterLimits = Readonly<Required<RosterOptions>>

/** Defaults of {@link RosterOptions}. */
export const rosterDefaults: Readonly<Required<RosterOptions>> = Object.freeze({
  maxItems: 1000,
  maxPendingRequests: 100,
  maxGroupsPerItem: 50,
  maxNameBytes: 1023,
  maxRequestBytes: 16_384,
  maxRequestsPerWindow: 100,
  requestWindowMs: 3_600_000,
  maxDirectedPresence: 1000,
  maxVersionedChanges: 100,
  fanOutBatch: 250,
  cachedItems: 0,
})
