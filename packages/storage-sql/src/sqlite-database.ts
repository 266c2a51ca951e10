import { type Batcher, type BatcherLimits, createBatcher, type Outcome } from './batcher.js'
import {
  type Compiled,
  guarded,
  lengthOf,
  type Row,
  type SqlDatabase,
  type Step,
  type Unit,
  type UnitResult,
} from './database.js'
import { sqlite } from './dialect.js'
import { SqlStorageError } from './errors.js'
import { migrationSteps } from './migrations.js'
import { openSqliteInline, type SqliteChannel } from './sqlite-channel.js'
import { sqliteError } from './sqlite-errors.js'
import type {
  SqliteConnection,
  SqliteDriverName,
  SqliteSetup,
  WireOutcome,
  WireStep,
} from './sqlite-protocol.js'
import { openSqliteThread } from './sqlite-thread.js'

/** Where a SQLite database is, and how to treat it. */
export interface SqliteTarget {
  /** File, `:memory:`, or a connection of the embedder. */
  readonly source: string | SqliteConnection
  /** The driver to use; the first that is there when absent. */
  readonly driver?: SqliteDriverName | undefined
  /** Whether a second connection reads while the first one writes. */
  readonly separateReader: boolean
  /** Whether leases of an earlier run are void. */
  readonly voidLeases: boolean
  /** How long to wait for another process, in milliseconds. */
  readonly busyTimeoutMs: number
  /** Largest file, in bytes. */
  readonly maxFileBytes: number
  /** Limits of what waits. */
  readonly limits: BatcherLimits
}

/** Opens a SQLite database and brings its tables to the newest state. */
export async function openSqliteDatabase(target: SqliteTarget): Promise<SqlDatabase> {
  const { source, driver, busyTimeoutMs, maxFileBytes, voidLeases, limits } = target
  const setup: SqliteSetup = {
    busyTimeoutMs,
    maxFileBytes,
    voidLeases,
    migrations: migrationSteps(sqlite.types),
  }
  const path = typeof source === 'string' ? source : 'the connection given'
  const { migrations: _, ...readOnly } = setup
  const named = driver === undefined ? {} : { driver }

  const writer =
    typeof source === 'string'
      ? await openSqliteThread({ path: source, ...named, ...setup })
      : openSqliteInline(source, setup)
  // A database in memory exists in one connection only.
  const apart = typeof source === 'string' && source !== ':memory:' && target.separateReader
  const opening = apart ? openSqliteThread({ path, ...named, ...readOnly }) : undefined
  const reader = await opening?.catch(async (error) => {
    await writer.close()
    throw error
  })
  return sqliteDatabase(writer, reader, path, limits)
}

function sqliteDatabase(
  writer: SqliteChannel,
  reader: SqliteChannel | undefined,
  path: string,
  limits: BatcherLimits,
): SqlDatabase {
  const writing = createSpeaker(writer)
  const reading = reader ? createSpeaker(reader) : writing
  const writes: Batcher<Unit, UnitResult> = createBatcher(async (units) => {
    const outcomes = await writing(
      'write',
      units.map(({ steps }) => steps),
    )
    return outcomes.map((outcome) => unitOutcome(outcome, path))
  }, limits)
  const reads: Batcher<Step, readonly Row[]> = createBatcher(async (steps) => {
    const outcomes = await reading('read', [steps])
    return outcomes.map((outcome) => readOutcome(outcome, path))
  }, limits)

  return {
    dialect: sqlite,
    description: writer.description,
    read: (step) => reads.submit(step, lengthOf(step)),
    write: (unit) => writes.submit(unit, lengthOf(...unit.steps)),
    async close() {
      await Promise.all([writes.close(), reads.close()])
      // The writer last: it folds the write-ahead log back into the file when nobody else has it open.
      await reader?.close()
      await writer.close()
    },
  }
}

type Speak = (kind: 'write' | 'read', groups: readonly (readonly Step[])[]) => Promise<readonly WireOutcome[]>

/** Tells a connection each statement once and then speaks of it by number. Requests go one after another. */
function createSpeaker(channel: SqliteChannel): Speak {
  const numbers = new Map<Compiled, number>()
  let generation = 0
  let last: Promise<unknown> = Promise.resolve()

  async function speak(kind: 'write' | 'read', groups: readonly (readonly Step[])[]) {
    const now = await channel.ready()
    if (now !== generation) numbers.clear()
    generation = now
    const define: Compiled[] = []
    const wire = ({ statement, values, guard = false }: Step): WireStep => {
      let number = numbers.get(statement)
      if (number === undefined) {
        number = numbers.size
        numbers.set(statement, number)
        define.push(statement)
      }
      return [number, values, guard]
    }
    const units = groups.map((steps) => steps.map(wire))
    return kind === 'write'
      ? channel.run({ kind, define, units })
      : channel.run({ kind, define, steps: units.flat() })
  }

  return (kind, groups) => {
    const answer = last.then(() => speak(kind, groups))
    last = answer.catch(() => {})
    return answer
  }
}

function unitOutcome(outcome: WireOutcome, path: string): Outcome<UnitResult> {
  if ('guarded' in outcome) return { value: guarded }
  if ('results' in outcome) return { value: outcome.results }
  return { error: 'error' in outcome ? sqliteError(outcome.error, path) : unexpected() }
}

function readOutcome(outcome: WireOutcome, path: string): Outcome<readonly Row[]> {
  if ('rows' in outcome) return { value: outcome.rows }
  return { error: 'error' in outcome ? sqliteError(outcome.error, path) : unexpected() }
}

const unexpected = () => new SqlStorageError('storage-sql/failed', 'the connection answered something else')
