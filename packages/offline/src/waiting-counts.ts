import type { BareJid } from '@xmppkit/jid'
import type { OfflineStore } from './ports.js'

/** Settings of {@link createWaitingCounts}. */
export interface WaitingCountsOptions {
  /**
   * Accounts whose messages are counted in memory, about 150 bytes each; those that were asked about longest ago are
   * counted anew.
   *
   * @default 100_000
   */
  readonly maxAccounts?: number
}

/** Defaults of {@link WaitingCountsOptions}. */
export const waitingCountsDefaults: Required<WaitingCountsOptions> = Object.freeze({ maxAccounts: 100_000 })

interface Count {
  /** Never less than what the store keeps, what is expired included; `Infinity` while it is not known. */
  rows: number
  /** Writes under way. */
  pending: number
  /** Writes that have begun: what was counted before one does not count. */
  begun: number
  /** A look at the store, while there is one. */
  counting: Promise<void> | undefined
}

/** What was there at any time before 1970 is all there is. */
const always = 0

/**
 * Keeps the numbers of messages that wait in memory, in front of a store, so that the limit of an account costs no look, and
 * a login finds out at once that nothing waits. Right only where this process alone writes to the store, and every writer
 * uses this object.
 *
 * The count is never too small: where it reaches the limit, the store decides; where it is nothing, nothing is there.
 *
 * @example
 * ```ts
 * const offline = createOffline({ ...deps, store: createWaitingCounts(store) })
 * ```
 */
export function createWaitingCounts(store: OfflineStore, options: WaitingCountsOptions = {}): OfflineStore {
  const { maxAccounts } = Object.freeze({ ...waitingCountsDefaults, ...options })
  if (maxAccounts < 1) return store
  // A Map keeps insertion order: the first is the one that was counted longest ago.
  const counts = new Map<string, Count>()

  const makeRoomBeside = (added: string) => {
    for (const [key, { pending }] of counts) {
      if (counts.size <= maxAccounts) return
      // What is under way is not seen by a look at the store.
      if (pending === 0 && key !== added) counts.delete(key)
    }
  }

  const countOf = (account: BareJid): Count => {
    const key = account.toString()
    const known = counts.get(key)
    if (known) return known
    const count: Count = { rows: unknown, pending: 0, begun: 0, counting: undefined }
    counts.set(key, count)
    makeRoomBeside(key)
    return count
  }

  /** Looks how many there are, unless something is being written. Who fails to find out does not know, which is no harm. */
  const look = (account: BareJid, count: Count): Promise<void> | undefined => {
    if (count.rows !== unknown || count.pending > 0) return undefined
    const { begun } = count
    count.counting ??= store.count(account, always).then(
      (rows) => {
        count.counting = undefined
        if (count.begun === begun) count.rows = rows
      },
      () => {
        count.counting = undefined
      },
    )
    return count.counting
  }

  /** Takes a write into account, which leaves so many rows fewer than it seemed when it began. */
  const written = <T>(account: BareJid, count: Count, answer: Promise<T>, fewer: (answer: T) => number) => {
    count.pending += 1
    count.begun += 1
    return answer.then(
      (value) => {
        count.pending -= 1
        count.rows -= fewer(value)
        void look(account, count)
        return value
      },
      (error: unknown) => {
        count.pending -= 1
        // It may have been done all the same.
        count.rows = unknown
        throw error
      },
    )
  }

  /** Removes from any accounts: all are counted anew. */
  const removeSome = async (removed: Promise<number>) => {
    const number = await removed
    if (number === 0) return 0
    for (const [key, count] of counts) {
      count.rows = unknown
      // A look under way may have seen what is gone.
      count.begun += 1
      if (count.pending === 0) counts.delete(key)
    }
    return number
  }

  return {
    append(account, message, limit) {
      const count = countOf(account)
      // Below the limit for certain; else the store has to say how many there are that have not expired.
      const enforced = count.rows < limit ? Number.POSITIVE_INFINITY : limit
      count.rows += 1
      return written(account, count, store.append(account, message, enforced), refused)
    },
    lease: (account, request) => store.lease(account, request),
    ack: (account, ids) => written(account, countOf(account), store.ack(account, ids), all),
    release: (account, holder) => store.release(account, holder),
    list: (account, page) => store.list(account, page),
    get: (account, id) => store.get(account, id),
    async count(account, now) {
      const count = countOf(account)
      if (count.rows === 0) return 0
      const { begun } = count
      // Asked in the same turn, so that the answers come together.
      void look(account, count)
      const waiting = await store.count(account, now)
      // Nothing waits, but something is there, such as what has expired: to be counted anew when it may be gone.
      if (waiting === 0 && count.begun === begun && count.rows > 0) count.rows = unknown
      return waiting
    },
    removeAll: (account) => written(account, countOf(account), store.removeAll(account), all),
    removeExpired: (now, limit) => removeSome(store.removeExpired(now, limit)),
    removeOlder: (domain, before, limit) => removeSome(store.removeOlder(domain, before, limit)),
    mayWait(account) {
      const count = counts.get(account.toString())
      if (!count) return undefined
      if (count.rows === unknown) return count.pending > 0 ? true : undefined
      return count.rows > 0
    },
  }
}

const unknown = Number.POSITIVE_INFINITY
const refused = (stored: { readonly id: string } | 'full') => (stored === 'full' ? 1 : 0)
const all = (removed: number) => removed
