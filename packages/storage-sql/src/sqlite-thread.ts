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
  watch()

  function watch(): void {
    const { worker } = current
    worker.unref()
    // Without a listener an error of the thread would take the process down; requests report it.
    worker.on('error', () => {})
    worker.once('exit', () => {
      lost = true
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
    async run(request) {
      const { worker } = current
      // The process stays alive for as long as somebody waits for an answer.
      worker.ref()
      try {
        const answer = answerOf(worker)
        worker.postMessage(request)
        return (await answer) as readonly WireOutcome[]
      } finally {
        worker.unref()
      }
    },
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

async function start(data: SqliteWorkerData) {
  const worker = new Worker(new URL('./sqlite-worker.js', import.meta.url), { workerData: data })
  const greeting = (await answerOf(worker)) as SqliteGreeting
  if (greeting.kind === 'open') return { ...greeting, worker }
  await worker.terminate()
  throw sqliteError(greeting.error, data.path)
}

/** The next message of a worker; rejects if it ends instead. */
function answerOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
      act()
    }
    const lost = (cause?: Error) =>
      new SqlStorageError(
        'storage-sql/connection-lost',
        'the thread that writes to SQLite ended; what was under way may or may not be stored',
        { cause },
      )
    const onMessage = (answer: unknown) => settle(() => resolve(answer))
    const onError = (error: Error) => settle(() => reject(lost(error)))
    const onExit = () => settle(() => reject(lost()))
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
  })
}
