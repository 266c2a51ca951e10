import type { BareJid } from '@xmppkit/jid'
import type { Awaitable, Clock } from '@xmppkit/runtime'
import type { CredentialWait, StoredAccount } from './ports.js'

/** What the logins under way have read: each reads its account once, for its credentials and for its admission. */
export interface LoginRecords {
  /**
   * The account from the store, always: whoever was here lately is not answered sooner than others, nor than somebody who
   * does not exist.
   */
  read(account: BareJid, wait: CredentialWait): Promise<StoredAccount | undefined>
  /** The account as this login has read it, or from the store if it has not, or not lately enough. */
  take(account: BareJid, wait: CredentialWait): Awaitable<StoredAccount | undefined>
  /** Something was changed that an admission must see: what logins have read before does not count any more. */
  outdated(): void
}

/** How old an account may be at admission, in milliseconds: a client may take its time between two steps of a login. */
const maxAgeMs = 5_000

interface LoginRecord {
  readonly account: string
  readonly stored: StoredAccount | undefined
  readonly readAt: number
  readonly changes: number
}

/** Makes the records of one host; they end with their logins. */
export function createLoginRecords(
  clock: Pick<Clock, 'now'>,
  find: (account: BareJid) => Promise<StoredAccount | undefined>,
): LoginRecords {
  const records = new WeakMap<object, LoginRecord>()
  let changes = 0

  const isFresh = (record: LoginRecord, account: BareJid) => {
    const age = clock.now() - record.readAt
    // A clock that was set back says nothing about an age.
    return record.changes === changes && record.account === account.toString() && age >= 0 && age <= maxAgeMs
  }

  return {
    async read(account, { login }) {
      const begun = { account: account.toString(), readAt: clock.now(), changes }
      const stored = await find(account)
      if (login !== undefined) records.set(login, { ...begun, stored })
      return stored
    },
    take(account, { login }) {
      const record = login === undefined ? undefined : records.get(login)
      return record !== undefined && isFresh(record, account) ? record.stored : find(account)
    },
    outdated() {
      changes += 1
    },
  }
}
