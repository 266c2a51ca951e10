import type { UserDataPage } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { SubscriptionState } from './subscription.js'

/** One contact as stored: what the client sees, the subscription state behind it, and its version. */
export interface RosterItem extends SubscriptionState {
  /** Address of the contact: a bare JID or a domain. */
  readonly jid: BareJid
  /** Name the account gave the contact. */
  readonly name?: string
  /** Groups the account put the contact in, in the order given. */
  readonly groups: readonly string[]
  /**
   * Whether the account added the contact itself or a subscription made it part of the roster. An item
   * that only exists because the contact asked, or was pre-approved, is not listed (RFC 6121 §2.1.2.5).
   */
  readonly listed: boolean
  /** The subscription request as it came, extensions included, kept until answered (RFC 6121 §3.1.3). */
  readonly request?: string
  /** Roster version at which the item last changed. */
  readonly version: number
}

/** A roster as loaded for its owner. */
export interface Roster {
  /** Version of the whole roster; grows with every change. */
  readonly version: number
  /** All items, the unlisted ones included, oldest change first. */
  readonly items: readonly RosterItem[]
}

/** What changed since a version a client remembers (RFC 6121 §2.6). */
export interface RosterChanges {
  /** Current version of the roster. */
  readonly version: number
  /** Items added or changed since, oldest change first. */
  readonly changed: readonly RosterItem[]
  /**
   * Contacts that were listed and removed since, and are not listed again. One that is back unlisted is among
   * them: clients have to forget it all the same. The removal of an item that was not listed is not: no client
   * ever saw it (rule R-12).
   */
  readonly removed: readonly { readonly jid: BareJid; readonly version: number }[]
}

/** Outcome of {@link RosterStore.update}. */
export interface RosterUpdate {
  /** The item before, if there was one. */
  readonly previous?: RosterItem
  /** The item now; absent when it was removed or never existed. */
  readonly item?: RosterItem
  /** Version of the roster after the update. */
  readonly version: number
  /** Whether anything was written. */
  readonly changed: boolean
}

/** A new value for an item; the store adds the version. */
export type RosterItemChange = Omit<RosterItem, 'version'>

/**
 * Where rosters are kept. Implement it over your own tables, or use the in-memory store or
 * `@xmppkit/storage-sql`; `@xmppkit/conformance/roster-store` tests an implementation.
 *
 * All methods reject when the store cannot be reached; nothing is half done then. Those that read may answer at once where
 * nothing has to be waited for, as a cache does: presence and roster requests then go on in the same turn.
 */
export interface RosterStore {
  /** The whole roster; version 0 and no items for an account that has none. */
  load(account: BareJid): Awaitable<Roster>
  /** One item, listed or not. */
  get(account: BareJid, contact: BareJid): Awaitable<RosterItem | undefined>
  /**
   * Changes after `version`, or `undefined` when the store no longer knows what was removed since, or
   * never issued that version; the caller then sends the whole roster.
   */
  changedSince(account: BareJid, version: number): Awaitable<RosterChanges | undefined>
  /**
   * Reads, decides and writes one item atomically: two concurrent updates of a roster never lose one
   * another (rule R-14). `decide` is given the current item and returns the new one, `undefined` to
   * remove it, or `'unchanged'`; it must not wait and may be called more than once; what it throws is
   * thrown. A write or removal raises the roster's version by one. `count` is the number of items before
   * the update.
   *
   * The first version of a roster is the current time in milliseconds since 1970, plus one: a roster that
   * begins again after {@link RosterStore.removeAll} must not repeat versions clients remember.
   */
  update(
    account: BareJid,
    contact: BareJid,
    decide: (current: RosterItem | undefined, count: number) => RosterItemChange | undefined | 'unchanged',
  ): Promise<RosterUpdate>
  /** Number of items, the unlisted ones included. */
  count(account: BareJid): Promise<number>
  /** Removes the whole roster and its version history; returns what was in it. */
  removeAll(account: BareJid): Promise<readonly RosterItem[]>
  /** Accounts of a domain that something is kept for, as text, in ascending order of their UTF-8 bytes. */
  accounts(domain: string, page: UserDataPage): Promise<readonly string[]>
}
