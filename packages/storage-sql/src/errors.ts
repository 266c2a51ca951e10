import { XmppkitError } from '@xmppkit/runtime'

/**
 * What kept a database from answering. The message says what to do about it.
 *
 * - `storage-sql/bad-option`: the options contradict each other or name something that does not exist.
 * - `storage-sql/no-driver`: no driver for this database is installed.
 * - `storage-sql/cannot-open`: the database cannot be opened or reached.
 * - `storage-sql/newer-schema`: a newer version of this package has been here.
 * - `storage-sql/migration-failed`: the tables could not be made.
 * - `storage-sql/locked`: somebody else holds the database and did not let go in time.
 * - `storage-sql/disk-full`: there is no room left.
 * - `storage-sql/read-only`: the database does not accept writes.
 * - `storage-sql/corrupt`: the file is damaged or is no database.
 * - `storage-sql/connection-lost`: the connection broke; the message says whether something may have been written.
 * - `storage-sql/overloaded`: as many calls wait as are allowed.
 * - `storage-sql/conflict`: other processes changed the same thing again and again.
 * - `storage-sql/closed`: the storage has been closed.
 * - `storage-sql/failed`: anything else; the `cause` tells more.
 */
export type SqlStorageErrorCode =
  | 'storage-sql/bad-option'
  | 'storage-sql/no-driver'
  | 'storage-sql/cannot-open'
  | 'storage-sql/newer-schema'
  | 'storage-sql/migration-failed'
  | 'storage-sql/locked'
  | 'storage-sql/disk-full'
  | 'storage-sql/read-only'
  | 'storage-sql/corrupt'
  | 'storage-sql/connection-lost'
  | 'storage-sql/overloaded'
  | 'storage-sql/conflict'
  | 'storage-sql/closed'
  | 'storage-sql/failed'

/** Rejected with by everything of this package. */
export class SqlStorageError extends XmppkitError<SqlStorageErrorCode> {}
