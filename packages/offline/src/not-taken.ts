import type { BareJid } from '@xmppkit/jid'
import type { Logger } from '@xmppkit/runtime'
import type { OfflineStore } from './ports.js'

/** What {@link createNotTaken} needs. */
export interface NotTakenDeps {
  /** Where the messages are leased. */
  readonly store: Pick<OfflineStore, 'release'>
  /** Told of leases that could not be ended. */
  readonly logger: Logger
}

/** Sessions that did not take something they were given, until it is seen to that it waits again. */
export interface NotTaken {
  /**
   * A session did not take something.
   * @returns whether that was not known yet
   */
  add(account: BareJid, sid: string): boolean
  /**
   * Lets what sessions of an account did not take wait again.
   *
   * @param refuses - sessions whose lease is not ended, because they would be given the same again @default none
   * @returns whether there was one
   */
  free(account: BareJid, refuses?: (sid: string) => boolean): Promise<boolean>
  /** Lets all a session was given wait again. Never rejects: if the store fails, the lease ends by itself. */
  endLease(account: BareJid, sid: string): Promise<void>
  /** The account is gone. */
  drop(account: BareJid): void
}

/** Starts with none. */
export function createNotTaken({ store, logger }: NotTakenDeps): NotTaken {
  const accounts = new Map<string, Set<string>>()

  const endLease: NotTaken['endLease'] = async (account, sid) => {
    try {
      await store.release(account, sid)
    } catch (cause) {
      logger.error('messages stay with a session until their lease ends', {
        account: account.toString(),
        cause,
      })
    }
  }

  return {
    endLease,
    add(account, sid) {
      const key = account.toString()
      const sids = accounts.get(key)
      if (sids?.has(sid) === true) return false
      if (sids === undefined) accounts.set(key, new Set([sid]))
      else sids.add(sid)
      return true
    },
    async free(account, refuses = () => false) {
      const key = account.toString()
      let isRefused = false
      for (const sid of accounts.get(key) ?? []) {
        if (refuses(sid)) isRefused = true
        else await endLease(account, sid)
        const sids = accounts.get(key)
        if (sids?.delete(sid) === true && sids.size === 0) accounts.delete(key)
      }
      return isRefused
    },
    drop: (account) => void accounts.delete(account.toString()),
  }
}
