import { SqlStorageError, type SqlStorageErrorCode } from './errors.js'

type Explanation = readonly [code: SqlStorageErrorCode, text: string]

// https://www.postgresql.org/docs/current/errcodes-appendix.html, by code or by class (its first two characters).
const explanations: Readonly<Record<string, Explanation>> = {
  '08': ['storage-sql/connection-lost', 'the connection was lost'],
  '28': ['storage-sql/cannot-open', 'it does not let us in; check user, password and pg_hba.conf'],
  '3D': ['storage-sql/cannot-open', 'there is no such database; create it first'],
  '42501': [
    'storage-sql/cannot-open',
    'the user may not do this; it must own its schema, or may create one in the database',
  ],
  '53': ['storage-sql/failed', 'it has no resources left'],
  '53100': ['storage-sql/disk-full', 'its disk is full; make room, nothing needs repair'],
  '53300': [
    'storage-sql/cannot-open',
    'it has too many connections; lower maxConnections or raise max_connections',
  ],
  '55P03': ['storage-sql/locked', 'somebody else holds a lock'],
  '57014': ['storage-sql/locked', 'a statement took too long and was cancelled; is somebody holding a lock?'],
  '57P01': ['storage-sql/connection-lost', 'it is shutting down'],
  '57P02': ['storage-sql/connection-lost', 'it crashed and is recovering'],
  '57P03': ['storage-sql/cannot-open', 'it is starting up'],
  '58': ['storage-sql/failed', 'its system failed; look at its log'],
  '25006': ['storage-sql/read-only', 'it accepts no writes; is it a standby?'],
  XX001: ['storage-sql/corrupt', 'its data is damaged; look at its log and restore a backup'],
  XX002: ['storage-sql/corrupt', 'one of its indices is damaged; reindex it'],
  ECONNREFUSED: ['storage-sql/cannot-open', 'nobody listens there; does it run, and is the address right?'],
  ENOENT: ['storage-sql/cannot-open', 'there is no such socket; does it run, and is the path right?'],
  ENOTFOUND: ['storage-sql/cannot-open', 'its host is not known'],
  EAI_AGAIN: ['storage-sql/cannot-open', 'its host cannot be looked up now'],
  ETIMEDOUT: ['storage-sql/connection-lost', 'it does not answer'],
  ECONNRESET: ['storage-sql/connection-lost', 'the connection was lost'],
  EPIPE: ['storage-sql/connection-lost', 'the connection was lost'],
}

// What the driver says where there is no code.
const phrases: readonly (readonly [pattern: RegExp, explanation: Explanation])[] = [
  [
    /connection terminated|connection error|not queryable/i,
    ['storage-sql/connection-lost', 'the connection was lost'],
  ],
  [
    /timeout exceeded when trying to connect|timeout expired/i,
    ['storage-sql/cannot-open', 'it does not answer'],
  ],
  [/query read timeout/i, ['storage-sql/connection-lost', 'it does not answer']],
]

/** The code of an error of the driver. */
export function codeOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** An error that tells a person what is wrong, made from what the driver threw. */
export function postgresError(error: unknown, more = ''): SqlStorageError {
  if (error instanceof SqlStorageError) return error
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  const phrase = phrases.find(([pattern]) => code === '' && pattern.test(message))?.[1]
  const found = explanations[code] ?? explanations[code.slice(0, 2)] ?? phrase
  const [reason, text] = found ?? ['storage-sql/failed' as const, 'a statement failed']
  return new SqlStorageError(reason, `PostgreSQL: ${text}${more} (${message})`, { cause: error })
}

/** Whether a connection is of no more use after an error. */
export function isBroken(error: unknown): boolean {
  return postgresError(error).code === 'storage-sql/connection-lost'
}

/** Whether the same transaction may succeed when it is tried again: deadlock, serialization failure. */
export function isRetryable(error: unknown): boolean {
  return codeOf(error) === '40P01' || codeOf(error) === '40001'
}
