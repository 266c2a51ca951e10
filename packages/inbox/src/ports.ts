import type { BareJid } from '@xmppkit/jid'

/** A conversation of an account, as the archive and the account's read marker tell it. */
export interface InboxConversation {
  /** The other party: a bare address, as text. */
  readonly with: string
  /** The place of its newest message in the archive, of whatever kind. Places grow from message to message. */
  readonly last: number
  /** The place of the newest message that people read; absent where there is none, such as after a call nobody took. */
  readonly message?: number
  /**
   * How many messages that people read the account was sent since the later of its read marker and its own last message. None
   * in what an account writes to itself.
   */
  readonly unread: number
}

/** How much of an inbox to look at. */
export interface InboxLimits {
  /** Conversations to tell of; of more, some are left out. */
  readonly limit: number
  /** Messages of one conversation to look at, from the newest back, of whatever kind: those before count as read. */
  readonly depth: number
}

/** All conversations of an account. */
export interface InboxListing {
  /** The conversations, in no order. */
  readonly conversations: readonly InboxConversation[]
  /** Read markers the account has, also in conversations that are not in the archive any more. */
  readonly marks: number
}

/** A message of the archive. */
export interface InboxMessage {
  /** Where it is in the archive. */
  readonly place: number
  /** Its id there (XEP-0359). */
  readonly id: string
  /** When the server got it, in milliseconds since 1970. */
  readonly at: number
  /** The whole stanza as XML text. */
  readonly stanza: string
}

/**
 * Up to which message of a conversation somebody has read: one the account was sent, by the id its author gave it; any, by
 * its id in the archive; or the newest there is.
 */
export type ReadPoint =
  | { readonly by: 'origin-id' | 'archive-id'; readonly id: string }
  | { readonly by: 'newest' }

/**
 * Read markers, and conversations as the archive of the same account tells them: it must be the archive's own data that is
 * looked at, not a count of messages kept beside it, so that the two can never differ.
 * `@xmppkit/conformance/inbox-store` tests an implementation together with its `ArchiveStore`.
 *
 * All methods reject when the store cannot be reached, with nothing half done; those that write resolve when what they wrote
 * is durable. Every call sees what was archived, replaced, removed and marked before.
 */
export interface InboxStore {
  /** The conversations of an account; costs as much as there are, however large the archive. */
  conversations(account: BareJid, limits: InboxLimits): Promise<InboxListing>
  /** Where a message is, by its id in the archive; undefined if it is not there. */
  place(account: BareJid, id: string): Promise<number | undefined>
  /** Messages by their places, in no order, without those that are gone. */
  messages(account: BareJid, places: readonly number[]): Promise<readonly InboxMessage[]>
  /**
   * Moves the read marker of a conversation forward, never back.
   *
   * @param at - now, in milliseconds since 1970
   * @returns the id in the archive of the last message read; undefined if there is no such message, or it counted as read
   *   by this marker before
   */
  mark(account: BareJid, conversation: BareJid, upTo: ReadPoint, at: number): Promise<string | undefined>
  /** Forgets the markers of conversations that are not in the archive any more; returns how many. */
  prune(account: BareJid): Promise<number>
  /** Forgets all markers of an account; returns how many. */
  remove(account: BareJid): Promise<number>
}
