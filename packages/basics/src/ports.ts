import type { BareJid } from '@xmppkit/jid'

/** When an account was last available, and what it said as it left. */
export interface LastActivity {
  /** When its last available session ended, in milliseconds since 1970. */
  readonly at: number
  /** The status of its last unavailable presence, `''` if there was none. */
  readonly status: string
}

/** Keeps the last activity of accounts. */
export interface LastActivityStore {
  /** Keeps it in place of an earlier one. Resolves when it is safe. */
  set(account: BareJid, activity: LastActivity): Promise<void>
  /** The last one kept. */
  get(account: BareJid): Promise<LastActivity | undefined>
  /** Forgets it. */
  remove(account: BareJid): Promise<void>
}
