import type { BareJid, Jid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { BlocklistStore } from './ports.js'

/** Settings of {@link createBlocklistCache}. */
export interface BlocklistCacheOptions {
  /**
   * Entries kept, of all lists together; those used least recently go first. An empty list counts as one.
   *
   * @default 100_000
   */
  readonly maxItems?: number
}

/** Defaults of {@link BlocklistCacheOptions}. */
export const blocklistCacheDefaults: Required<BlocklistCacheOptions> = Object.freeze({ maxItems: 100_000 })

/**
 * Keeps blocklists in memory, in front of a store, so that what comes for accounts that are away is judged without a read.
 * Right only where this process alone writes to the store, and every writer uses this object.
 *
 * @example
 * ```ts
 * const blocking = createBlocking({ ...deps, store: createBlocklistCache(store) })
 * ```
 */
export function createBlocklistCache(
  store: BlocklistStore,
  options: BlocklistCacheOptions = {},
): BlocklistStore {
  const { maxItems } = Object.freeze({ ...blocklistCacheDefaults, ...options })
  // A Map keeps insertion order, and what is used is put in again: the first is the one used least recently.
  const lists = new Map<string, readonly Jid[]>()
  // What is being read while something is written may be neither old nor new, and is not kept.
  const writing = new Map<string, number>()
  let writes = 0
  let total = 0

  const forget = (key: string) => {
    const list = lists.get(key)
    if (list === undefined) return
    total -= costOf(list)
    lists.delete(key)
  }

  const keep = (key: string, list: readonly Jid[]) => {
    forget(key)
    if (costOf(list) > maxItems) return
    lists.set(key, list)
    total += costOf(list)
    for (const oldest of lists.keys()) {
      if (total <= maxItems) return
      forget(oldest)
    }
  }

  const read = async (account: BareJid, key: string): Promise<readonly Jid[]> => {
    const before = writes
    const list = await store.load(account)
    if (writes === before && !writing.has(key)) keep(key, list)
    return list
  }

  const write = async <T>(account: BareJid, work: () => Promise<T>): Promise<T> => {
    const key = account.toString()
    writes += 1
    writing.set(key, (writing.get(key) ?? 0) + 1)
    forget(key)
    try {
      return await work()
    } finally {
      // Once more: what was read before this was in force, and is answered after, is old.
      writes += 1
      const left = (writing.get(key) ?? 1) - 1
      if (left > 0) writing.set(key, left)
      else writing.delete(key)
    }
  }

  return {
    load(account): Awaitable<readonly Jid[]> {
      const key = account.toString()
      const list = lists.get(key)
      if (list === undefined) return read(account, key)
      lists.delete(key)
      lists.set(key, list)
      return list
    },
    add: (account, jids, limit) => write(account, () => store.add(account, jids, limit)),
    remove: (account, jids) => write(account, () => store.remove(account, jids)),
    accounts: (domain, page) => store.accounts(domain, page),
    removeAll: (account) => write(account, () => store.removeAll(account)),
  }
}

const costOf = (list: readonly Jid[]): number => Math.max(1, list.length)
