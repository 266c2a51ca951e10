import { SqlStorageError } from './errors.js'
import type { PostgresPool } from './postgres-types.js'

/** How to connect. */
export interface PoolSettings {
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
}

/** Makes a pool of connections with the driver `pg`, which the embedder installs. */
export async function createPostgresPool(url: string, settings: PoolSettings): Promise<PostgresPool> {
  const { Pool } = await loadDriver()
  const config = {
    connectionString: url,
    application_name: 'xmppkit',
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    statement_timeout: settings.statementTimeoutMs,
    // A server that was frozen answers nothing at all; a little later than it should itself.
    query_timeout: settings.statementTimeoutMs + 5_000,
    keepAlive: true,
    allowExitOnIdle: true,
    pipeline: true,
  }
  return new Pool(config)
}

async function loadDriver() {
  try {
    return (await import('pg')).default
  } catch (error) {
    throw new SqlStorageError('storage-sql/no-driver', 'the driver for PostgreSQL is not there; install pg', {
      cause: error,
    })
  }
}
