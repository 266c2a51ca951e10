// @ts-check
// Plain JavaScript, because a worker thread runs it from the sources too, and Node 20 takes no types away.

/** @typedef {import('./sqlite-protocol.js').SqliteConnection} SqliteConnection */
/** @typedef {import('./sqlite-protocol.js').SqliteSetup} SqliteSetup */
/** @typedef {import('./sqlite-protocol.js').SqliteStatement} SqliteStatement */
/** @typedef {import('./sqlite-protocol.js').WireOutcome} WireOutcome */
/** @typedef {import('./sqlite-protocol.js').WireStep} WireStep */
/** @typedef {import('./migrations.js').MigrationStep} MigrationStep */
/** @typedef {import('./database.js').StepResult} StepResult */

// https://www.sqlite.org/rescode.html; node:sqlite gives numbers only, whose low byte is the primary code.
/** @type {Record<number, string>} */
const names = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
}

/**
 * An error as it can travel between threads, with SQLite's name for it.
 * @param {unknown} error
 * @returns {import('./sqlite-protocol.js').WireError}
 */
export function wireError(error) {
  const { code, errcode, message } = /** @type {{ code?: unknown, errcode?: unknown, message?: unknown }} */ (
    Object(error)
  )
  const number = typeof errcode === 'number' ? errcode & 0xff : undefined
  const known = typeof code === 'string' && code !== '' && code !== 'ERR_SQLITE_ERROR'
  const name = number === undefined ? 'SQLITE_ERROR' : (names[number] ?? 'SQLITE_ERROR')
  return { code: known ? code : name, message: String(message ?? error) }
}

/** @param {string} code @param {string} message */
function codedError(code, message) {
  return Object.assign(new Error(message), { code })
}

/** @param {SqliteConnection} connection @param {string} sql */
function rows(connection, sql) {
  return /** @type {Record<string, unknown>[]} */ (connection.prepare(sql).all())
}

/**
 * Brings the tables to the newest state. Exclusive, so that of two processes starting at once one waits.
 * @param {SqliteConnection} connection
 * @param {readonly MigrationStep[]} steps
 */
export function migrate(connection, steps) {
  connection.exec('begin exclusive')
  try {
    connection.exec(
      'create table if not exists schema_migrations (id integer primary key, name text not null, applied_at text not null) strict',
    )
    const applied = rows(connection, 'select id from schema_migrations').map(({ id }) => Number(id))
    const unknown = applied.filter((id) => !steps.some((step) => step.id === id))
    if (unknown.length > 0) {
      throw codedError(
        'NEWER_SCHEMA',
        `it has been changed by a newer version (step ${Math.max(...unknown)})`,
      )
    }
    for (const step of steps.filter(({ id }) => !applied.includes(id))) apply(connection, step)
    connection.exec('commit')
  } catch (error) {
    quietly(() => connection.exec('rollback'))
    throw error
  }
}

/** @param {SqliteConnection} connection @param {MigrationStep} step */
function apply(connection, step) {
  for (const statement of step.statements) {
    try {
      connection.exec(statement)
    } catch (error) {
      const { code, message } = wireError(error)
      if (code !== 'SQLITE_ERROR') throw error
      throw codedError('MIGRATION_FAILED', `step ${step.id} (${step.name}): ${message}`)
    }
  }
  const values = /** @type {never[]} */ (/** @type {unknown} */ ([step.id, step.name]))
  connection
    .prepare("insert into schema_migrations values (?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")
    .run(...values)
}

/**
 * Sets a fresh connection up: durability, limits, tables, leases.
 * @param {SqliteConnection} connection
 * @param {SqliteSetup} setup
 */
export function setUp(connection, setup) {
  rows(connection, `pragma busy_timeout = ${setup.busyTimeoutMs}`)
  if (!setup.migrations) {
    connection.exec('pragma query_only = on')
    return
  }
  // A write-ahead log that reaches the disk before a commit returns: fast, and nothing acknowledged is lost.
  rows(connection, 'pragma journal_mode = wal')
  connection.exec('pragma synchronous = full')
  connection.exec('pragma foreign_keys = on')
  connection.exec('pragma trusted_schema = off')
  if (Number.isFinite(setup.maxFileBytes)) {
    const size = Number(rows(connection, 'pragma page_size')[0]?.page_size)
    rows(connection, `pragma max_page_count = ${Math.max(1, Math.floor(setup.maxFileBytes / size))}`)
  }
  migrate(connection, setup.migrations)
  if (!setup.voidLeases) return
  for (const table of ['offline_messages', 'log_entries']) {
    connection.exec(`update ${table} set leased_by = null, leased_until = null where leased_by is not null`)
  }
}

/** @param {() => unknown} action */
function quietly(action) {
  try {
    action()
  } catch {
    // There is an error under way that says more.
  }
}

/** @param {readonly unknown[]} values */
function bound(values) {
  return values.map((value) => (typeof value === 'boolean' ? Number(value) : value))
}

/**
 * Does what is asked on one connection, which must be set up.
 * @param {SqliteConnection} connection
 * @returns {import('./sqlite-protocol.js').SqliteEngine}
 */
export function createSqliteEngine(connection) {
  /** @type {{ sql: string, statement?: SqliteStatement, returns: boolean, givesId?: boolean }[]} */
  const known = []

  /** @type {Map<string, SqliteStatement>} */
  const controls = new Map()

  /**
   * Begins, ends and marks transactions, prepared once.
   * @param {string} sql
   */
  function control(sql) {
    const statement = controls.get(sql) ?? connection.prepare(sql)
    controls.set(sql, statement)
    statement.run()
  }

  /** @param {WireStep} step @returns {StepResult} */
  function runStep([index, values]) {
    const entry = /** @type {typeof known[number]} */ (known[index])
    // Here and not when it was told, so that a statement that cannot be prepared fails its own caller.
    entry.statement ??= connection.prepare(entry.sql)
    const { statement, returns, givesId } = entry
    const args = /** @type {never[]} */ (bound(values))
    if (!returns) {
      const { changes, lastInsertRowid } = statement.run(...args)
      return { rows: givesId ? [{ id: Number(lastInsertRowid) }] : [], changes: Number(changes) }
    }
    const found = /** @type {StepResult['rows']} */ (statement.all(...args))
    return { rows: found, changes: found.length }
  }

  /** @param {readonly WireStep[]} steps @returns {WireOutcome} */
  function runUnit(steps) {
    /** @type {StepResult[]} */
    const results = []
    for (const step of steps) {
      const result = runStep(step)
      if (step[2] && result.changes === 0) return { guarded: true }
      results.push(result)
    }
    return { results }
  }

  /**
   * One unit in a transaction of its own.
   * @param {readonly WireStep[]} steps
   * @returns {WireOutcome}
   */
  function runAlone(steps) {
    try {
      control('begin immediate')
      const outcome = runUnit(steps)
      control('commit')
      return outcome
    } catch (error) {
      quietly(() => connection.exec('rollback'))
      return { error: wireError(error) }
    }
  }

  /** A full disk and the like end the transaction, not just the statement. */
  function isInTransaction() {
    try {
      connection.exec('begin')
    } catch {
      return true
    }
    connection.exec('rollback')
    return false
  }

  /**
   * One unit within a transaction. A statement undoes itself when it fails; several need a savepoint.
   * @param {readonly WireStep[]} steps
   * @returns {WireOutcome | undefined} undefined when the whole transaction is gone
   */
  function runAmongOthers(steps) {
    const several = steps.length > 1
    try {
      if (several) control('savepoint unit')
      const outcome = runUnit(steps)
      if (several) control('release unit')
      return outcome
    } catch (error) {
      if (!isInTransaction()) return undefined
      if (several) {
        control('rollback to unit')
        control('release unit')
      }
      return { error: wireError(error) }
    }
  }

  /** @param {readonly (readonly WireStep[])[]} units @returns {WireOutcome[]} */
  function runBatch(units) {
    /** @type {WireOutcome[]} */
    const outcomes = []
    control('begin immediate')
    for (const unit of units) {
      const outcome = runAmongOthers(unit)
      if (!outcome) {
        quietly(() => connection.exec('rollback'))
        // Nothing of the batch was written, so each unit can have its own attempt.
        return units.map(runAlone)
      }
      outcomes.push(outcome)
    }
    try {
      control('commit')
      return outcomes
    } catch (error) {
      quietly(() => connection.exec('rollback'))
      const failed = { error: wireError(error) }
      return outcomes.map((outcome) => ('error' in outcome ? outcome : failed))
    }
  }

  /** @param {WireStep} step @returns {WireOutcome} */
  function read(step) {
    try {
      return { rows: runStep(step).rows }
    } catch (error) {
      return { error: wireError(error) }
    }
  }

  return {
    run(request) {
      if (request.kind === 'close') {
        quietly(() => connection.exec('pragma optimize'))
        connection.close()
        return []
      }
      for (const statement of request.define) known.push({ ...statement })
      if (request.kind === 'read') return request.steps.map(read)
      const [only] = request.units
      if (only && request.units.length === 1) return [runAlone(only)]
      try {
        return runBatch(request.units)
      } catch (error) {
        quietly(() => connection.exec('rollback'))
        const failed = { error: wireError(error) }
        return request.units.map(() => failed)
      }
    },
  }
}
