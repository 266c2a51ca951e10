import type { UserDataPage } from '@xmppkit/auth'
import type { BareJid, Jid } from '@xmppkit/jid'

/** Seen from the account whose archive it is: what it wrote, or what was written to it. */
export type ArchiveDirection = 'sent' | 'received'

/** What a message belongs to: a conversation between two, or a room. */
export type ArchiveKind = 'chat' | 'groupchat'

/** A message to archive. */
export interface NewArchivedMessage {
  /** Unguessable and never used before in this archive (XEP-0359); at most 64 characters. */
  readonly id: string
  /** The other party: whom it was sent to, or who sent it. */
  readonly with: Jid
  /** Who wrote it. */
  readonly direction: ArchiveDirection
  /** What it belongs to. */
  readonly kind: ArchiveKind
  /** The id its author gave it, by which it can be retracted (XEP-0424). */
  readonly originId?: string
  /** The whole stanza as XML text in the `jabber:client` namespace. */
  readonly stanza: string
  /** Whether it is one that people read and that can be unread (XEP-0430); not a receipt, a marker and the like. @default false */
  readonly instant?: boolean
  /** Text people can search for. */
  readonly body?: string
  /** When the server got it, in milliseconds since 1970. */
  readonly at: number
}

/** A message of an archive. */
export interface ArchivedMessage {
  /** Its id. */
  readonly id: string
  /** When the server got it, in milliseconds since 1970; never less than that of the message before it. */
  readonly at: number
  /** The whole stanza as XML text, or what has taken its place. */
  readonly stanza: string
}

/** Which messages; all that is given must hold. */
export interface ArchiveFilter {
  /** Only with this party; a bare address stands for all its resources. */
  readonly with?: Jid
  /** Not before this moment, in milliseconds since 1970. */
  readonly start?: number
  /** Not after this moment, in milliseconds since 1970. */
  readonly end?: number
  /** Only behind all of these messages. */
  readonly after?: readonly string[]
  /** Only before all of these messages. */
  readonly before?: readonly string[]
  /** Only these messages. */
  readonly ids?: readonly string[]
  /** Only messages with these words in their text; what a word is, is the store's affair. Where {@link ArchiveStore.searches}. */
  readonly text?: string
}

/** A part of an archive. */
export interface ArchivePageRequest extends ArchiveFilter {
  /** How many at most. */
  readonly limit: number
  /** Whether the newest ones are wanted instead of the oldest. @default false */
  readonly newest?: boolean
  /** How many to leave out before the first; costs as much as reading them. @default 0 */
  readonly skip?: number
}

/** The answer to an {@link ArchivePageRequest}. */
export interface ArchivePage {
  /** Oldest first. */
  readonly messages: readonly ArchivedMessage[]
  /** Whether there are no more matching ones: behind these, or before them if the newest were asked for. */
  readonly complete: boolean
}

/** A message by which a filter was to be limited is not in the archive. */
export const unknownId = 'unknown-id'

/** The ends of an archive. */
export interface ArchiveBounds {
  /** The oldest message. */
  readonly first: Pick<ArchivedMessage, 'id' | 'at'>
  /** The newest message. */
  readonly last: Pick<ArchivedMessage, 'id' | 'at'>
}

/** What to remove. */
export interface ArchiveRemoval {
  /** Of the archives of this domain. */
  readonly domain: string
  /** Only what is older, in milliseconds since 1970. */
  readonly before: number
  /** Only this kind. @default both */
  readonly kind?: ArchiveKind
}

/** What an account wants archived (XEP-0441). */
export interface ArchivePreferences {
  /** What holds for those in neither list: always, never, or only for contacts. */
  readonly default: 'always' | 'never' | 'roster'
  /** With whom messages are archived; a bare address stands for all its resources. */
  readonly always: readonly Jid[]
  /** With whom they are not. */
  readonly never: readonly Jid[]
}

/** A message and whose archive it goes into. */
export interface ArchiveEntry {
  /** The account. */
  readonly account: BareJid
  /** The message as it is in this archive. */
  readonly message: NewArchivedMessage
}

/**
 * Where archives are kept. Order within an archive is that of appending; the order of `append` calls for one account is kept
 * though nobody waits for the first before the second. `@xmppkit/conformance/archive-store` tests an implementation.
 *
 * All methods reject when the store cannot be reached, with nothing half done; those that write resolve when what they wrote
 * is durable, and what they wrote is seen by every call after that.
 */
export interface ArchiveStore {
  /** Whether {@link ArchiveFilter.text} works. */
  readonly searches: boolean
  /**
   * Appends messages, all or none. A message whose time lies before that of the newest one gets the time of that one: the
   * clock was set back, and order matters more.
   */
  append(account: BareJid, messages: readonly NewArchivedMessage[]): Promise<void>
  /**
   * Appends a message to the archive of its sender and to that of its addressee, to both or to none. The order of calls is
   * kept for the addressee.
   */
  appendBoth(sender: ArchiveEntry, addressee: ArchiveEntry): Promise<void>
  /** A part of an archive; costs the same however large the archive, but for `text` and `skip`. */
  page(account: BareJid, request: ArchivePageRequest): Promise<ArchivePage | typeof unknownId>
  /** How many messages match, counted no further than `limit`: costs as much as it counts. */
  count(account: BareJid, filter?: ArchiveFilter, limit?: number): Promise<number | typeof unknownId>
  /** The ends of an archive; undefined when it is empty. */
  bounds(account: BareJid): Promise<ArchiveBounds | undefined>
  /** The newest message of one author in one conversation with this id of its author's. */
  find(
    account: BareJid,
    message: { readonly with: BareJid; readonly direction: ArchiveDirection; readonly originId: string },
  ): Promise<ArchivedMessage | undefined>
  /**
   * Puts something else in the place of a message: it keeps its id, its time and its place, has no text to search for, and
   * is nothing that people read.
   */
  replace(account: BareJid, id: string, stanza: string): Promise<void>
  /** Removes up to `limit` messages of an account, oldest first, all or those with one party; returns how many. */
  remove(account: BareJid, options: { readonly with?: Jid; readonly limit: number }): Promise<number>
  /** Removes up to `limit` of the oldest messages of an account beyond the newest `keep`; returns how many. Counts all it keeps. */
  trim(account: BareJid, keep: number, limit: number): Promise<number>
  /** Removes up to `limit` old messages of a domain; returns how many. */
  removeOlder(removal: ArchiveRemoval, limit: number): Promise<number>
  /** How many {@link removeOlder} would remove. */
  countOlder(removal: ArchiveRemoval): Promise<number>
  /** What the account wants archived; undefined if it never said. */
  preferences(account: BareJid): Promise<ArchivePreferences | undefined>
  /** Keeps what the account wants archived; undefined forgets it. */
  setPreferences(account: BareJid, preferences: ArchivePreferences | undefined): Promise<void>
  /** Accounts of a domain that something is kept for, as text, in ascending order of their UTF-8 bytes. */
  accounts(domain: string, page: UserDataPage): Promise<readonly string[]>
}
