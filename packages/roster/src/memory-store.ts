import { accountsAmong } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { RosterItem, RosterStore } from './ports.js'

interface StoredRoster {
  version: number
  readonly items: Map<string, RosterItem>
  readonly removed: Map<string, { readonly jid: BareJid; readonly version: number }>
  /** Removals up to this version are forgotten. */
  forgotten: number
}

/** Settings of {@link createMemoryRosterStore}. */
export interface MemoryRosterStoreOptions {
  /**
   * How many removals of a roster are remembered for versioning; older clients get the whole roster.
   *
   * @default 500
   */
  readonly maxRemovals?: number
}

/**
 * A {@link RosterStore} in this process's memory, for tests and for servers that keep nothing.
 *
 * @example
 * ```ts
 * const store = createMemoryRosterStore({ clock: systemClock })
 * ```
 */
export function createMemoryRosterStore(
  deps: { readonly clock: Clock },
  options: MemoryRosterStoreOptions = {},
): RosterStore {
  const maxRemovals = options.maxRemovals ?? 500
  const rosters = new Map<string, StoredRoster>()
  const newRoster = (account: BareJid): StoredRoster => {
    const start = deps.clock.now()
    const roster = { version: start, items: new Map(), removed: new Map(), forgotten: start }
    rosters.set(account.toString(), roster)
    return roster
  }
  const inOrder = (roster: StoredRoster) => [...roster.items.values()].sort((a, b) => a.version - b.version)

  return {
    load(account) {
      const roster = rosters.get(account.toString())
      return roster ? { version: roster.version, items: inOrder(roster) } : { version: 0, items: [] }
    },
    get(account, contact) {
      return rosters.get(account.toString())?.items.get(contact.toString())
    },
    changedSince(account, version) {
      const roster = rosters.get(account.toString())
      if (!roster || version > roster.version || version < roster.forgotten) return undefined
      return {
        version: roster.version,
        changed: inOrder(roster).filter((item) => item.version > version),
        removed: [...roster.removed.values()].filter((item) => item.version > version),
      }
    },
    async update(account, contact, decide) {
      const known = rosters.get(account.toString())
      const key = contact.toString()
      const previous = known?.items.get(key)
      const next = decide(previous, known?.items.size ?? 0)
      if (next === 'unchanged' || (!next && !previous)) {
        const both = previous ? { previous, item: previous } : {}
        return { ...both, version: known?.version ?? 0, changed: false }
      }
      const roster = known ?? newRoster(account)
      const before = previous ? { previous } : {}
      roster.version += 1
      if (!next) {
        roster.items.delete(key)
        if (previous?.listed) rememberRemoval(roster, contact, maxRemovals)
        return { ...before, version: roster.version, changed: true }
      }
      const item: RosterItem = Object.freeze({ ...next, version: roster.version })
      roster.items.set(key, item)
      if (item.listed) roster.removed.delete(key)
      return { ...before, item, version: roster.version, changed: true }
    },
    async count(account) {
      return rosters.get(account.toString())?.items.size ?? 0
    },
    accounts: async (domain, page) => accountsAmong(rosters.keys(), domain, page),
    async removeAll(account) {
      const key = account.toString()
      const items = [...(rosters.get(key)?.items.values() ?? [])]
      rosters.delete(key)
      return items
    },
  }
}

function rememberRemoval(roster: StoredRoster, jid: BareJid, max: number): void {
  const key = jid.toString()
  roster.removed.delete(key) // so that the map stays ordered by version
  roster.removed.set(key, { jid, version: roster.version })
  if (roster.removed.size <= max) return
  const [oldest, removal] = roster.removed.entries().next().value!
  roster.removed.delete(oldest)
  roster.forgotten = removal.version
}
