import { type BareJid, parseJid } from '@xmppkit/jid'
import type { InboxConversation, InboxMessage } from './ports.js'

/** Which conversations, and how many. */
export interface InboxRequest {
  /** Only those with unread messages. @default false */
  readonly unreadOnly?: boolean
  /** How many at most. @default as the options say */
  readonly max?: number
  /** Only those whose last activity was before that of this entry: its `cursor`. */
  readonly after?: string
  /** Only those whose last activity was later than that of this entry, the nearest ones; empty: the last page. */
  readonly before?: string
  /** How many to leave out, from the one with the latest activity on. */
  readonly index?: number
}

/** A conversation with what is shown of it. */
export interface InboxEntry {
  /** The other party. */
  readonly jid: BareJid
  /** Messages that people read and the account has not; at most as many as are looked at. */
  readonly unread: number
  /** The id in the archive of its newest message, of whatever kind. */
  readonly id: string
  /** The newest message that people read, if there is one. */
  readonly message?: InboxMessage
  /** When something happened last, in milliseconds since 1970. */
  readonly at: number
  /** By which the pages before and after are asked for. */
  readonly cursor: string
}

/** Counts of a whole inbox. */
export interface InboxTotals {
  /** Conversations. */
  readonly total: number
  /** Conversations with unread messages. */
  readonly unread: number
  /** Unread messages. */
  readonly allUnread: number
}

/** A part of an inbox, the latest activity first. */
export interface InboxPage extends InboxTotals {
  /** The conversations of this part. */
  readonly entries: readonly InboxEntry[]
  /** How many there are that were asked for, on all pages. */
  readonly count: number
  /** How many of those stand before the first entry. */
  readonly index: number
}

/** The bounds of a page by places in the archive. */
export interface PageBounds {
  /** Only activity before this place. */
  readonly after?: number
  /** Only activity behind this place, and the last of it; 0 for the last page. */
  readonly before?: number
  /** How many to leave out. */
  readonly index?: number
  /** How many at most. */
  readonly max: number
}

/** The place of what happened last: a message people read, or where there is none anything. */
export const activityOf = ({ message, last }: InboxConversation): number => message ?? last

/** Counts what is in an inbox. */
export function totalsOf(conversations: readonly InboxConversation[]): InboxTotals {
  let unread = 0
  let allUnread = 0
  for (const one of conversations) {
    unread += Number(one.unread > 0)
    allUnread += one.unread
  }
  return { total: conversations.length, unread, allUnread }
}

/**
 * Cuts a page out of conversations. It begins behind or before a place in the archive and not a position in the list, so who
 * goes from page to page meets each conversation once, though others come to life meanwhile.
 */
export function cutPage(
  conversations: readonly InboxConversation[],
  { after, before, index = 0, max }: PageBounds,
): { readonly page: readonly InboxConversation[]; readonly index: number } {
  const ordered = conversations.toSorted((one, other) => activityOf(other) - activityOf(one))
  const firstBefore = (place: number) => {
    const at = ordered.findIndex((one) => activityOf(one) < place)
    return at === -1 ? ordered.length : at
  }
  const from = after === undefined ? Math.min(index, ordered.length) : firstBefore(after)
  // Places are whole numbers: what is not behind this one is before the next.
  const to = before === undefined ? ordered.length : firstBefore(before + 1)
  const start = before === undefined ? from : Math.max(from, to - max)
  return { page: ordered.slice(start, Math.min(start + max, Math.max(start, to))), index: start }
}

/** What is shown of a conversation; undefined if its messages have gone from the archive meanwhile. */
export function entryOf(
  conversation: InboxConversation,
  messages: ReadonlyMap<number, InboxMessage>,
): InboxEntry | undefined {
  const last = messages.get(conversation.last)
  const activity = messages.get(activityOf(conversation))
  if (last === undefined || activity === undefined) return undefined
  return {
    jid: parseJid(conversation.with).bare,
    unread: conversation.unread,
    id: last.id,
    at: activity.at,
    cursor: activity.id,
    ...(conversation.message !== undefined && { message: activity }),
  }
}
