import type { BareJid } from '@xmppkit/jid'
import type { NewOfflineMessage, OfflineStore } from './ports.js'

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
  /** Never less than what the store keeps, what is expired included: each attempt to store one counts until it is refused. */
  rows: number
  /** Writes under way. */
  pending: number
  /** Something was removed from the store that is not subtracted: to be counted anew. */
  stale: boolean
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
  const counting = new Map<string, Promise<void>>()

  const makeRoomBeside = (added: string) => {
    for (const [key, { pending }] of counts) {
      if (counts.size <= maxAccounts) return
      // What is under way is not seen by a look at the store.
      if (pending === 0 && key !== added) counts.delete(key)
    }
  }

  const countRows = async (account: BareJid, key: string): Promise<void> => {
    try {
      counts.set(key, { rows: await store.count(account, always), pending: 0, stale: false })
      makeRoomBeside(key)
    } finally {
      counting.delete(key)
    }
  }

  /** The count, once it is known. Until then nothing is written for the account, so that it is right. */
  const counted = async (account: BareJid): Promise<Count> => {
    const key = account.toString()
    for (;;) {
      const known = counts.get(key)
      if (known) return known
      const begun = counting.get(key) ?? countRows(account, key)
      counting.set(key, begun)
      await begun
    }
  }

  const forget = (key: string, count: Count) => {
    if (counts.get(key) === count) counts.delete(key)
  }

  const settle = (account: BareJid, count: Count) => {
    count.pending -= 1
    if (count.stale && count.pending === 0) forget(account.toString(), count)
  }

  /** Takes a write into account whose answer is told in rows fewer. Nobody counts anew while it is under way. */
  const written = <T>(account: BareJid, count: Count, answer: Promise<T>, fewer: (answer: T) => number) => {
    count.pending += 1
    return answer.then(
      (value) => {
        count.rows -= fewer(value)
        settle(account, count)
        return value
      },
      (error: unknown) => {
        // It may have been done all the same.
        count.stale = true
        settle(account, count)
        throw error
      },
    )
  }

  const append = (account: BareJid, message: NewOfflineMessage, limit: number, count: Count) => {
    // Below the limit for certain; else the store has to say how many of them have expired.
    const enforced = count.rows < limit ? Number.POSITIVE_INFINITY : limit
    count.rows += 1
    return written(account, count, store.append(account, message, enforced), refused)
  }

  /** Removes from any accounts; those it was not are counted anew too. */
  const removeSome = async (removed: Promise<number>) => {
    const number = await removed
    if (number === 0) return 0
    for (const [key, count] of counts) {
      if (count.pending === 0) counts.delete(key)
      else count.stale = true
    }
    return number
  }

  return {
    append(account, message, limit) {
      const count = counts.get(account.toString())
      if (count) return append(account, message, limit, count)
      return counted(account).then((known) => append(account, message, limit, known))
    },
    lease: (account, request) => store.lease(account, request),
    async ack(account, ids) {
      const count = await counted(account)
      return written(account, count, store.ack(account, ids), all)
    },
    release: (account, holder) => store.release(account, holder),
    list: (account, page) => store.list(account, page),
    get: (account, id) => store.get(account, id),
    async count(account, now) {
      const count = await counted(account)
      if (count.rows === 0) return 0
      const waiting = await store.count(account, now)
      // Nothing waits, but something was counted, such as what has expired: to be counted anew when it may be gone.
      if (waiting === 0 && count.pending === 0) forget(account.toString(), count)
      return waiting
    },
    async removeAll(account) {
      const count = await counted(account)
      return written(account, count, store.removeAll(account), all)
    },
    removeExpired: (now, limit) => removeSome(store.removeExpired(now, limit)),
    removeOlder: (domain, before, limit) => removeSome(store.removeOlder(domain, before, limit)),
    mayWait(account) {
      const count = counts.get(account.toString())
      return count && count.rows > 0
    },
  }
}

const refused = (stored: { readonly id: string } | 'full') => (stored === 'full' ? 1 : 0)
const all = (removed: number) => removed
