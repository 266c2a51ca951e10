import type { BareJid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { LastActivity, LastActivityStore } from './ports.js'

/** Collaborators of {@link createLastActivityBuffer}. */
export interface LastActivityBufferDeps {
  /** Where it is kept in the end. */
  readonly store: LastActivityStore
  /** Tells when to write. */
  readonly clock: Pick<Clock, 'after'>
  /** Told of writes that failed; they are tried again. */
  readonly logger: Pick<Logger, 'error'>
}

/** Settings of {@link createLastActivityBuffer}. */
export interface LastActivityBufferOptions {
  /**
   * How long a logout may wait for others to be written with, in milliseconds. If the process is killed meanwhile, the
   * accounts keep the activity they had before. `0` writes at once.
   *
   * @default 5_000
   */
  readonly flushMs?: number
  /** Accounts that may wait to be written; with more, logouts are written at once. @default 10_000 */
  readonly maxWaiting?: number
}

/** Defaults of {@link LastActivityBufferOptions}. */
export const lastActivityBufferDefaults: Readonly<Required<LastActivityBufferOptions>> = Object.freeze({
  flushMs: 5_000,
  maxWaiting: 10_000,
})

/** A store that writes many logouts together, some time after they happened. */
export interface LastActivityBuffer extends LastActivityStore, AsyncDisposable {
  /** Writes what waits, and every further logout at once. */
  close(): Promise<void>
}

/** Accounts written at one time. */
const batch = 500

interface Waiting {
  readonly account: BareJid
  readonly activity: LastActivity
}

/**
 * Puts a buffer in front of a store, so that a logout costs no write of its own: they are written together, which a database
 * does in one transaction. What waits is what {@link LastActivityStore.get} answers with.
 *
 * @example
 * ```ts
 * const store = scope.use(createLastActivityBuffer({ store: storage.lastActivity, clock, logger }))
 * ```
 */
export function createLastActivityBuffer(
  { store, clock, logger }: LastActivityBufferDeps,
  options: LastActivityBufferOptions = {},
): LastActivityBuffer {
  const { flushMs, maxWaiting } = Object.freeze({ ...lastActivityBufferDefaults, ...options })
  const waiting = new Map<string, Waiting>()
  let timer: Disposable | undefined
  let writing: Promise<void> | undefined
  let closed = false

  const writeOne = async (key: string, entry: Waiting) => {
    await store.set(entry.account, entry.activity)
    // What came while it was being written waits for the next time.
    if (waiting.get(key) === entry) waiting.delete(key)
  }

  /** Asks for many writes in one turn, so that a database can do them in one transaction. */
  const writeAll = async () => {
    const all = [...waiting]
    for (let at = 0; at < all.length; at += batch) {
      const some = all.slice(at, at + batch)
      const done = await Promise.allSettled(some.map(([key, entry]) => writeOne(key, entry)))
      const failure = done.find((one) => one.status === 'rejected')
      if (failure) return logger.error('last activity could not be written', { cause: failure.reason })
    }
  }

  const flush = (): Promise<void> => {
    timer?.[Symbol.dispose]()
    timer = undefined
    writing ??= writeAll().finally(() => {
      writing = undefined
      // What failed is tried again.
      if (waiting.size > 0) schedule()
    })
    return writing
  }

  const schedule = () => {
    if (!closed) timer ??= clock.after(flushMs, () => void flush())
  }

  const close = async () => {
    closed = true
    timer?.[Symbol.dispose]()
    await writing
    if (waiting.size > 0) await flush()
  }

  return {
    set(account, activity) {
      const key = account.toString()
      if (closed || flushMs === 0 || (waiting.size >= maxWaiting && !waiting.has(key))) {
        waiting.delete(key)
        return store.set(account, activity)
      }
      waiting.set(key, { account, activity })
      schedule()
    },
    async get(account) {
      return waiting.get(account.toString())?.activity ?? (await store.get(account))
    },
    async accounts(domain, page) {
      await flush()
      return (await store.accounts?.(domain, page)) ?? []
    },
    async remove(account) {
      waiting.delete(account.toString())
      // What is being written now must not come after the removal.
      await writing
      waiting.delete(account.toString())
      await store.remove(account)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
