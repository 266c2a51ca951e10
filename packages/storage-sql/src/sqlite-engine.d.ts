import type { MigrationStep } from './migrations.js'
import type { SqliteConnection, SqliteEngine, SqliteSetup, WireError } from './sqlite-protocol.js'

export function wireError(error: unknown): WireError
export function migrate(connection: SqliteConnection, steps: readonly MigrationStep[]): void
export function setUp(connection: SqliteConnection, setup: SqliteSetup): void
export function createSqliteEngine(connection: SqliteConnection): SqliteEngine
