import type { Row, SqlValue, StepResult } from './database.js'
import type { MigrationStep } from './migrations.js'

/** Names of the drivers that are looked for, in this order. */
export type SqliteDriverName = 'node:sqlite' | 'better-sqlite3' | 'libsql'

/**
 * A prepared statement, as all drivers have it. Their types differ in what values they take, so it is not said here; what
 * they get is texts, numbers and nulls.
 */
export interface SqliteStatement {
  /** Runs it and answers with its rows. */
  all(...values: never[]): unknown[]
  /** Runs it and answers with how many rows it changed, and the key of the one it added. */
  run(...values: never[]): { changes: number | bigint; lastInsertRowid: number | bigint }
}

/** A connection, as `node:sqlite`, better-sqlite3 and libsql make them. */
export interface SqliteConnection {
  /** Runs statements without values. */
  exec(sql: string): unknown
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement
  /** Lets go of the file. */
  close(): unknown
}

/** How a connection is set up. */
export interface SqliteSetup {
  /** Steps to apply; absent for a connection that only reads. */
  readonly migrations?: readonly MigrationStep[]
  /** How long to wait for another process, in milliseconds. */
  readonly busyTimeoutMs: number
  /** Largest file, in bytes. */
  readonly maxFileBytes: number
  /** Whether leases of an earlier run are void. */
  readonly voidLeases: boolean
}

/** What a worker is started with. */
export interface SqliteWorkerData extends SqliteSetup {
  /** File, or `:memory:`. */
  readonly path: string
  /** The driver to use; the first that is there when absent. */
  readonly driver?: SqliteDriverName
}

/** A step as it travels: index of its statement, values, whether it guards its unit. */
export type WireStep = readonly [statement: number, values: readonly SqlValue[], guard: boolean]

/** A statement as it travels, once. */
export interface WireStatement {
  /** Its text. */
  readonly sql: string
  /** Whether it answers with rows. */
  readonly returns: boolean
  /** Whether it adds a row whose id is the answer. */
  readonly givesId?: boolean
}

/** What an engine can be asked. */
export type SqliteRequest =
  | {
      readonly kind: 'write'
      readonly define: readonly WireStatement[]
      readonly units: readonly (readonly WireStep[])[]
    }
  | { readonly kind: 'read'; readonly define: readonly WireStatement[]; readonly steps: readonly WireStep[] }
  | { readonly kind: 'close' }

/** An error as it travels. */
export interface WireError {
  /** SQLite's name for it, such as `SQLITE_FULL`, or one of ours. */
  readonly code: string
  /** What the driver said. */
  readonly message: string
}

/** What one unit or read came to. */
export type WireOutcome =
  | { readonly results: readonly StepResult[] }
  | { readonly guarded: true }
  | { readonly rows: readonly Row[] }
  | { readonly error: WireError }

/** Does what is asked on one connection. */
export interface SqliteEngine {
  /** Answers for each unit or read, in order. */
  run(request: SqliteRequest): readonly WireOutcome[]
}

/** What a worker says first. */
export type SqliteGreeting =
  | { readonly kind: 'open'; readonly driver: SqliteDriverName; readonly version: string }
  | { readonly kind: 'failed'; readonly error: WireError }
