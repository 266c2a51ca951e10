/** Accounts that are known to exist, where nobody else removes any. */
export interface KnownAccounts {
  /** Whether the account is known to exist; `false` says nothing. */
  has(account: string): boolean
  /** Begins a look; the answer is given to what is returned, and counts unless something was removed meanwhile. */
  look(account: string): (exists: boolean) => void
  /** The account is being removed, or may have been. */
  forget(account: string): void
}

/** Remembers so many accounts; those that were asked about longest ago go first. */
export function createKnownAccounts(maxAccounts: number): KnownAccounts {
  const known = new Set<string>()
  let removals = 0
  return {
    has: (account) => known.has(account),
    look(account) {
      const begun = removals
      return (exists) => {
        if (!exists || begun !== removals || maxAccounts <= 0) return
        known.delete(account)
        known.add(account)
        if (known.size > maxAccounts) known.delete(known.values().next().value!)
      }
    },
    forget(account) {
      removals += 1
      known.delete(account)
    },
  }
}
