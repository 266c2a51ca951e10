import type { BareJid } from '@xmppkit/jid'

/** A message to keep for somebody who is away. */
export interface NewOfflineMessage {
  /** The whole stanza as XML text in the `jabber:client` namespace, addresses included. */
  readonly stanza: string
  /** When the server received it, in milliseconds since 1970. */
  readonly receivedAt: number
  /** After this moment it is worth nothing and is not delivered, in milliseconds since 1970 (XEP-0023). */
  readonly expiresAt?: number
}

/** A stored message. */
export interface OfflineMessage extends NewOfflineMessage {
  /** Names the message within its account; ids of one account sort (as strings) in order of arrival. */
  readonly id: string
}

/** One page of an account's messages. */
export interface OfflinePage {
  /** Continue after this id; from the oldest when absent. */
  readonly after?: string
  /** How many at most. */
  readonly limit: number
  /** The current time, to leave out what has expired, in milliseconds since 1970. */
  readonly now: number
}

/** Who takes messages out, and how many. */
export interface LeaseRequest {
  /** Names the session that delivers them. */
  readonly holder: string
  /** How many at most. */
  readonly limit: number
  /** The current time, in milliseconds since 1970. */
  readonly now: number
  /** When the lease ends by itself, in milliseconds since 1970, should the holder never come back. */
  readonly until: number
}

/**
 * Where messages wait: append, lease, ack. Nothing is removed before it was handed over, and no message
 * is handed to two holders at once. `@xmppkit/conformance/offline-store` tests an implementation.
 *
 * All methods reject when the store cannot be reached; nothing is half done then.
 */
export interface OfflineStore {
  /**
   * Keeps a message; the promise resolves when it is durable. With `limit` messages waiting already it
   * keeps nothing and answers `'full'`; expired ones do not count.
   */
  append(
    account: BareJid,
    message: NewOfflineMessage,
    limit: number,
  ): Promise<{ readonly id: string } | 'full'>
  /**
   * The oldest messages that nobody else holds, now held by `holder`, in order of arrival. Expired ones
   * are left out. While another holder's lease runs on an older message, newer ones are not given out
   * either, so that order holds. A holder that asks again gets what comes after what it holds.
   */
  lease(account: BareJid, request: LeaseRequest): Promise<readonly OfflineMessage[]>
  /** Removes messages that were handed over; unknown ids are ignored. Resolves when durable; returns how many there were. */
  ack(account: BareJid, ids: readonly string[]): Promise<number>
  /** Ends a holder's leases; the messages wait again. */
  release(account: BareJid, holder: string): Promise<void>
  /** Waiting messages, oldest first, leased or not (XEP-0013 headers). */
  list(account: BareJid, page: OfflinePage): Promise<readonly OfflineMessage[]>
  /** One waiting message. */
  get(account: BareJid, id: string): Promise<OfflineMessage | undefined>
  /** How many wait; expired ones do not count. */
  count(account: BareJid, now: number): Promise<number>
  /** Removes all of an account; returns how many there were. */
  removeAll(account: BareJid): Promise<number>
  /** Removes up to `limit` expired messages of any account; returns how many. */
  removeExpired(now: number, limit: number): Promise<number>
  /** Removes up to `limit` messages of a domain received before `before`; returns how many. */
  removeOlder(domain: string, before: number, limit: number): Promise<number>
  /**
   * What is known without looking: `false` when nothing waits, nor is being written, `true` when something may, `undefined`
   * when it is not known. Absent where others write to the store as well. A login then finds out with a read whether
   * something waits.
   */
  mayWait?(account: BareJid): boolean | undefined
}
