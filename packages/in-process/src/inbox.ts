import type { KeptStanza, SessionKeeper } from '@xmppkit/c2s'
import { type Awaitable, type Clock, isThenable } from '@xmppkit/runtime'
import { readStanza, type Stanza, StanzaError } from '@xmppkit/stanza'
import type { InProcessOptions } from './in-process-options.js'

/** What {@link createInbox} needs. */
export interface InboxDeps {
  /** Limits the waits of senders and the time of handlers. */
  readonly clock: Pick<Clock, 'after'>
  /** Deals with a stanza; must not throw. The signal aborts when its time is over. */
  readonly handle: (stanza: Stanza, signal: AbortSignal) => Awaitable<void>
  /** What needs no place in the queue is dealt with here and now; true if it was. */
  readonly atOnce: (stanza: Stanza) => boolean
  /** A stanza has been dealt with. */
  readonly confirm: (kept: KeptStanza) => void
  /** No more than half of what may wait does. */
  readonly eased: () => void
  /** A handler has not ended in time. */
  readonly late: (stanza: Stanza) => void
}

/** What waits for a bot: in order for each sender, several senders at a time, bounded. */
export interface Inbox extends SessionKeeper {
  /**
   * Nothing while there is room; a promise that holds a sender back where there is none, or whoever owns the stanza.
   * @throws StanzaError `resource-constraint` where too many senders wait, or too long
   */
  room(stanza: Stanza, owned: boolean): Awaitable<void>
  /** How many stanzas wait or are being dealt with. */
  readonly size: number
  /** Begins nothing more; fulfilled when what has begun has ended. */
  drain(): Promise<void>
}

interface Entry {
  readonly kept: KeptStanza
  readonly stanza: Stanza
  readonly sender: string
}

interface Waiter {
  readonly settle: (refusal?: StanzaError) => void
}

/** Makes an empty inbox. */
export function createInbox(deps: InboxDeps, options: Required<InProcessOptions>): Inbox {
  const { maxInbox, maxWaitingSenders, roomTimeoutMs, handlerTimeoutMs, concurrency } = options
  const waiting = new Set<Entry>()
  const busy = new Set<string>()
  const waiters = new Set<Waiter>()
  // Those who were let in and are about to take their places.
  let entering = 0
  let draining = false
  let drained: (() => void) | undefined

  const taken = () => waiting.size + busy.size + entering

  function pump(): void {
    if (!draining) {
      for (const entry of waiting) {
        if (busy.size >= concurrency) break
        if (!busy.has(entry.sender)) begin(entry)
      }
    }
    for (const waiter of waiters) {
      if (taken() >= maxInbox) break
      waiter.settle()
    }
    if (busy.size === 0) drained?.()
  }

  function begin(entry: Entry): void {
    waiting.delete(entry)
    busy.add(entry.sender)
    const controller = new AbortController()
    const ended = () => {
      if (controller.signal.aborted) return
      timer[Symbol.dispose]()
      finish(entry)
    }
    const timer = deps.clock.after(handlerTimeoutMs, () => {
      controller.abort()
      deps.late(entry.stanza)
      finish(entry)
    })
    const done = deps.handle(entry.stanza, controller.signal)
    if (isThenable(done)) done.then(ended, ended)
    else queueMicrotask(ended)
  }

  function finish(entry: Entry): void {
    busy.delete(entry.sender)
    deps.confirm(entry.kept)
    freed()
  }

  function freed(): void {
    pump()
    if (taken() <= maxInbox / 2) deps.eased()
  }

  /** Who was let in has taken its place, or never will. */
  function entered(): void {
    entering -= 1
    freed()
  }

  function whenRoom(limitMs: number): Promise<void> {
    const room = new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        settle(refusal) {
          waiters.delete(waiter)
          timer[Symbol.dispose]()
          if (refusal !== undefined) return reject(refusal)
          entering += 1
          resolve()
        },
      }
      const timer = deps.clock.after(limitMs, () => waiter.settle(full()))
      waiters.add(waiter)
    })
    // Behind what the sender does when it hears of it: it hands its stanza over.
    room.then(
      () => queueMicrotask(entered),
      () => {},
    )
    return room
  }

  return {
    keep(kept) {
      const stanza = readStanza(kept.raw)
      if (deps.atOnce(stanza)) {
        deps.confirm(kept)
        return
      }
      waiting.add({ kept, stanza, sender: stanza.from?.bare.toString() ?? '' })
      pump()
    },
    room(stanza, owned) {
      if (stanza.kind !== 'message') return
      if (taken() < maxInbox && waiters.size === 0) return
      if (!owned && waiters.size >= maxWaitingSenders) throw full()
      return whenRoom(owned ? Number.POSITIVE_INFINITY : roomTimeoutMs)
    },
    get size() {
      return waiting.size + busy.size
    },
    drain() {
      draining = true
      return busy.size === 0 ? Promise.resolve() : new Promise((resolve) => (drained = resolve))
    },
    handled() {},
    outlives: () => false,
    reconnected() {},
    // What has begun is the bot's; the rest finds another way.
    release() {
      draining = true
      const left = [...waiting].map(({ kept }) => kept)
      waiting.clear()
      for (const waiter of waiters) waiter.settle()
      return left
    },
  }
}

function full(): StanzaError {
  return new StanzaError('resource-constraint', { text: 'too much is waiting here; try again later' })
}
