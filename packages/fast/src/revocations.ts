import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'

/** Remembers for a while whose tokens were taken, so that no login that was under way gets a new one. */
export interface Revocations {
  /** All tokens of an account are taken now. */
  note(account: BareJid): void
  /** Whether they were taken after a moment of the monotonic clock. */
  since(account: BareJid, moment: number): boolean
}

/** Logins last seconds; so many accounts do not change their passwords meanwhile. */
const maxAccounts = 10_000

/** Creates the memory of one process. */
export function createRevocations(clock: Pick<Clock, 'monotonic'>): Revocations {
  const moments = new Map<string, number>()
  return {
    note(account) {
      const key = account.toString()
      moments.delete(key)
      moments.set(key, clock.monotonic())
      const [oldest] = moments.keys()
      if (moments.size > maxAccounts && oldest !== undefined) moments.delete(oldest)
    },
    since: (account, moment) => (moments.get(account.toString()) ?? Number.NEGATIVE_INFINITY) >= moment,
  }
}
