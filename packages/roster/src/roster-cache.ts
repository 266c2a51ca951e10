import type { BareJid } from '@xmppkit/jid'
import type { Roster, RosterItem, RosterStore, RosterUpdate } from './ports.js'

/** Settings of {@link createRosterCache}. */
export interface RosterCacheOptions {
  /**
   * Items kept, of all rosters together; the rosters used least recently go first. An item with long texts
   * counts as several.
   *
   * @default 50_000
   */
  readonly maxItems?: number
}

/** Defaults of {@link RosterCacheOptions}. */
export const rosterCacheDefaults: Required<RosterCacheOptions> = Object.freeze({ maxItems: 50_000 })

interface Cached {
  version: number
  /** In order of their versions. */
  readonly items: Map<string, RosterItem>
  /** The same as a list, made when asked for. */
  list: readonly RosterItem[] | undefined
  cost: number
}

/**
 * Keeps rosters in use in memory, in front of a store. Right only where this process alone writes to the
 * store, and every writer uses this object: changes made past it are not seen.
 *
 * @example
 * ```ts
 * const roster = createRoster({ ...deps, store: createRosterCache(store, { maxItems: 100_000 }) })
 * ```
 */
export function createRosterCache(store: RosterStore, options: RosterCacheOptions = {}): RosterStore {
  const { maxItems } = Object.freeze({ ...rosterCacheDefaults, ...options })
  // A Map keeps insertion order, and what is used is put in again: the first is the one used least recently.
  const cached = new Map<string, Cached>()
  // What is being read while something is written may be neither old nor new, and is not kept.
  const reading = new Map<string, { readonly roster: Promise<Roster>; overtaken: boolean }>()
  let total = 0

  const forget = (key: string) => {
    total -= cached.get(key)?.cost ?? 0
    cached.delete(key)
    const read = reading.get(key)
    if (read) read.overtaken = true
  }

  const keep = (key: string, entry: Cached) => {
    forget(key)
    if (entry.cost > maxItems) return
    cached.set(key, entry)
    total += entry.cost
    for (const oldest of cached.keys()) {
      if (total <= maxItems) return
      forget(oldest)
    }
  }

  const use = (key: string): Cached | undefined => {
    const entry = cached.get(key)
    if (!entry) return undefined
    cached.delete(key)
    cached.set(key, entry)
    return entry
  }

  const read = (account: BareJid): Promise<Roster> => {
    const key = account.toString()
    const underWay = reading.get(key)
    if (underWay && !underWay.overtaken) return underWay.roster
    const started = { roster: store.load(account), overtaken: false }
    reading.set(key, started)
    const ended = (roster?: Roster) => {
      if (reading.get(key) === started) reading.delete(key)
      if (roster && !started.overtaken) keep(key, entryOf(roster))
    }
    started.roster.then(ended, () => ended())
    return started.roster
  }

  const apply = (key: string, contact: BareJid, { previous, item, version, changed }: RosterUpdate) => {
    const entry = cached.get(key)
    // One step ahead of what is kept, or somebody else's change is missing in between.
    if (!entry || entry.version + (changed ? 1 : 0) !== version) return forget(key)
    if (!changed) return
    forget(key)
    entry.version = version
    entry.list = undefined
    entry.items.delete(contact.toString())
    if (item) entry.items.set(contact.toString(), item)
    entry.cost += (item ? costOf(item) : 0) - (previous ? costOf(previous) : 0)
    keep(key, entry)
  }

  return {
    async load(account) {
      const entry = use(account.toString())
      if (!entry) return read(account)
      entry.list ??= [...entry.items.values()]
      return { version: entry.version, items: entry.list }
    },
    async get(account, contact) {
      const entry = use(account.toString())
      return entry ? entry.items.get(contact.toString()) : store.get(account, contact)
    },
    changedSince: (account, version) => store.changedSince(account, version),
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
    async removeAll(account) {
      try {
        return await store.removeAll(account)
      } finally {
        forget(account.toString())
      }
    },
  }
}

function entryOf({ version, items }: Roster): Cached {
  const byContact = new Map(items.map((item) => [item.jid.toString(), item]))
  let cost = 1
  for (const item of items) cost += costOf(item)
  return { version, items: byContact, list: items, cost }
}

/** One, and one more for every so many characters of text. */
function costOf({ name = '', groups, request = '' }: RosterItem): number {
  let length = name.length + request.length
  for (const group of groups) length += group.length
  return 1 + Math.floor(length / 512)
}
