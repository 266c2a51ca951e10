/**
 * SQLite and PostgreSQL behind every store port, with group commit and migrations.
 *
 * @packageDocumentation
 */
export { SqlStorageError, type SqlStorageErrorCode } from './errors.js'
export type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from './postgres-types.js'
export { schemaSql } from './schema-sql.js'
export { type SqlStorageOptions, sqlStorageDefaults } from './sql-options.js'
export { createSqlStorage, type SqlStorage, type SqlStorageDeps } from './sql-storage.js'
export type { SqliteConnection, SqliteDriverName, SqliteStatement } from './sqlite-protocol.js'
