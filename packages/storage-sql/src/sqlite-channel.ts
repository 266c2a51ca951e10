import { createSqliteEngine, setUp, wireError } from './sqlite-engine.js'
import { sqliteError } from './sqlite-errors.js'
import type {
  SqliteConnection,
  SqliteEngine,
  SqliteRequest,
  SqliteSetup,
  WireOutcome,
} from './sqlite-protocol.js'

/** One connection to SQLite, wherever it runs. */
export interface SqliteChannel {
  /** Driver and version: `libsql (SQLite 3.45.1)`. */
  readonly description: string
  /** Makes sure there is a connection. Answers with another number when it is a new one, which knows no statements yet. */
  ready(): Promise<number>
  /** Does a request; one at a time, after {@link ready}. */
  run(request: SqliteRequest): Promise<readonly WireOutcome[]>
  /** Lets go of the file. */
  close(): Promise<void>
}

/** Uses a connection of the embedder, on the event loop. Closing it is up to the embedder. */
export function openSqliteInline(connection: SqliteConnection, setup: SqliteSetup): SqliteChannel {
  try {
    setUp(connection, setup)
  } catch (error) {
    throw sqliteError(wireError(error), 'the connection given')
  }
  const engine: SqliteEngine = createSqliteEngine(connection)
  const [row] = connection.prepare('select sqlite_version() as version').all() as { version: string }[]
  return {
    description: `a connection given (SQLite ${row?.version})`,
    ready: async () => 1,
    run: async (request) => engine.run(request),
    close: async () => {},
  }
}
