import type { UserDataPage } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'

/** When an account was last available, and what it said as it left. */
export interface LastActivity {
  /** When its last available session ended, in milliseconds since 1970. */
  readonly at: number
  /** The status of its last unavailable presence, `''` if there was none. */
  readonly status: string
}

/** Keeps the last activity of accounts. */
export interface LastActivityStore {
  /** Keeps it in place of an earlier one. Resolves when it is safe, or returns at once where that is promised for later. */
  set(account: BareJid, activity: LastActivity): Awaitable<void>
  /** The last one kept. */
  get(account: BareJid): Promise<LastActivity | undefined>
  /** Forgets it. */
  remove(account: BareJid): Promise<void>
  /**
   * Accounts of a domain that something is kept for, as text, in ascending order of their UTF-8 bytes; by these what is left of a
   * domain is found when it is erased. Absent where that cannot be told.
   */
  accounts?(domain: string, page: UserDataPage): Promise<readonly string[]>
}
