import { postgres } from './dialect.js'
import { SqlStorageError } from './errors.js'
import { migrationSteps } from './migrations.js'
import { codeOf } from './postgres-errors.js'
import type { PostgresClient } from './postgres-types.js'

// Any number will do, as long as every process takes the same one.
const migrationLock = 0x786d7071

/**
 * Brings the tables of a schema to the newest state, in one transaction, behind a lock: of two processes starting at
 * once, one waits. Answers with the version of the server.
 */
export async function migratePostgres(client: PostgresClient, schema: string): Promise<string> {
  const quoted = `"${schema.replaceAll('"', '""')}"`
  await client.query({ text: 'begin' })
  try {
    await client.query({ text: 'select pg_advisory_xact_lock($1, 0)', values: [migrationLock] })
    await ensureSchema(client, schema, quoted)
    await client.query({ text: `set local search_path to ${quoted}` })
    await client.query({
      text: 'create table if not exists schema_migrations (id integer primary key, name text not null, applied_at timestamptz not null default now())',
    })
    await applySteps(client)
    const { rows } = await client.query({ text: 'show server_version' })
    await client.query({ text: 'commit' })
    return String(rows[0]?.server_version)
  } catch (error) {
    await client.query({ text: 'rollback' }).catch(() => {})
    throw error
  }
}

/** `create schema if not exists` needs the right to create one even when it exists. */
async function ensureSchema(client: PostgresClient, schema: string, quoted: string): Promise<void> {
  const { rowCount } = await client.query({
    text: 'select 1 from pg_catalog.pg_namespace where nspname = $1',
    values: [schema],
  })
  if (!rowCount) await client.query({ text: `create schema ${quoted}` })
}

async function applySteps(client: PostgresClient): Promise<void> {
  const steps = migrationSteps(postgres.types)
  const { rows } = await client.query({ text: 'select id from schema_migrations' })
  const applied = rows.map(({ id }) => Number(id))
  const unknown = applied.filter((id) => !steps.some((step) => step.id === id))
  if (unknown.length > 0) {
    const text = `PostgreSQL: it has been changed by a newer version (step ${Math.max(...unknown)}); upgrade @xmppkit/storage-sql`
    throw new SqlStorageError('storage-sql/newer-schema', text)
  }
  for (const { id, name, statements } of steps) {
    if (applied.includes(id)) continue
    for (const text of statements) await client.query({ text }).catch((error) => rethrow(error, id, name))
    await client.query({
      text: 'insert into schema_migrations (id, name) values ($1, $2)',
      values: [id, name],
    })
  }
}

function rethrow(error: unknown, id: number, name: string): never {
  // 42: the statement itself is at fault, or what is there already; anything else tells more by itself.
  if (!codeOf(error).startsWith('42') || codeOf(error) === '42501') throw error
  const { message } = error as Error
  const text = `PostgreSQL: step ${id} (${name}) failed: ${message}; is the schema that of another program?`
  throw new SqlStorageError('storage-sql/migration-failed', text, { cause: error })
}
