/** What is appended to a {@link Log}. */
export interface NewLogEntry {
  /** The entry itself. */
  readonly value: string
  /** When it happened, in milliseconds since 1970. */
  readonly at: number
  /** After this moment it counts as gone, in milliseconds since 1970. */
  readonly expiresAt?: number
}

/** An entry of a {@link Log}. */
export interface LogEntry extends NewLogEntry {
  /** Names the entry within its owner; ids of one owner sort (as strings) in order of arrival and are never used again. */
  readonly id: string
}

/** Which entries of an owner to read. */
export interface LogPage {
  /** Only entries after this id. */
  readonly after?: string
  /** Only entries before this id. */
  readonly before?: string
  /** Begin with the newest instead of the oldest. @default false */
  readonly newestFirst?: boolean
  /** How many at most. */
  readonly limit: number
  /** The current time, to leave out what has expired, in milliseconds since 1970. */
  readonly now: number
}

/** Who takes entries out, and how many. */
export interface LogLease {
  /** Names who works on them. */
  readonly holder: string
  /** How many at most. */
  readonly limit: number
  /** The current time, in milliseconds since 1970. */
  readonly now: number
  /** When the lease ends by itself, in milliseconds since 1970, should the holder never come back. */
  readonly until: number
}

/**
 * Entries by owner, in order: append, read; or as a queue that loses nothing: append, lease, ack. An owner is the text of a
 * bare JID or a domain, so tenants cannot meet.
 *
 * All methods reject when the store cannot be reached, with nothing half done, and those that write resolve when what they
 * wrote is durable. `@xmppkit/conformance/log` tests an implementation.
 */
export interface Log {
  /** Appends an entry, unless the owner has `limit` entries that have not expired at `entry.at`: then keeps nothing. */
  append(owner: string, entry: NewLogEntry, limit?: number): Promise<{ readonly id: string } | 'full'>
  /** A page of entries, leased or not. */
  read(owner: string, page: LogPage): Promise<readonly LogEntry[]>
  /** One entry, expired or not. */
  get(owner: string, id: string): Promise<LogEntry | undefined>
  /**
   * The oldest entries that nobody else holds, now held by `holder`, in order. While another holder's lease runs on an older
   * entry, newer ones are not given out either, so that order holds. A holder that asks again gets what follows what it holds.
   */
  lease(owner: string, request: LogLease): Promise<readonly LogEntry[]>
  /** Removes entries that were dealt with; unknown ids are ignored. Resolves when durable; returns how many there were. */
  ack(owner: string, ids: readonly string[]): Promise<number>
  /** Ends a holder's leases; the entries wait again. */
  release(owner: string, holder: string): Promise<void>
  /** Number of entries that have not expired. */
  count(owner: string, now: number): Promise<number>
  /** Removes everything of an owner; returns how many entries there were. */
  removeOwner(owner: string): Promise<number>
  /** Removes up to `limit` expired entries of any owner; returns how many. */
  removeExpired(now: number, limit: number): Promise<number>
  /** Removes up to `limit` entries of a domain and of all its accounts that happened before `before`; returns how many. */
  removeBefore(domain: string, before: number, limit: number): Promise<number>
}
