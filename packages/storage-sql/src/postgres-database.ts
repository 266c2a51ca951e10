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
import type { PostgresClient, PostgresPool, PostgresQuery, PostgresResult } from './postgres-types.js'

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
    // A pool of ours keeps its listener: its connections are still closing when `end` resolves, and may yet break.
    if (ownsPool) await pool.end()
    else pool.off('error', onError)
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
      const reading = withClient(pool, (client) => sendStep((query) => client.query(query), step, prepare))
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
async function withClient<T>(pool: PostgresPool, use: (client: PostgresClient) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    // As what it means: nothing was begun, so nobody has to find out which part of it failed.
    throw postgresError(error)
  })
  // The pool listens to connections nobody has only, and an error without a listener would take the process down. The
  // queries under way fail by themselves.
  const onError = () => {}
  client.on('error', onError)
  let broken = false
  try {
    return await use(client)
  } catch (error) {
    broken = isBroken(error)
    throw error
  } finally {
    // One that broke may say so once more while it is thrown away.
    if (!broken) client.off('error', onError)
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

function transact(context: Context, units: readonly Unit[]): Promise<UnitResult[]> {
  return withClient(context.pool, async (client) => {
    const { send, settled } = createSender(client)
    try {
      const results = await sendUnits(send, units, context)
      await settled()
      await commit(client)
      return results
    } catch (error) {
      await settled().catch(() => {})
      if (!isBroken(error)) await client.query({ text: 'rollback' })
      throw error
    }
  })
}

/** A failure to commit is the only one that leaves open whether something was written. */
async function commit(client: PostgresClient): Promise<void> {
  try {
    await client.query({ text: 'commit' })
  } catch (error) {
    throw Object.assign(Object(error) as object, { [committing]: true })
  }
}

async function sendUnits(
  send: Send,
  units: readonly Unit[],
  { prepare, schema }: Context,
): Promise<UnitResult[]> {
  // Locks are taken in the order of their numbers, by every process, so that none waits for another in a circle.
  const names = units.flatMap(({ lock, also }) => (also === undefined ? lock : [lock, also]))
  const locks = [...new Set(names.map((name) => lockNumber(schema, name)))].sort((a, b) => a - b)
  void send({ text: 'begin' })
  void send(lockQuery(locks, prepare))
  const sent: Promise<UnitResult>[] = []
  const add = (result: Promise<UnitResult>) => {
    // It may fail while the guard of another is waited for, when nobody has asked for it yet.
    result.catch(() => {})
    sent.push(result)
  }
  for (const { steps } of units) {
    const [first, ...rest] = steps as [Step, ...Step[]]
    const opening = sendStep(send, first, prepare)
    // What follows a guard depends on it; everything else is sent without waiting for answers.
    if (first.guard && rest.length > 0 && (await opening).changes === 0) add(Promise.resolve(guarded))
    else add(unitResult([opening, ...rest.map((step) => sendStep(send, step, prepare))], first.guard))
  }
  return Promise.all(sent)
}

async function unitResult(answers: readonly Promise<StepResult>[], isGuarded = false): Promise<UnitResult> {
  const results = await Promise.all(answers)
  return isGuarded && results[0]?.changes === 0 ? guarded : results
}

/** Sends a query; it is answered, or fails, in its turn. */
type Send = (query: PostgresQuery) => Promise<PostgresResult>

/** Sends queries one behind the other: all at once where the driver can, else each when the one before is answered. */
function createSender(client: PostgresClient): { send: Send; settled: () => Promise<unknown> } {
  let last: Promise<unknown> = Promise.resolve()
  const send: Send = (query) => {
    const answer = client.pipeline ? client.query(query) : last.then(() => client.query(query))
    const before = last
    last = before.then(() => answer)
    // Whoever waits for the end hears of failures; nobody else has to.
    last.catch(() => {})
    answer.catch(() => {})
    return answer
  }
  return { send, settled: () => last }
}

async function sendStep(send: Send, { statement, values }: Step, prepare: boolean): Promise<StepResult> {
  const named = prepare ? { name: statement.name } : {}
  const { rows, rowCount } = await send({ ...named, text: statement.sql, values: [...values] })
  return { rows, changes: rowCount ?? 0 }
}

// "xmpp": keeps our locks apart from those of others in the same database.
const lockSpace = 0x786d7070

function lockQuery(locks: readonly number[], prepare: boolean): PostgresQuery {
  const named = prepare ? { name: 'xmppkit_locks' } : {}
  const text = 'select pg_advisory_xact_lock($1, lock) from unnest($2::int[]) as locks(lock)'
  return { ...named, text, values: [lockSpace, locks] }
}

/** A number for a lock: 31 bits, and the same in every process. */
function lockNumber(schema: string, lock: string): number {
  return createHash('sha256').update(schema).update('\0').update(lock).digest().readUInt32BE() >>> 1
}
