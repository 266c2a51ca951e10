import type { ArchivePreferences } from './ports.js'

/** Settings of `createArchive`. */
export interface ArchiveOptions {
  /**
   * What holds for accounts that never said what they want archived (XEP-0441).
   *
   * @default 'always'
   */
  readonly defaultPreference?: ArchivePreferences['default']
  /**
   * Messages of a page when the client does not say how many it wants.
   *
   * @default 50
   */
  readonly pageSize?: number
  /**
   * Most messages of a page, whatever the client wants.
   *
   * @default 250
   */
  readonly maxPageSize?: number
  /**
   * How far messages are counted for a client that wants to know how many there are; of more, no number is given. Also the
   * furthest `<index/>` from which a page can begin. Both cost as much as they count.
   *
   * @default 10_000
   */
  readonly maxCount?: number
  /**
   * Queries answered at one time, of all accounts together; each account has one at a time.
   *
   * @default 100
   */
  readonly maxQueries?: number
  /**
   * Queries of one account that may wait; one more is answered with `resource-constraint`. Keeps one account from
   * occupying the store.
   *
   * @default 20
   */
  readonly maxQueriesPerAccount?: number
  /**
   * Bytes of results under way to a client at one time, so that a page does not overflow its outbox. A larger message
   * goes alone.
   *
   * @default 262_144
   */
  readonly resultBytes?: number
  /**
   * Addresses in one of the two lists of preferences; a longer list is refused.
   *
   * @default 1000
   */
  readonly maxPreferenceJids?: number
  /**
   * Accounts whose preferences are kept in memory; those of others are read again when a message comes for them.
   *
   * @default 10_000
   */
  readonly cachedPreferences?: number
  /**
   * How long messages are kept, in days. `Infinity` keeps them until somebody removes them.
   *
   * @default Infinity
   */
  readonly maxAgeDays?: number
  /**
   * Messages kept for one account; of more, the oldest go. Keeps one account from filling the disk.
   *
   * @default 1_000_000
   */
  readonly maxMessagesPerAccount?: number
  /**
   * How often what is too old or too much is removed, in milliseconds. `Infinity` never does.
   *
   * @default 600_000
   */
  readonly sweepMs?: number
}

/** Defaults of {@link ArchiveOptions}. */
export const archiveDefaults: Readonly<Required<ArchiveOptions>> = Object.freeze({
  defaultPreference: 'always',
  pageSize: 50,
  maxPageSize: 250,
  maxCount: 10_000,
  maxQueries: 100,
  maxQueriesPerAccount: 20,
  resultBytes: 262_144,
  maxPreferenceJids: 1000,
  cachedPreferences: 10_000,
  maxAgeDays: Number.POSITIVE_INFINITY,
  maxMessagesPerAccount: 1_000_000,
  sweepMs: 600_000,
})
