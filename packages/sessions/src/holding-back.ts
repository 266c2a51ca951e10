import type { BareJid } from '@xmppkit/jid'

/** What is on its way from ended sessions to somewhere else, by account. */
export interface HoldingBack {
  /** Something of the account is, until this has come to an end. */
  holdBack(account: BareJid, until: PromiseLike<unknown>): void
  /** Resolves when nothing is any more; `undefined` if nothing is. */
  heldBack(account: BareJid): Promise<void> | undefined
}

/** Makes the {@link HoldingBack} of one host. */
export function createHoldingBack(): HoldingBack {
  const accounts = new Map<string, Set<PromiseLike<unknown>>>()

  const all = async (under: ReadonlySet<PromiseLike<unknown>>) => {
    // More may come while these end.
    while (under.size > 0) await Promise.allSettled(under)
  }

  return {
    holdBack(account, until) {
      const key = account.toString()
      const under = accounts.get(key) ?? new Set()
      accounts.set(key, under.add(until))
      const ended = () => {
        under.delete(until)
        if (under.size === 0 && accounts.get(key) === under) accounts.delete(key)
      }
      until.then(ended, ended)
    },
    heldBack(account) {
      if (accounts.size === 0) return undefined
      const under = accounts.get(account.toString())
      return under && all(under)
    },
  }
}
