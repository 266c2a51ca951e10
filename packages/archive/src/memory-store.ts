import { accountsAmong } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import {
  type ArchiveFilter,
  type ArchivePreferences,
  type ArchiveRemoval,
  type ArchiveStore,
  type NewArchivedMessage,
  unknownId,
} from './ports.js'

/** A message of an archive in memory, with all that was said of it. */
export interface LoggedMessage extends NewArchivedMessage {
  /** Grows from message to message; never used again. */
  readonly place: number
}

/** An archive in this process's memory, which others may look through. */
export interface MemoryArchiveStore extends ArchiveStore {
  /** The messages of an account, oldest first. */
  messages(account: BareJid): Iterable<LoggedMessage>
}

/** Options of {@link createMemoryArchiveStore}. */
export interface MemoryArchiveOptions {
  /** Messages kept, of all accounts together; for one more the oldest of its archive goes, or of another. @default 100_000 */
  readonly maxMessages?: number
}

/** Defaults of {@link MemoryArchiveOptions}. */
export const memoryArchiveDefaults: Readonly<Required<MemoryArchiveOptions>> = Object.freeze({
  maxMessages: 100_000,
})

/**
 * An {@link ArchiveStore} in this process's memory, for tests and for servers that keep nothing.
 *
 * @example
 * ```ts
 * const store = createMemoryArchiveStore()
 * ```
 */
export function createMemoryArchiveStore(options: MemoryArchiveOptions = {}): MemoryArchiveStore {
  const { maxMessages } = { ...memoryArchiveDefaults, ...options }
  // Maps keep insertion order, which is the order of an archive.
  const archives = new Map<string, Map<string, LoggedMessage>>()
  const preferences = new Map<string, ArchivePreferences>()
  let total = 0
  let places = 0

  const archiveOf = (account: BareJid) => archives.get(account.toString())
  const messagesOf = (account: BareJid) => [...(archiveOf(account)?.values() ?? [])]

  const removeFrom = (owner: string, gone: (message: NewArchivedMessage) => boolean, limit: number) => {
    const archive = archives.get(owner)
    let removed = 0
    for (const message of archive?.values() ?? []) {
      if (removed >= limit) break
      if (gone(message)) removed += Number(archive?.delete(message.id))
    }
    if (archive?.size === 0) archives.delete(owner)
    total -= removed
    return removed
  }

  const makeRoom = (owner: string) => {
    if (total < maxMessages) return
    const victim = archives.get(owner)?.size ? owner : archives.keys().next().value
    if (victim !== undefined) removeFrom(victim, () => true, 1)
  }

  const appendOne = (owner: string, message: NewArchivedMessage) => {
    makeRoom(owner)
    const archive = archives.get(owner) ?? new Map<string, LoggedMessage>()
    archives.set(owner, archive)
    lastAt.set(archive, Math.max(message.at, lastAt.get(archive) ?? 0))
    places += 1
    archive.set(
      message.id,
      Object.freeze({ ...message, at: lastAt.get(archive) ?? message.at, place: places }),
    )
    total += 1
  }
  const lastAt = new WeakMap<object, number>()

  const ownersOf = (domain: string) => [...archives.keys()].filter((owner) => domainOf(owner) === domain)
  const isOlder = (message: NewArchivedMessage, { before, kind }: ArchiveRemoval) =>
    message.at < before && (kind === undefined || kind === message.kind)

  return {
    searches: true,
    messages: (account) => archiveOf(account)?.values() ?? [],
    async append(account, messages) {
      for (const message of messages) appendOne(account.toString(), message)
    },
    async appendBoth(...entries) {
      for (const { account, message } of entries) appendOne(account.toString(), message)
    },
    async page(account, { limit, newest = false, skip = 0, ...filter }) {
      const found = matching(messagesOf(account), filter)
      if (found === unknownId) return found
      const end = Math.max(0, found.length - skip)
      const messages = newest
        ? found.slice(Math.max(0, end - limit), end)
        : found.slice(skip, skip + Math.min(limit, found.length))
      return { messages, complete: messages.length + Math.min(skip, found.length) === found.length }
    },
    async count(account, filter = {}, limit = Number.POSITIVE_INFINITY) {
      const found = matching(messagesOf(account), filter)
      return found === unknownId ? found : Math.min(found.length, limit)
    },
    async bounds(account) {
      const messages = messagesOf(account)
      const [first, last] = [messages.at(0), messages.at(-1)]
      return first && last && { first, last }
    },
    async find(account, wanted) {
      return messagesOf(account).findLast(
        (message) =>
          message.originId === wanted.originId &&
          message.direction === wanted.direction &&
          message.with.bare.equals(wanted.with),
      )
    },
    async replace(account, id, stanza) {
      const archive = archiveOf(account)
      const { body: _gone, instant: _read, ...message } = archive?.get(id) ?? {}
      if ('id' in message) archive?.set(id, Object.freeze({ ...message, stanza }))
    },
    async remove(account, { with: party, limit }) {
      const gone = (message: NewArchivedMessage) => party === undefined || isWith(message, party)
      return removeFrom(account.toString(), gone, limit)
    },
    async trim(account, keep, limit) {
      const excess = (archiveOf(account)?.size ?? 0) - keep
      return excess > 0 ? removeFrom(account.toString(), () => true, Math.min(excess, limit)) : 0
    },
    async removeOlder(removal, limit) {
      let removed = 0
      for (const owner of ownersOf(removal.domain)) {
        removed += removeFrom(owner, (message) => isOlder(message, removal), limit - removed)
      }
      return removed
    },
    async countOlder(removal) {
      const messages = ownersOf(removal.domain).flatMap((owner) => [...(archives.get(owner)?.values() ?? [])])
      return messages.filter((message) => isOlder(message, removal)).length
    },
    async accounts(domain, page) {
      return accountsAmong(new Set([...archives.keys(), ...preferences.keys()]), domain, page)
    },
    async preferences(account) {
      return preferences.get(account.toString())
    },
    async setPreferences(account, wanted) {
      if (wanted === undefined) preferences.delete(account.toString())
      else preferences.set(account.toString(), Object.freeze({ ...wanted }))
    },
  }
}

function matching(
  messages: readonly NewArchivedMessage[],
  { after = [], before = [], ids, ...filter }: ArchiveFilter,
): readonly NewArchivedMessage[] | typeof unknownId {
  const positions = new Map(messages.map(({ id }, at) => [id, at]))
  if ([...after, ...before, ...(ids ?? [])].some((id) => !positions.has(id))) return unknownId
  const from = Math.max(-1, ...after.map((id) => positions.get(id) ?? 0))
  const to = Math.min(messages.length, ...before.map((id) => positions.get(id) ?? 0))
  const chosen = ids && new Set(ids)
  const words = filter.text?.toLowerCase().split(/\s+/) ?? []
  return messages.slice(from + 1, Math.max(to, from + 1)).filter((message) => {
    if (chosen && !chosen.has(message.id)) return false
    if (filter.with && !isWith(message, filter.with)) return false
    if (message.at < (filter.start ?? message.at) || message.at > (filter.end ?? message.at)) return false
    const text = message.body?.toLowerCase()
    return words.every((word) => text?.includes(word) === true)
  })
}

function isWith({ with: party }: NewArchivedMessage, wanted: NewArchivedMessage['with']): boolean {
  return wanted.isBare ? party.bare.equals(wanted) : party.equals(wanted)
}

function domainOf(owner: string): string {
  return owner.slice(owner.indexOf('@') + 1)
}
