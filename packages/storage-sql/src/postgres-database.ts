import { createHash } from 'node:crypto'
import type { Logger } from '@xmppkit/runtime'
import { type Batcher, type BatcherLimits, createBatcher, type Outcome } from './batcher.js'
import {
  guarded,
  lengthOf,
  type SqlDatabase,
  type Step,
  type StepResult,
  type Unit,
  type UnitResult,
} from './database.js'
import { postgres } from './dialect.js'
import { SqlStorageError } from './errors.js'
import { isBroken, isRetryable, postgresError } from './postgres-errors.js'
import { migratePostgres } from './postgres-migrate.js'
import type { PostgresClient, PostgresPool, PostgresResult } from './postgres-types.js'

/** A PostgreSQL database and how to treat it. */
export interface PostgresTarget {
  /** Connections to it. */
  readonly pool: PostgresPool
  /** Whether closing ends the pool. */
  readonly ownsPool: boolean
  /** Where the tables are. */
  readonly schema: string
  /** Whether statements are prepared under a name; not through a pooler that mixes connections. */
  readonly prepare: boolean
  /** Transactions written at the same time. */
  readonly writers: number
  /** Limits of what waits for each of them, and for reading. */
  readonly limits: BatcherLimits
}

const maxRetries = 5

/** Opens a PostgreSQL database and brings its tables to the newest state. */
export async function openPostgresDatabase(
  deps: { readonly logger: Logger },
  target: PostgresTarget,
): Promise<SqlDatabase> {
  const { pool, ownsPool, schema, prepare, limits } = target
  // Without a listener a connection that breaks while nobody uses it would take the process down.
  const onError = (error: Error) => deps.logger.warn('a connection to PostgreSQL was lost', { error })
  pool.on('error', onError)
  const release = async () => {
    pool.off('error', onError)
    if (ownsPool) await pool.end()
  }
  const version = await withClient(pool, (client) => migratePostgres(client, schema)).catch(async (error) => {
    await release().catch(() => {})
    throw postgresError(error)
  })

  const context = { pool, prepare, schema }
  // One lock always goes the same way, so what one account writes keeps its order.
  const lanes = Array.from({ length: target.writers }, () =>
    createBatcher<Unit, UnitResult>((units) => writeBatch(context, units), limits),
  )
  const reads = new Set<Promise<unknown>>()

  return {
    dialect: postgres,
    description: `pg (PostgreSQL ${version})`,
    async read(step) {
      if (reads.size >= limits.maxPending) {
        throw new SqlStorageError('storage-sql/overloaded', `${reads.size} calls wait already`)
      }
      const reading = withClient(pool, (client) => runStep(client, step, prepare))
      reads.add(reading)
      try {
        return (await reading).rows
      } catch (error) {
        throw postgresError(error)
      } finally {
        reads.delete(reading)
      }
    },
    write(unit) {
      const lane = lanes[lockNumber(schema, unit.lock) % lanes.length] as Batcher<Unit, UnitResult>
      return lane.submit(unit, lengthOf(...unit.steps))
    },
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()))
      await Promise.allSettled(reads)
      await release()
    },
  }
}

interface Context {
  readonly pool: PostgresPool
  readonly prepare: boolean
  readonly schema: string
}

/** Lends a connection; one that broke, or was left in a transaction, is not given to others. */
export async function withClient<T>(
  pool: PostgresPool,
  use: (client: PostgresClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    return await use(client)
  } catch (error) {
    broken = isBroken(error)
    throw error
  } finally {
    client.release(broken)
  }
}

/** Many units, one transaction; if one fails, each gets a transaction of its own. */
async function writeBatch(context: Context, units: readonly Unit[]): Promise<readonly Outcome<UnitResult>[]> {
  try {
    const results = await transact(context, units)
    return results.map((value) => ({ value }))
  } catch (error) {
    if (isBroken(error) || error instanceof SqlStorageError) throw postgresError(error, lossText(error))
    if (units.length === 1 && !isRetryable(error)) return [{ error: postgresError(error) }]
  }
  // Rolled back as a whole: nothing of it was written.
  const outcomes: Outcome<UnitResult>[] = []
  for (const unit of units) outcomes.push(await writeAlone(context, unit))
  return outcomes
}

async function writeAlone(context: Context, unit: Unit): Promise<Outcome<UnitResult>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [value] = await transact(context, [unit])
      return { value: value as UnitResult }
    } catch (error) {
      if (!isRetryable(error) || attempt >= maxRetries)
        return { error: postgresError(error, lossText(error)) }
    }
  }
}

const committing = Symbol('committing')

/** Whether what was being written may be there after all. */
function lossText(error: unknown): string {
  if (!isBroken(error)) return ''
  return Reflect.has(Object(error), committing)
    ? '; what was being written may or may not be stored'
    : '; what was being written is not stored'
}

function transact({ pool, prepare, schema }: Context, units: readonly Unit[]): Promise<UnitResult[]> {
  return withClient(pool, async (client) => {
    // Locks are taken in the order of their numbers, by every process, so that none waits for another in a circle.
    const ordered = units
      .map((unit, index) => ({ unit, index, lock: lockNumber(schema, unit.lock) }))
      .sort((a, b) => a.lock - b.lock || a.index - b.index)
    const results: UnitResult[] = []
    await client.query({ text: 'begin' })
    try {
      for (const { unit, index, lock } of ordered) {
        await client.query(lockQuery(lock, prepare))
        results[index] = await runUnit(client, unit, prepare)
      }
    } catch (error) {
      if (!isBroken(error)) await client.query({ text: 'rollback' })
      throw error
    }
    try {
      await client.query({ text: 'commit' })
    } catch (error) {
      throw Object.assign(Object(error) as object, { [committing]: true })
    }
    return results
  })
}

async function runUnit(client: PostgresClient, unit: Unit, prepare: boolean): Promise<UnitResult> {
  const results: StepResult[] = []
  for (const step of unit.steps) {
    const result = await runStep(client, step, prepare)
    if (step.guard && result.changes === 0) return guarded
    results.push(result)
  }
  return results
}

async function runStep(
  client: PostgresClient,
  { statement, values }: Step,
  prepare: boolean,
): Promise<StepResult> {
  const named = prepare ? { name: statement.name } : {}
  const { rows, rowCount }: PostgresResult = await client.query({
    ...named,
    text: statement.sql,
    values: [...values],
  })
  return { rows, changes: rowCount ?? 0 }
}

// "xmpp": keeps our locks apart from those of others in the same database.
const lockSpace = 0x786d7070

function lockQuery(lock: number, prepare: boolean) {
  const named = prepare ? { name: 'xmppkit_lock' } : {}
  return { ...named, text: 'select pg_advisory_xact_lock($1, $2)', values: [lockSpace, lock] }
}

/** A number for a lock: 31 bits, and the same in every process. */
function lockNumber(schema: string, lock: string): number {
  return createHash('sha256').update(schema).update('\0').update(lock).digest().readUInt32BE() >>> 1
}
