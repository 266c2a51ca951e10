/** Options of `createSqlStorage`. */
export interface SqlStorageOptions {
  /** Longest text of one value, in UTF-8 bytes. @default 4_194_304 */
  readonly maxValueBytes?: number
  /** Calls that may wait; more are refused with `storage-sql/overloaded`. @default 10_000 */
  readonly maxPendingCalls?: number
  /** Text that may wait with them, in characters. @default 67_108_864 */
  readonly maxPendingLength?: number
  /** Calls done in one transaction. @default 1_000 */
  readonly maxBatch?: number
  /** SQLite: whether a second thread reads while the first one writes. @default true */
  readonly separateReader?: boolean
  /** SQLite: how long to wait for another process that holds the file, in milliseconds. @default 5_000 */
  readonly busyTimeoutMs?: number
  /** SQLite: largest file, in bytes. @default Infinity */
  readonly maxFileBytes?: number
  /**
   * SQLite: leases of an earlier run are void when the file is opened, as whoever held them is gone. With true they end at
   * their time only: for a second process that hands out messages beside the server; then neither is exclusive. @default false
   */
  readonly keepLeases?: boolean
  /**
   * Whether this process alone writes to the database, so that what was read can be kept in memory until it is changed, and
   * so can who is being given which waiting messages. The default is true for SQLite without `keepLeases`, whose file belongs
   * to one server, and false for PostgreSQL. With true nobody else may change rosters, blocklists, accounts or waiting messages, be it
   * another server or a person with a shell.
   *
   * @default 'auto'
   */
  readonly exclusive?: boolean | 'auto'
  /** Items of rosters kept in memory where the database is exclusive, of all accounts together; 0 keeps none. @default 100_000 */
  readonly cachedRosterItems?: number
  /** Accounts that are remembered where the database is exclusive: that they exist, and how many messages wait. @default 100_000 */
  readonly rememberedAccounts?: number
  /** Entries of blocklists kept in memory where the database is exclusive, of all accounts together; 0 keeps none. @default 100_000 */
  readonly cachedBlocklistItems?: number
  /** PostgreSQL: schema of the tables, made if it is missing. @default 'xmppkit' */
  readonly schema?: string
  /** PostgreSQL: connections. @default 10 */
  readonly maxConnections?: number
  /** PostgreSQL: transactions written at the same time; less than the connections, so that reads go on. @default 4 */
  readonly writers?: number
  /** PostgreSQL: how long to wait for a connection, in milliseconds. @default 10_000 */
  readonly connectTimeoutMs?: number
  /** PostgreSQL: how long a statement may take, in milliseconds. @default 60_000 */
  readonly statementTimeoutMs?: number
  /** PostgreSQL: whether statements are prepared; not through a pooler in transaction mode. @default true */
  readonly prepareStatements?: boolean
  /**
   * Whether people can search the text of their archives (XEP-0431). The index takes about as much room as the texts. It is
   * made when the storage is opened with true for the first time, which takes long where many messages are, and removed when
   * it is opened with false. @default false
   */
  readonly searchArchives?: boolean
}

/** What `createSqlStorage` uses for options not given. */
export const sqlStorageDefaults: Readonly<Required<SqlStorageOptions>> = Object.freeze({
  maxValueBytes: 4_194_304,
  maxPendingCalls: 10_000,
  maxPendingLength: 67_108_864,
  maxBatch: 1_000,
  separateReader: true,
  busyTimeoutMs: 5_000,
  maxFileBytes: Number.POSITIVE_INFINITY,
  keepLeases: false,
  exclusive: 'auto',
  cachedRosterItems: 100_000,
  rememberedAccounts: 100_000,
  cachedBlocklistItems: 100_000,
  schema: 'xmppkit',
  maxConnections: 10,
  writers: 4,
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 60_000,
  prepareStatements: true,
  searchArchives: false,
})
