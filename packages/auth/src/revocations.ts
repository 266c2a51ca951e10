import type { BareJid } from '@xmppkit/jid'

/** Remembers for a while whose access was taken, so that no login that was under way then is worth anything. */
export interface Revocations {
  /** The present, as moments are counted here: to be kept when a login begins. */
  readonly moment: number
  /** Whatever an account could log in with until now is taken. */
  note(account: BareJid): void
  /** Whether that has happened after a moment. */
  since(account: BareJid, moment: number): boolean
}

/** Logins last seconds; so many accounts do not change their passwords meanwhile. */
const maxAccounts = 10_000

/** Creates the memory of one process. */
export function createRevocations(): Revocations {
  const moments = new Map<string, number>()
  let moment = 0
  let forgotten = 0
  return {
    get moment() {
      return moment
    },
    note(account) {
      const key = account.toString()
      moment += 1
      moments.delete(key)
      moments.set(key, moment)
      const [oldest] = moments
      if (moments.size <= maxAccounts || oldest === undefined) return
      moments.delete(oldest[0])
      // A login that began before it may be of any account that is forgotten.
      forgotten = oldest[1]
    },
    since: (account, begun) => (moments.get(account.toString()) ?? forgotten) > begun,
  }
}
