// @ts-check
// A thread that holds one connection to SQLite, so that a slow disk never holds the event loop.
import { parentPort, workerData } from 'node:worker_threads'
import { openSqlite } from './sqlite-drivers.js'
import { createSqliteEngine, setUp, wireError } from './sqlite-engine.js'

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort)
const data = /** @type {import('./sqlite-protocol.js').SqliteWorkerData} */ (workerData)

/** @returns {Promise<import('./sqlite-protocol.js').SqliteGreeting>} */
async function open() {
  /** @type {Awaited<ReturnType<typeof openSqlite>>} */
  let opened
  try {
    opened = await openSqlite(data.path, data.driver)
  } catch (error) {
    const { code, message } = wireError(error)
    return { kind: 'failed', error: { code: code === 'SQLITE_ERROR' ? 'SQLITE_CANTOPEN' : code, message } }
  }
  const { name, connection } = opened
  try {
    setUp(connection, data)
    const engine = createSqliteEngine(connection)
    port.on('message', (request) => {
      port.postMessage(engine.run(request))
      if (request.kind === 'close') port.close()
    })
    const [row] = connection.prepare('select sqlite_version() as version').all()
    return { kind: 'open', driver: name, version: String(Object(row).version) }
  } catch (error) {
    connection.close()
    return { kind: 'failed', error: wireError(error) }
  }
}

port.postMessage(await open())
