import type { BareJid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { OfflineStore } from './ports.js'

/** What {@link createDeletions} needs. */
export interface DeletionsDeps {
  readonly store: Pick<OfflineStore, 'ack'>
  readonly clock: Pick<Clock, 'after'>
  /** Told when something cannot be deleted in its time. */
  readonly logger: Logger
}

/** What clients have, and so has to be deleted: within a moment, many at a time, and never handed out again meanwhile. */
export interface Deletions extends AsyncDisposable {
  /** The account has this message. */
  add(account: BareJid, id: string): void
  /** Whether a message is to be deleted, or was while somebody is reading. */
  has(account: BareJid, id: string): boolean
  /** How many messages of the account are still to be deleted. */
  count(account: BareJid): number
  /**
   * Deletes at once what is to be deleted of an account; `undefined` if nothing is. Rejects when the store fails: it is tried
   * again with what follows, or by itself.
   */
  flush(account: BareJid): Promise<void> | undefined
  /** Reads messages of an account; what is deleted meanwhile may be among them, and is known to {@link has} until it ends. */
  whileReading<T>(account: BareJid, read: () => Promise<T>): Promise<T>
  /** The account is gone. */
  drop(account: BareJid): void
}

interface Due {
  readonly account: BareJid
  readonly ids: Set<string>
  /** Deleted while somebody was reading. */
  readonly gone: Set<string>
  readers: number
  deleting: Promise<void> | undefined
  timer: Disposable | undefined
  /** The timer is there to try again. */
  hasFailed: boolean
}

/** Acknowledgements come a few messages at a time, each of which alone would be a transaction. */
const collectMs = 100
/** When to try again after a failure: until then this process knows alone what clients have. */
const retryMs = 10_000

/** Makes the deletions of one host. */
export function createDeletions({ store, clock, logger }: DeletionsDeps): Deletions {
  const accounts = new Map<string, Due>()
  let closed = false

  const dueOf = (account: BareJid): Due => {
    const key = account.toString()
    const known = accounts.get(key)
    if (known) return known
    const due: Due = {
      account,
      ids: new Set(),
      gone: new Set(),
      readers: 0,
      deleting: undefined,
      timer: undefined,
      hasFailed: false,
    }
    accounts.set(key, due)
    return due
  }

  const forgetIfIdle = (due: Due) => {
    if (due.ids.size > 0 || due.readers > 0) return
    due.timer?.[Symbol.dispose]()
    due.timer = undefined
    const key = due.account.toString()
    if (accounts.get(key) === due) accounts.delete(key)
  }

  const deleteAll = async (due: Due) => {
    const ids = [...due.ids]
    try {
      await store.ack(due.account, ids)
      for (const id of ids) {
        due.ids.delete(id)
        if (due.readers > 0) due.gone.add(id)
      }
    } finally {
      due.deleting = undefined
    }
    forgetIfIdle(due)
  }

  /** One at a time: whoever comes meanwhile waits for that one, and for what has come since. */
  const flushed = async (due: Due): Promise<void> => {
    while (due.deleting !== undefined) await due.deleting.catch(() => {})
    if (due.ids.size === 0) return
    due.deleting = deleteAll(due)
    await due.deleting
  }

  const flush = (account: BareJid): Promise<void> | undefined => {
    const due = accounts.get(account.toString())
    return due === undefined || due.ids.size === 0 ? undefined : flushed(due)
  }

  const flushAfter = (due: Due, ms: number) => {
    if (closed) return
    due.timer?.[Symbol.dispose]()
    due.timer = clock.after(ms, () => {
      due.timer = undefined
      flush(due.account)?.catch((cause: unknown) => {
        const key = due.account.toString()
        logger.error('messages a client has could not be deleted', { account: key, cause })
        due.hasFailed = true
        if (accounts.get(key) === due) flushAfter(due, retryMs)
      })
    })
  }

  return {
    add(account, id) {
      const due = dueOf(account)
      due.ids.add(id)
      if (due.timer !== undefined && !due.hasFailed) return
      due.hasFailed = false
      flushAfter(due, collectMs)
    },
    has(account, id) {
      const due = accounts.get(account.toString())
      return due !== undefined && (due.ids.has(id) || due.gone.has(id))
    },
    count: (account) => accounts.get(account.toString())?.ids.size ?? 0,
    flush,
    async whileReading(account, read) {
      const due = dueOf(account)
      due.readers += 1
      try {
        return await read()
      } finally {
        due.readers -= 1
        if (due.readers === 0) due.gone.clear()
        forgetIfIdle(due)
      }
    },
    drop(account) {
      const due = accounts.get(account.toString())
      due?.timer?.[Symbol.dispose]()
      accounts.delete(account.toString())
    },
    async [Symbol.asyncDispose]() {
      closed = true
      const left = [...accounts.values()].map(async (due) => {
        due.timer?.[Symbol.dispose]()
        if (due.ids.size > 0) await flushed(due)
      })
      const results = await Promise.allSettled(left)
      for (const result of results) {
        if (result.status === 'rejected')
          logger.error('messages clients have could not be deleted', { cause: result.reason })
      }
    },
  }
}
