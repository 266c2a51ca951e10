import type { ArchiveStore } from '@xmppkit/archive'
import type { AccountStore } from '@xmppkit/auth'
import type { LastActivityStore } from '@xmppkit/basics'
import { type BlocklistStore, createBlocklistCache } from '@xmppkit/blocking'
import type { FastTokenStore } from '@xmppkit/fast'
import type { InboxStore } from '@xmppkit/inbox'
import { createMemoryLeases, createWaitingCounts, type OfflineStore } from '@xmppkit/offline'
import type { OutboxStore } from '@xmppkit/outbox'
import type { PushStore } from '@xmppkit/push'
import { createRosterCache, type RosterStore } from '@xmppkit/roster'
import { type Clock, type Logger, silentLogger, systemClock } from '@xmppkit/runtime'
import type { KeyValue, Log, Storage } from '@xmppkit/storage'
import { assertName } from '@xmppkit/storage'
import type { TenantStore } from '@xmppkit/tenants'
import { createSqlAccountStore } from './accounts-store.js'
import { openArchiveSearch } from './archive-search.js'
import { createSqlArchiveStore } from './archive-store.js'
import { createSqlBlocklistStore } from './blocklist-store.js'
import type { SqlDatabase } from './database.js'
import { SqlStorageError } from './errors.js'
import { createSqlFastTokenStore } from './fast-token-store.js'
import { createSqlInboxStore } from './inbox-store.js'
import { createKnownAccounts } from './known-accounts.js'
import { createSqlLastActivityStore } from './last-activity-store.js'
import { createSqlOfflineStore } from './offline-store.js'
import { createSqlOutboxStore } from './outbox-store.js'
import { openPostgresDatabase } from './postgres-database.js'
import { createPostgresPool } from './postgres-pool.js'
import type { PostgresPool } from './postgres-types.js'
import { createSqlPushStore } from './push-store.js'
import { createSqlRosterStore } from './roster-store.js'
import { createSqlKeyValues } from './sql-key-value.js'
import { createSqlLogs } from './sql-log.js'
import { type SqlStorageOptions, sqlStorageDefaults } from './sql-options.js'
import { openSqliteDatabase } from './sqlite-database.js'
import type { SqliteConnection, SqliteDriverName } from './sqlite-protocol.js'
import { createStatements } from './statements.js'
import { createSqlTenantStore } from './tenant-store.js'

/** Which database to use: exactly one of `path`, `url`, `connection` and `pool`. */
export interface SqlStorageDeps {
  /** SQLite: a file, made if it is missing, or `:memory:`. A file belongs to one server. */
  readonly path?: string
  /** SQLite: the driver for `path`. @default the first that is there of node:sqlite, better-sqlite3, libsql */
  readonly driver?: SqliteDriverName
  /** SQLite: a connection of the embedder's, used on the event loop and not closed. */
  readonly connection?: SqliteConnection
  /** PostgreSQL: `postgres://user:password@host/database`. Needs the package `pg`. */
  readonly url?: string
  /** PostgreSQL: a pool of the embedder's, as `pg` makes it; not ended. */
  readonly pool?: PostgresPool
  /** Gets what goes wrong while nobody asks. @default silentLogger */
  readonly logger?: Logger
  /** Dates rows. @default systemClock */
  readonly clock?: Clock
}

/** All stores of a server in one database. */
export interface SqlStorage extends Storage, AsyncDisposable {
  /** What is behind it: `libsql (SQLite 3.45.1)`. */
  readonly description: string
  /** Whether this process alone writes to it, so that the stores may keep in memory what they have read. */
  readonly exclusive: boolean
  /** Accounts, for `@xmppkit/auth`. */
  readonly accounts: AccountStore
  /** Contact lists, for `@xmppkit/roster`. */
  readonly roster: RosterStore
  /** Messages that wait, for `@xmppkit/offline`. */
  readonly offline: OfflineStore
  /** Archives, for `@xmppkit/archive`. */
  readonly archive: ArchiveStore
  /** Inboxes over the archives, for `@xmppkit/inbox`. */
  readonly inbox: InboxStore
  /** Last activity, for `@xmppkit/basics`. */
  readonly lastActivity: LastActivityStore
  /** Push registrations, for `@xmppkit/push`. */
  readonly push: PushStore
  /** Who has blocked whom, for `@xmppkit/blocking`. */
  readonly blocklists: BlocklistStore
  /** Login tokens, for `@xmppkit/fast`. */
  readonly fastTokens: FastTokenStore
  /** Events on their way out, for `@xmppkit/outbox`. */
  readonly outbox: OutboxStore
  /** Domains that were added at run time, for `@xmppkit/tenants`. */
  readonly tenants: TenantStore
  /** Refuses further calls, finishes those that wait, and lets go of the database. */
  close(): Promise<void>
}

/**
 * Opens a database, brings its tables to the newest state, and answers with the stores in it.
 *
 * @throws {@link SqlStorageError} that says what is wrong and what to do
 *
 * @example
 * ```ts
 * await using storage = await createSqlStorage({ path: 'xmppkit.sqlite' })
 * ```
 */
export async function createSqlStorage(
  deps: SqlStorageDeps,
  options: SqlStorageOptions = {},
): Promise<SqlStorage> {
  const settings = Object.freeze({ ...sqlStorageDefaults, ...options })
  const { clock = systemClock } = deps
  const db = await openDatabase(deps, settings)
  const schema = db.dialect.name === 'postgres' ? settings.schema : undefined
  const statements = createStatements(db.dialect, { schema, maxTextBytes: settings.maxValueBytes })
  const search = await openArchiveSearch(db, statements, settings.searchArchives).catch(async (error) => {
    await db.close()
    throw error
  })
  const keyValue = createSqlKeyValues({ db, clock }, statements)
  const logOf = createSqlLogs({ db }, statements, {
    table: 'log_entries',
    owner: 'owner',
    value: 'value',
    at: 'happened_at',
    scope: 'log',
  })
  const exclusive = isExclusive(db, settings)
  const roster = createSqlRosterStore({ db, clock }, statements)
  const offline = createSqlOfflineStore({ db }, statements)
  const blocklists = createSqlBlocklistStore({ db, clock }, statements)
  const { cachedRosterItems, cachedBlocklistItems, rememberedAccounts } = settings
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= db.close()
    return closing
  }
  return {
    description: db.description,
    exclusive,
    accounts: createSqlAccountStore(
      { db, clock, ...(exclusive && { known: createKnownAccounts(rememberedAccounts) }) },
      statements,
    ),
    roster:
      exclusive && cachedRosterItems > 0
        ? createRosterCache(roster, { maxItems: cachedRosterItems })
        : roster,
    offline:
      exclusive && rememberedAccounts > 0
        ? createWaitingCounts(createMemoryLeases(offline), { maxAccounts: rememberedAccounts })
        : offline,
    archive: createSqlArchiveStore({ db, search }, statements),
    inbox: createSqlInboxStore({ db }, statements),
    lastActivity: createSqlLastActivityStore({ db }, statements),
    push: createSqlPushStore({ db }, statements),
    blocklists:
      exclusive && cachedBlocklistItems > 0
        ? createBlocklistCache(blocklists, { maxItems: cachedBlocklistItems })
        : blocklists,
    fastTokens: createSqlFastTokenStore({ db }, statements),
    outbox: createSqlOutboxStore({ db, exclusive }, statements),
    tenants: createSqlTenantStore({ db }, statements),
    keyValue: (name): KeyValue => keyValue(named(name)),
    log: (name): Log => logOf(named(name)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function isExclusive(
  { dialect }: SqlDatabase,
  { exclusive, keepLeases }: typeof sqlStorageDefaults,
): boolean {
  return exclusive === 'auto' ? dialect.name === 'sqlite' && !keepLeases : exclusive
}

function named(name: string): string {
  assertName('the name of a store', name)
  return name
}

async function openDatabase(
  { path, driver, connection, url, pool, logger = silentLogger }: SqlStorageDeps,
  settings: typeof sqlStorageDefaults,
): Promise<SqlDatabase> {
  const given = [path, connection, url, pool].filter((source) => source !== undefined)
  if (given.length !== 1) {
    throw new SqlStorageError('storage-sql/bad-option', 'give exactly one of path, url, connection and pool')
  }
  const { maxBatch, maxPendingCalls, maxPendingLength } = settings
  const limits = { maxBatch, maxPending: maxPendingCalls, maxPendingLength }
  const source = path ?? connection
  if (source !== undefined) {
    if (source === '')
      throw new SqlStorageError('storage-sql/bad-option', 'the path of the database is empty')
    return openSqliteDatabase({ ...settings, source, driver, voidLeases: !settings.keepLeases, limits })
  }
  const { schema, writers, prepareStatements } = settings
  return openPostgresDatabase(
    { logger },
    {
      pool: pool ?? (await createPostgresPool(url as string, settings)),
      ownsPool: pool === undefined,
      schema,
      writers,
      prepare: prepareStatements,
      limits,
    },
  )
}
