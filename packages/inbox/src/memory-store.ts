import type { BareJid, Jid } from '@xmppkit/jid'
import type { InboxConversation, InboxListing, InboxMessage, InboxStore, ReadPoint } from './ports.js'

/** A message of an archive in this process's memory. */
export interface InboxLogEntry extends InboxMessage {
  /** The other party. */
  readonly with: Jid
  /** Whether the account wrote it, or was sent it. */
  readonly direction: 'sent' | 'received'
  /** Whether people read it. */
  readonly instant?: boolean
  /** The id its author gave it. */
  readonly originId?: string
}

/** An archive in this process's memory, such as `createMemoryArchiveStore` of `@xmppkit/archive` makes. */
export interface InboxLog {
  /** The messages of an account, oldest first. */
  messages(account: BareJid): Iterable<InboxLogEntry>
}

/** Options of {@link createMemoryInboxStore}. */
export interface MemoryInboxOptions {
  /** Read markers kept, of all accounts together; for one more the one moved longest ago goes. @default 100_000 */
  readonly maxMarks?: number
}

/** Defaults of {@link MemoryInboxOptions}. */
export const memoryInboxDefaults: Readonly<Required<MemoryInboxOptions>> = Object.freeze({
  maxMarks: 100_000,
})

/**
 * An {@link InboxStore} over an archive in this process's memory, for tests and for servers that keep nothing. It looks
 * through all messages of an account.
 *
 * @example
 * ```ts
 * const store = createMemoryInboxStore({ log: createMemoryArchiveStore() })
 * ```
 */
export function createMemoryInboxStore(
  { log }: { readonly log: InboxLog },
  options: MemoryInboxOptions = {},
): InboxStore {
  const { maxMarks } = { ...memoryInboxDefaults, ...options }
  // The place up to which was read, by account and conversation, the one moved longest ago first. No address has a space.
  const marks = new Map<string, number>()
  const keyOf = (account: BareJid, conversation: string) => `${account} ${conversation}`
  const marksOf = (account: BareJid) => [...marks.keys()].filter((key) => key.startsWith(`${account} `))

  const find = (account: BareJid, conversation: BareJid, upTo: ReadPoint): InboxLogEntry | undefined => {
    const all = [...log.messages(account)].filter((message) => message.with.bare.equals(conversation))
    if (upTo.by === 'newest') return all.at(-1)
    if (upTo.by === 'archive-id') return all.find(({ id }) => id === upTo.id)
    return all.findLast(({ originId, direction }) => originId === upTo.id && direction === 'received')
  }

  const forget = (keys: readonly string[]) => keys.filter((key) => marks.delete(key)).length

  return {
    async conversations(account, { limit, depth }): Promise<InboxListing> {
      const all = new Map<string, InboxLogEntry[]>()
      for (const message of log.messages(account)) {
        const key = message.with.bare.toString()
        const one = all.get(key) ?? []
        one.push(message)
        all.set(key, one)
      }
      const own = account.toString()
      const conversations = [...all].slice(0, limit).map(([key, messages]) => {
        const summary = summarise(key, messages.slice(-depth), marks.get(keyOf(account, key)) ?? 0)
        return key === own ? { ...summary, unread: 0 } : summary
      })
      return { conversations, marks: marksOf(account).length }
    },
    async place(account, id) {
      return [...log.messages(account)].find((message) => message.id === id)?.place
    },
    async messages(account, places) {
      const wanted = new Set(places)
      const found = [...log.messages(account)].filter(({ place }) => wanted.has(place))
      return found.map(({ place, id, at, stanza }) => ({ place, id, at, stanza }))
    },
    async mark(account, conversation, upTo) {
      const message = find(account, conversation, upTo)
      const key = keyOf(account, conversation.toString())
      if (message === undefined || message.place <= (marks.get(key) ?? 0)) return undefined
      marks.delete(key)
      marks.set(key, message.place)
      if (marks.size > maxMarks) marks.delete(marks.keys().next().value as string)
      return message.id
    },
    async prune(account) {
      const there = new Set<string>()
      for (const message of log.messages(account)) there.add(keyOf(account, message.with.bare.toString()))
      return forget(marksOf(account).filter((key) => !there.has(key)))
    },
    async remove(account) {
      return forget(marksOf(account))
    },
  }
}

/** What the newest messages of a conversation tell of it; there is at least one. */
function summarise(party: string, messages: readonly InboxLogEntry[], readTo: number): InboxConversation {
  const read = messages.filter(({ instant }) => instant === true)
  // Whoever answers has read what came before.
  const answer = read.findLast(({ direction }) => direction === 'sent')?.place ?? 0
  const unread = read.filter(
    ({ place, direction }) => direction === 'received' && place > Math.max(readTo, answer),
  )
  const message = read.at(-1)
  return {
    with: party,
    last: messages.at(-1)?.place ?? 0,
    ...(message && { message: message.place }),
    unread: unread.length,
  }
}
