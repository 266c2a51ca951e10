import { Worker } from 'node:worker_threads'
import { SqlStorageError } from './errors.js'
import type { SqliteChannel } from './sqlite-channel.js'
import { sqliteError } from './sqlite-errors.js'
import type { SqliteGreeting, SqliteRequest, SqliteWorkerData, WireOutcome } from './sqlite-protocol.js'

/**
 * Opens a connection in a thread of its own. A thread that dies takes the request under way with it; the next request
 * starts another.
 */
export async function openSqliteThread(data: SqliteWorkerData): Promise<SqliteChannel> {
  let current = await start(data)
  let generation = 1
  let lost = false
  let closed = false
  let waiting: Waiting | undefined
  watch()

  function settle(act: (waiting: Waiting) => void): void {
    const asked = waiting
    if (asked === undefined) return
    waiting = undefined
    // The process stays alive for as long as somebody waits for an answer.
    current.worker.unref()
    act(asked)
  }

  // Requests go one after another, so whatever comes answers the one that waits.
  function watch(): void {
    const { worker } = current
    worker.unref()
    worker.on('message', (answer) => settle(({ resolve }) => resolve(answer)))
    let cause: unknown
    // It comes before the end, and what is asked in between would be lost as well.
    worker.on('error', (error) => {
      cause = error
    })
    worker.once('exit', () => {
      lost = true
      settle(({ reject }) => reject(threadEnded(cause)))
    })
  }

  return {
    description: `${current.driver} (SQLite ${current.version})`,
    async ready() {
      if (closed) throw new SqlStorageError('storage-sql/closed', `${data.path} has been closed`)
      if (!lost) return generation
      if (data.path === ':memory:') {
        throw new SqlStorageError(
          'storage-sql/connection-lost',
          'the thread that held the memory ended, and with it the data',
        )
      }
      // Leases are those of this very process, so they hold.
      current = await start({ ...data, voidLeases: false })
      lost = false
      generation += 1
      watch()
      return generation
    },
    run: (request) =>
      new Promise((resolve, reject) => {
        // First: what cannot be sent throws, and then nobody waits.
        current.worker.postMessage(request)
        waiting = { resolve, reject }
        current.worker.ref()
      }),
    async close() {
      closed = true
      if (lost) return
      const { worker } = current
      worker.ref()
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
      worker.postMessage({ kind: 'close' } satisfies SqliteRequest)
      await exited
    },
  }
}

interface Waiting {
  readonly resolve: (answer: readonly WireOutcome[]) => void
  readonly reject: (error: SqlStorageError) => void
}

function threadEnded(cause?: unknown): SqlStorageError {
  return new SqlStorageError(
    'storage-sql/connection-lost',
    'the thread that writes to SQLite ended; what was under way may or may not be stored',
    { cause },
  )
}

async function start(data: SqliteWorkerData) {
  const worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: data })
  const greeting = await greetingOf(worker)
  if (greeting.kind === 'open') return { ...greeting, worker }
  await worker.terminate()
  throw sqliteError(greeting.error, data.path)
}

/** The first message of a worker; rejects if it ends instead. */
function greetingOf(worker: Worker): Promise<SqliteGreeting> {
  return new Promise((resolve, reject) => {
    const onMessage = (greeting: SqliteGreeting) => settle(() => resolve(greeting))
    const onError = (cause: unknown) => settle(() => reject(threadEnded(cause)))
    const onExit = () => settle(() => reject(threadEnded()))
    const settle = (act: () => void) => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
      act()
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
  })
}
