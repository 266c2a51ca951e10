import { randomBytes } from 'node:crypto'
import type { OpenedStore } from '@xmppkit/conformance'
import type { SqlStorage, SqlStorageOptions } from '@xmppkit/storage-sql'
import pg from 'pg'
import { NoPostgres, openPostgres, type PostgresCluster } from './postgres-cluster.js'
import { openStore } from './sqlite.js'

/** A server to test with, or why there is none; throws that where a server is required. */
export async function postgresOrReason(): Promise<PostgresCluster | string> {
  try {
    return await openPostgres()
  } catch (error) {
    if (error instanceof NoPostgres && process.env.XMPPKIT_PEERS !== 'required') return error.message
    throw error
  }
}

/** A schema name nobody has. */
export const freshSchema = () => `test_${randomBytes(6).toString('hex')}`

/** Runs statements on a connection of their own. */
export async function query(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) rows = (await client.query(statement)).rows
    return rows
  } finally {
    await client.end()
  }
}

/** Opens one store in a schema of its own, which goes with it. */
export function openPostgresStore<S>(
  url: string,
  pick: (storage: SqlStorage) => S,
  options: SqlStorageOptions = {},
): Promise<OpenedStore<S>> {
  const schema = freshSchema()
  const drop = async () => void (await query(url, `drop schema "${schema}" cascade`))
  return openStore({ url }, pick, drop, { maxConnections: 4, writers: 2, ...options, schema })
}
