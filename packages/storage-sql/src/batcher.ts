import { SqlStorageError } from './errors.js'

/** What one item of a batch came to. */
export type Outcome<R> = { readonly value: R } | { readonly error: unknown }

/** Limits of a batcher. */
export interface BatcherLimits {
  /** Items done at once. */
  readonly maxBatch: number
  /** Items that may wait. */
  readonly maxPending: number
  /** Characters of text that may wait. */
  readonly maxPendingLength: number
}

/** Gathers items while a batch is under way and does them together: group commit. */
export interface Batcher<T, R> {
  /** Adds an item; resolves with what it came to. Rejects at once when too much waits. */
  submit(item: T, length: number): Promise<R>
  /** Refuses further items and resolves when all that was taken is done. */
  close(): Promise<void>
}

interface Waiting<T, R> {
  readonly item: T
  readonly length: number
  readonly resolve: (value: R) => void
  readonly reject: (error: unknown) => void
}

/**
 * Makes a {@link Batcher}.
 *
 * @param run - does a batch, in order; never more than one at a time
 */
export function createBatcher<T, R>(
  run: (items: readonly T[]) => Promise<readonly Outcome<R>[]>,
  limits: BatcherLimits,
): Batcher<T, R> {
  let waiting: Waiting<T, R>[] = []
  let waitingLength = 0
  let busy = false
  let closed = false
  let whenIdle: (() => void)[] = []

  function settle(batch: readonly Waiting<T, R>[], outcomes: readonly Outcome<R>[]): void {
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome && 'value' in outcome) resolve(outcome.value)
      else reject(outcome?.error ?? new SqlStorageError('storage-sql/failed', 'the database gave no answer'))
    }
  }

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, limits.maxBatch)
      waiting = waiting.slice(limits.maxBatch)
      waitingLength -= batch.reduce((sum, { length }) => sum + length, 0)
      try {
        settle(batch, await run(batch.map(({ item }) => item)))
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    busy = false
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }

  return {
    submit(item, length) {
      if (closed)
        return Promise.reject(new SqlStorageError('storage-sql/closed', 'the storage has been closed'))
      if (waiting.length >= limits.maxPending || waitingLength + length > limits.maxPendingLength) {
        const text = `${waiting.length} calls (${waitingLength} characters) wait already: the database is slower than its callers`
        return Promise.reject(new SqlStorageError('storage-sql/overloaded', text))
      }
      return new Promise((resolve, reject) => {
        waiting.push({ item, length, resolve, reject })
        waitingLength += length
        if (busy) return
        busy = true
        // After this turn of the loop, so that everything asked in it goes into the first batch.
        setImmediate(() => void work())
      })
    },
    close() {
      closed = true
      return busy ? new Promise((resolve) => whenIdle.push(resolve)) : Promise.resolve()
    },
  }
}
