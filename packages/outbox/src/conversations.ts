import type { OutboxEntry } from './ports.js'

/** What has been read and not delivered yet, by conversation. */
export interface Conversations {
  /** Takes what was read; what is known already, and what follows something that is held back, is left out. */
  add(entries: readonly OutboxEntry[]): void
  /** The next entry of a conversation none of whose entries is under way; it is under way from then on. */
  next(): OutboxEntry | undefined
  /** An entry is not under way any more; unless it is done it stays the next of its conversation. What is done stays known. */
  ended(entry: OutboxEntry, done: boolean): void
  /** The store knows that these are done: they are forgotten. */
  forget(entries: readonly OutboxEntry[]): void
  /** Nothing of a conversation is given out until it is let go; what was read of it is forgotten. */
  hold(conversation: string): void
  /** It may be read again. */
  letGo(conversation: string): void
  /** What waits is forgotten, and what is under way unless it gets done: it may be read again. */
  clear(): void
  /** Conversations that are held. */
  readonly held: readonly string[]
  /** Entries that are known: those that wait, and those done of which the store does not know. */
  readonly size: number
  /** Entries under way. */
  readonly underWay: number
}

/** Makes an empty one. */
export function createConversations(): Conversations {
  const queues = new Map<string, OutboxEntry[]>()
  const known = new Set<string>()
  const busy = new Set<string>()
  const held = new Set<string>()

  const drop = (conversation: string) => {
    for (const { id } of queues.get(conversation) ?? []) known.delete(id)
    queues.delete(conversation)
  }

  const shift = (conversation: string) => {
    const queue = queues.get(conversation)
    queue?.shift()
    if (queue?.length === 0) queues.delete(conversation)
  }

  return {
    add(entries) {
      for (const entry of entries) {
        if (known.has(entry.id) || held.has(entry.conversation)) continue
        known.add(entry.id)
        const queue = queues.get(entry.conversation)
        if (queue === undefined) queues.set(entry.conversation, [entry])
        else queue.push(entry)
      }
    },
    next() {
      for (const [conversation, [first]] of queues) {
        if (first === undefined || busy.has(conversation)) continue
        busy.add(conversation)
        // Behind the others: each has its turn.
        const queue = queues.get(conversation)!
        queues.delete(conversation)
        queues.set(conversation, queue)
        return first
      }
      return undefined
    },
    ended({ id, conversation }, done) {
      const isQueued = queues.get(conversation)?.[0]?.id === id
      busy.delete(conversation)
      if (done && isQueued) shift(conversation)
      if (done || isQueued) return
      // Cleared meanwhile: it may have to come before what was read since, or not at all.
      known.delete(id)
      drop(conversation)
    },
    forget(entries) {
      for (const { id } of entries) known.delete(id)
    },
    hold(conversation) {
      held.add(conversation)
      drop(conversation)
    },
    clear() {
      for (const [conversation, [first]] of queues) {
        drop(conversation)
        if (first !== undefined && busy.has(conversation)) known.add(first.id)
      }
    },
    letGo: (conversation) => void held.delete(conversation),
    get held() {
      return [...held]
    },
    get size() {
      return known.size
    },
    get underWay() {
      return busy.size
    },
  }
}
