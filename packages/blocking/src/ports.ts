import type { UserDataPage } from '@xmppkit/auth'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'

/**
 * Where blocklists are kept. Implement it over your own tables, or use the in-memory store or `@xmppkit/storage-sql`;
 * `@xmppkit/conformance/blocklist-store` tests an implementation.
 *
 * All methods reject when the store cannot be reached; nothing is half done then. `load` may answer at once where nothing
 * has to be waited for, as a cache does.
 */
export interface BlocklistStore {
  /** Whom an account has blocked, in no particular order: accounts, domains, single resources of either. */
  load(account: BareJid): Awaitable<readonly Jid[]>
  /**
   * Adds to a blocklist; what is on it already stays. If it would be longer than `limit`, nothing is added and the answer
   * is `'full'`. Resolves when it is durable.
   */
  add(account: BareJid, jids: readonly Jid[], limit: number): Promise<'added' | 'full'>
  /** Takes from a blocklist; what is not on it is ignored. Resolves when it is durable. */
  remove(account: BareJid, jids: readonly Jid[]): Promise<void>
  /** Removes a whole blocklist; returns how long it was. */
  removeAll(account: BareJid): Promise<number>
  /** Accounts of a domain that something is kept for, as text, in ascending order of their UTF-8 bytes. */
  accounts(domain: string, page: UserDataPage): Promise<readonly string[]>
}

/** A contact, as far as blocking is concerned. */
export interface BlockingContact {
  /** Its address. */
  readonly jid: BareJid
  /** Who sees whose presence, from the account's point of view (RFC 6121 §2.1.2.5). */
  readonly subscription: 'none' | 'to' | 'from' | 'both'
}

/** Who is in an account's roster; `Roster` of `@xmppkit/roster` fits. */
export interface BlockingContacts {
  /** All contacts of an account. */
  items(account: BareJid): Promise<readonly BlockingContact[]>
}
