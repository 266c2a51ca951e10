import { SqlStorageError, type SqlStorageErrorCode } from './errors.js'
import type { WireError } from './sqlite-protocol.js'

type Explanation = readonly [code: SqlStorageErrorCode, text: string]

const explanations: Readonly<Record<string, Explanation>> = {
  SQLITE_BUSY: [
    'storage-sql/locked',
    'another process holds it; is a second server, a backup or a shell open on it?',
  ],
  SQLITE_LOCKED: ['storage-sql/locked', 'another connection holds it'],
  SQLITE_FULL: [
    'storage-sql/disk-full',
    'the disk is full, or the file has reached maxFileBytes; make room, nothing needs repair',
  ],
  SQLITE_READONLY: [
    'storage-sql/read-only',
    'it cannot be written; check the owner and mode of the file and its folder',
  ],
  SQLITE_PERM: [
    'storage-sql/read-only',
    'access was denied; check the owner and mode of the file and its folder',
  ],
  SQLITE_CORRUPT: [
    'storage-sql/corrupt',
    'it is damaged; stop the server, keep a copy, and restore a backup or try sqlite3 .recover',
  ],
  SQLITE_NOTADB: ['storage-sql/corrupt', 'it is not an SQLite database, or it is encrypted'],
  SQLITE_CANTOPEN: [
    'storage-sql/cannot-open',
    'it cannot be opened; does its folder exist, and may this user write there?',
  ],
  SQLITE_IOERR: ['storage-sql/failed', 'the disk failed to read or write; look at the log of the system'],
  SQLITE_NOMEM: ['storage-sql/failed', 'there is no memory left'],
  NO_DRIVER: [
    'storage-sql/no-driver',
    'no driver is there; use Node 22.13 or newer, or install libsql or better-sqlite3',
  ],
  NEWER_SCHEMA: [
    'storage-sql/newer-schema',
    'upgrade @xmppkit/storage-sql, or restore the backup made before the upgrade',
  ],
  MIGRATION_FAILED: [
    'storage-sql/migration-failed',
    'its tables could not be made; is it the database of another program?',
  ],
}

/** An error that tells a person what is wrong with which file, made from what came out of the worker. */
export function sqliteError(error: WireError, path: string): SqlStorageError {
  // Extended codes begin with the primary one: SQLITE_IOERR_FSYNC.
  const primary = error.code.split('_').slice(0, 2).join('_')
  const [code, text] = explanations[error.code] ??
    explanations[primary] ?? ['storage-sql/failed', 'a statement failed']
  const cause = Object.assign(new Error(error.message), { code: error.code })
  return new SqlStorageError(code, `${path}: ${text} (${error.message})`, { cause })
}
