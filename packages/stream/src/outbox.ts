import type { Clock } from '@xmppkit/runtime'
import type { Wire } from '@xmppkit/xml'
import { type Alarm, type Alarms, createAlarms } from './alarms.js'
import type { Transport } from './ports.js'
import { createWriteTurn, type TurnWriter, type WriteTurn } from './write-turn.js'

/** Limits of what waits to be written to one peer. */
export interface OutboxOptions {
  /**
   * Bytes that may wait, here and in the transport, for a peer that does not read.
   * @default 1_048_576
   */
  readonly maxOutboxBytes?: number
  /**
   * Elements that may wait likewise.
   * @default 1_000
   */
  readonly maxOutboxStanzas?: number
  /**
   * How long either limit may be exceeded before the peer counts as too slow. A login or a join makes a burst of
   * presence in a single turn, before the operating system had a chance to take any of it; four times a limit is never
   * tolerated.
   * @default 2_000
   */
  readonly outboxGraceMs?: number
  /**
   * How long written bytes may sit in the transport without any of them reaching the operating system (S-14).
   * @default 30_000
   */
  readonly writeTimeoutMs?: number
}

/** What {@link OutboxOptions} are when left out. */
export const outboxDefaults: Required<OutboxOptions> = Object.freeze({
  maxOutboxBytes: 1_048_576,
  maxOutboxStanzas: 1_000,
  outboxGraceMs: 2_000,
  writeTimeoutMs: 30_000,
})

/** What became of something written: handed to the operating system, or certainly not. */
export type WriteOutcome = 'delivered' | 'failed'

/** What the outbox needs. `T` is whatever the writer wants back when a write is settled: its ticket. */
export interface OutboxDeps<T> {
  readonly transport: Pick<Transport, 'framing' | 'write' | 'flushed'>
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  /** Shared by outboxes whose order among each other matters. @default one of its own */
  readonly turn?: WriteTurn | undefined
  /** Shared by whatever waits. @default some of its own */
  readonly alarms?: Alarms | undefined
  /** Called once for every ticket, in the order of the writes. */
  settled(ticket: T, outcome: WriteOutcome): void
  /** The peer does not keep up. Called at most once; the owner is expected to call {@link Outbox.fail}. */
  exhausted(why: 'slow-reader' | 'write-timeout'): void
}

/** What waits to be written to one peer: coalesced into one write per turn, bounded, and accounted for one by one. */
export interface Outbox<T> {
  /** Queues an element and schedules a flush at the end of the turn. After {@link Outbox.fail} the ticket fails at once. */
  push(wire: Wire, ticket?: T): void
  /** Until {@link Outbox.uncork}, queues only: the owner is in the middle of a chunk of input and flushes at its end. */
  cork(): void
  /** Ends {@link Outbox.cork} and flushes, behind what waits for others: an answer never overtakes what it answers for. */
  uncork(): void
  /** Writes now what waits, also to a transport above its high water: nothing will follow. */
  flushAll(): void
  /** The transport takes nothing until {@link Outbox.drained}; the write time-out does not count meanwhile. */
  stalled(): void
  /** The transport has room again. */
  drained(): void
  /** Settles whatever is not settled as failed, and takes nothing any more. */
  fail(): void
}

interface Batch<T> {
  readonly bytes: number
  readonly stanzas: number
  readonly tickets: readonly T[] | undefined
}

// A turn with much to say hands it over in pieces, so that a burst is not measured as a backlog.
const flushBytes = 65_536
const burst = 4

/** Makes an {@link Outbox}. An idle one holds no buffers and no timers that outlive `writeTimeoutMs`. */
export function createOutbox<T>(deps: OutboxDeps<T>, options: Required<OutboxOptions>): Outbox<T> {
  return new TurnOutbox(deps, options)
}

// A class, because there is one for every connection and closures would cost each of them a kilobyte.
class TurnOutbox<T> implements Outbox<T>, TurnWriter, Alarm {
  alarmAt = 0
  alarmPlace = -1
  readonly #deps: OutboxDeps<T>
  readonly #options: Required<OutboxOptions>
  readonly #turn: WriteTurn
  readonly #alarms: Alarms
  // In `stream` framing one growing string, in `framed` one per message.
  #pending = ''
  #frames: Wire[] | undefined
  #stanzas = 0
  #tickets: T[] | undefined
  #inFlight: Batch<T>[] | undefined
  #bytesInFlight = 0
  #stanzasInFlight = 0
  #framedBytes = 0
  #corked = false
  #scheduled = false
  #blocked = false
  #stalled = false
  #dead = false
  #grace: Disposable | undefined
  #progressAt = 0

  constructor(deps: OutboxDeps<T>, options: Required<OutboxOptions>) {
    this.#deps = deps
    this.#options = options
    this.#turn = deps.turn ?? createWriteTurn()
    this.#alarms = deps.alarms ?? createAlarms(deps.clock)
  }

  push(wire: Wire, ticket?: T): void {
    if (this.#dead) {
      if (ticket !== undefined) this.#deps.settled(ticket, 'failed')
      return
    }
    if (this.#deps.transport.framing === 'framed') {
      this.#frames ??= []
      this.#frames.push(wire)
      this.#framedBytes += wire.length
    } else {
      this.#pending += wire
    }
    this.#stanzas++
    if (ticket !== undefined) {
      this.#tickets ??= []
      this.#tickets.push(ticket)
    }
    if (this.#pendingBytes >= flushBytes && !this.#blocked) this.#flush()
    else this.#schedule()
    this.#checkLimits()
  }

  cork(): void {
    this.#corked = true
  }

  uncork(): void {
    if (!this.#blocked) this.#flush()
    this.#opened()
  }

  flushAll(): void {
    this.#corked = true // a goodbye is an answer too
    this.#flush()
    this.#opened()
  }

  /** @internal For the turn. */
  writeTurn(): void {
    this.#scheduled = false
    if (!this.#corked && !this.#blocked) this.#flush()
  }

  /** @internal For the alarms: whether anything was written since. */
  ring(): void {
    if (this.#inFlight === undefined) return
    const now = this.#deps.clock.monotonic()
    const due = this.#progressAt + this.#options.writeTimeoutMs
    if (this.#stalled) this.#alarms.set(this, now + this.#options.writeTimeoutMs)
    else if (due > now) this.#alarms.set(this, due)
    else this.#deps.exhausted('write-timeout')
  }

  stalled(): void {
    this.#stalled = this.#blocked = true
  }

  drained(): void {
    if (this.#stalled) this.#progressAt = this.#deps.clock.monotonic()
    this.#stalled = this.#blocked = false
    if (!this.#corked) this.#flush()
  }

  fail(): void {
    if (this.#dead) return
    this.#dead = true
    this.#grace?.[Symbol.dispose]()
    this.#alarms.clear(this)
    const batches = this.#inFlight ?? []
    const waiting = this.#tickets ?? []
    this.#inFlight = this.#tickets = this.#frames = this.#grace = undefined
    this.#pending = ''
    for (const batch of batches) this.#settle(batch.tickets, 'failed')
    this.#settle(waiting, 'failed')
  }

  get #pendingBytes(): number {
    return this.#pending.length + this.#framedBytes
  }

  #opened(): void {
    this.#corked = false
    // A transport in memory calls back at once, and whoever hears of it may have more to say.
    if (this.#stanzas > 0) this.#schedule()
  }

  #schedule(): void {
    if (this.#corked || this.#scheduled || this.#blocked) return
    this.#scheduled = true
    this.#turn.add(this)
  }

  #flush(): void {
    // Corked, there are answers in it: what they answer for goes first.
    if (this.#corked && this.#stanzas > 0) this.#turn.flush()
    if (this.#stanzas === 0 || this.#dead) return
    const batch: Batch<T> = { bytes: this.#pendingBytes, stanzas: this.#stanzas, tickets: this.#tickets }
    const text = this.#pending as Wire
    const frames = this.#frames
    this.#pending = ''
    this.#frames = this.#tickets = undefined
    this.#stanzas = this.#framedBytes = 0
    // Accounted for before the transport is called: one in memory may call back at once.
    this.#launch(batch)
    const { transport } = this.#deps
    if (frames === undefined) {
      if (!transport.write(text)) this.#blocked = true
    } else {
      for (const frame of frames) if (!transport.write(frame)) this.#blocked = true
    }
    transport.flushed(() => this.#landed())
  }

  #launch(batch: Batch<T>): void {
    this.#inFlight ??= []
    if (this.#inFlight.length === 0) this.#progressAt = this.#deps.clock.monotonic()
    if (this.alarmPlace < 0) this.#alarms.set(this, this.#progressAt + this.#options.writeTimeoutMs)
    this.#inFlight.push(batch)
    this.#bytesInFlight += batch.bytes
    this.#stanzasInFlight += batch.stanzas
  }

  #landed(): void {
    const batch = this.#inFlight?.shift()
    if (batch === undefined) return
    this.#bytesInFlight -= batch.bytes
    this.#stanzasInFlight -= batch.stanzas
    this.#progressAt = this.#deps.clock.monotonic()
    if (this.#inFlight?.length === 0) this.#inFlight = undefined
    this.#settle(batch.tickets, 'delivered')
  }

  #settle(tickets: readonly T[] | undefined, outcome: WriteOutcome): void {
    if (tickets !== undefined) for (const ticket of tickets) this.#deps.settled(ticket, outcome)
  }

  #exceeds(factor: number): boolean {
    const { maxOutboxBytes, maxOutboxStanzas } = this.#options
    return (
      this.#pendingBytes + this.#bytesInFlight > maxOutboxBytes * factor ||
      this.#stanzas + this.#stanzasInFlight > maxOutboxStanzas * factor
    )
  }

  #checkLimits(): void {
    if (this.#grace === undefined && !this.#exceeds(1)) return
    if (this.#exceeds(burst)) {
      this.#deps.exhausted('slow-reader')
    } else {
      this.#grace ??= this.#deps.clock.after(this.#options.outboxGraceMs, () => {
        this.#grace = undefined
        if (this.#exceeds(1)) this.#deps.exhausted('slow-reader')
      })
    }
  }
}
