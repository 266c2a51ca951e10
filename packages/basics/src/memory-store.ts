import { accountsAmong } from '@xmppkit/auth'
import type { LastActivity, LastActivityStore } from './ports.js'

/** Limits of {@link createMemoryLastActivityStore}. */
export interface MemoryLastActivityStoreOptions {
  /** Accounts that are remembered; whoever left longest ago is forgotten first. @default 100_000 */
  readonly maxAccounts?: number
}

/** What {@link createMemoryLastActivityStore} uses for options not given. */
export const memoryLastActivityStoreDefaults = Object.freeze({ maxAccounts: 100_000 })

/**
 * Makes a store that forgets everything when the process ends.
 *
 * @example
 * ```ts
 * const store = createMemoryLastActivityStore()
 * await store.set(account, { at: clock.now(), status: 'gone home' })
 * ```
 */
export function createMemoryLastActivityStore(
  options: MemoryLastActivityStoreOptions = {},
): LastActivityStore {
  const { maxAccounts } = Object.freeze({ ...memoryLastActivityStoreDefaults, ...options })
  const activities = new Map<string, LastActivity>()
  return {
    async set(account, { at, status }) {
      const key = account.toString()
      activities.delete(key)
      activities.set(key, Object.freeze({ at, status }))
      if (activities.size > maxAccounts) activities.delete(activities.keys().next().value!)
    },
    async get(account) {
      return activities.get(account.toString())
    },
    accounts: async (domain, page) => accountsAmong(activities.keys(), domain, page),
    async remove(account) {
      activities.delete(account.toString())
    },
  }
}
