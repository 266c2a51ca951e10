import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, isThenable } from '@xmppkit/runtime'
import { CachedRoster } from './cached-roster.js'
import type { Roster, RosterStore, RosterUpdate } from './ports.js'

/** Settings of {@link createRosterCache}. */
export interface RosterCacheOptions {
  /**
   * Items kept, of all rosters together; the rosters used least recently go first. An item takes about 400 bytes; one with
   * long texts counts as several. A roster without items counts as one, and takes less than 200 bytes.
   *
   * @default 100_000
   */
  readonly maxItems?: number
}

/** Defaults of {@link RosterCacheOptions}. */
export const rosterCacheDefaults: Required<RosterCacheOptions> = Object.freeze({ maxItems: 100_000 })

/**
 * Keeps rosters in use in memory, in front of a store: what is there is answered at once, and every change is written
 * before it is answered. Right only where this process alone writes to the store, and every writer uses this object:
 * changes made past it are not seen.
 *
 * @example
 * ```ts
 * const roster = createRoster({ ...deps, store: createRosterCache(store, { maxItems: 200_000 }) })
 * ```
 */
export function createRosterCache(store: RosterStore, options: RosterCacheOptions = {}): RosterStore {
  const { maxItems } = Object.freeze({ ...rosterCacheDefaults, ...options })
  // A Map keeps insertion order, and what is used is put in again: the first is the one used least recently.
  const cached = new Map<string, CachedRoster>()
  // What is being read while something is written may be neither old nor new, and is not kept.
  const reading = new Map<string, { overtaken: boolean; roster?: Promise<Roster> }>()
  let total = 0

  const forget = (key: string) => {
    const entry = cached.get(key)
    if (entry) {
      total -= entry.cost
      cached.delete(key)
    }
    const read = reading.get(key)
    if (read) read.overtaken = true
  }

  const keep = (key: string, entry: CachedRoster) => {
    forget(key)
    if (entry.cost > maxItems) return
    cached.set(key, entry)
    total += entry.cost
    for (const oldest of cached.keys()) {
      if (total <= maxItems) return
      forget(oldest)
    }
  }

  const use = (key: string): CachedRoster | undefined => {
    const entry = cached.get(key)
    if (!entry) return undefined
    cached.delete(key)
    cached.set(key, entry)
    return entry
  }

  const read = (account: BareJid): Awaitable<Roster> => {
    const key = account.toString()
    const underWay = reading.get(key)
    if (underWay?.roster && !underWay.overtaken) return underWay.roster
    const loaded = store.load(account)
    if (!isThenable(loaded)) {
      keep(key, new CachedRoster(loaded))
      return loaded
    }
    const started = { roster: loaded, overtaken: false }
    reading.set(key, started)
    const ended = (roster?: Roster) => {
      if (reading.get(key) === started) reading.delete(key)
      if (roster && !started.overtaken) keep(key, new CachedRoster(roster))
    }
    loaded.then(ended, () => ended())
    return loaded
  }

  const apply = (key: string, contact: BareJid, update: RosterUpdate) => {
    const entry = cached.get(key)
    // One step ahead of what is kept, or somebody else's change is missing in between.
    if (!entry || entry.version + (update.changed ? 1 : 0) !== update.version) return forget(key)
    if (update.changed) keep(key, entry.after(contact, update))
  }

  return {
    load: (account) => use(account.toString()) ?? read(account),
    get(account, contact) {
      const entry = use(account.toString())
      return entry ? entry.itemOf(contact) : store.get(account, contact)
    },
    changedSince(account, version) {
      const entry = cached.get(account.toString())
      // Of version 0 is also a roster that does not exist, which has no versions.
      return entry?.version === version && version > 0
        ? { version, changed: [], removed: [] }
        : store.changedSince(account, version)
    },
    async update(account, contact, decide) {
      const key = account.toString()
      try {
        const done = await store.update(account, contact, decide)
        apply(key, contact, done)
        return done
      } catch (error) {
        // It may have been written all the same.
        forget(key)
        throw error
      }
    },
    count: (account) => store.count(account),
    accounts: (domain, page) => store.accounts(domain, page),
    async removeAll(account) {
      try {
        return await store.removeAll(account)
      } finally {
        forget(account.toString())
      }
    },
  }
}
