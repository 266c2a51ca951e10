import { type Clock, isXmppkitError, type Logger } from '@xmppkit/runtime'
import { type Acknowledging, createAcknowledging } from './acknowledging.js'
import { type Backoff, createBackoff, type Random } from './backoff.js'
import { createConversations } from './conversations.js'
import { OutboxError } from './errors.js'
import { type OutboxTarget, Unreachable } from './event-sink.js'
import type { OutboxEvent } from './events.js'
import { createLeadership, type Leadership } from './leadership.js'
import type { OutboxOptions } from './outbox-options.js'
import type { OutboxEntry, OutboxStore } from './ports.js'

/** What {@link createTargetDelivery} needs. */
export interface TargetDeliveryDeps {
  readonly store: OutboxStore
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly logger: Logger
  readonly random: Random
  /** Names this process among those that deliver from the same store. */
  readonly holder: string
  /** An entry is gone: delivered, or given up. */
  readonly gone: (entry: OutboxEntry, how: 'delivered' | 'dead') => void
  /** Called now and then. */
  readonly polled: () => void
}

/** Delivers what waits for one target. */
export interface TargetDelivery {
  /** Something was appended. */
  wake(): void
  /** Why nothing gets through now, if it does not. */
  readonly trouble: string | undefined
  /** Begins nothing more; fulfilled when nothing is under way, or after `drainTimeoutMs`. */
  close(): Promise<void>
}

/**
 * Delivers events to one target: several conversations at a time, one event of each after another.
 *
 * What cannot get through makes everything for the target wait, with pauses that double, and one event then tries first. What
 * is refused makes its conversation wait; after some tries it is given up, and the conversation goes on.
 */
export function createTargetDelivery(
  deps: TargetDeliveryDeps,
  target: OutboxTarget,
  options: Required<OutboxOptions>,
): TargetDelivery {
  return new Delivery(deps, target, options)
}

/** Events that have arrived without the store knowing, for each that may be under way. */
const unnoted = 4

class Delivery implements TargetDelivery {
  readonly #deps: TargetDeliveryDeps
  readonly #target: OutboxTarget
  readonly #options: Required<OutboxOptions>
  readonly #backoff: Backoff
  readonly #leadership: Leadership
  readonly #window = createConversations()
  readonly #acks: Acknowledging
  readonly #over = new AbortController()
  readonly #timers = new Set<Disposable>()
  #closed = false
  #reading = false
  #isMore = true
  // Goes up when somebody else may have led.
  #term = 0
  // What went while a read was under way, which may still have it.
  #wentMeanwhile: OutboxEntry[] = []
  #failures = 0
  #pausedUntil = 0
  #trouble: string | undefined
  #drained: (() => void) | undefined

  constructor(deps: TargetDeliveryDeps, target: OutboxTarget, options: Required<OutboxOptions>) {
    this.#deps = deps
    this.#target = target
    this.#options = options
    this.#backoff = createBackoff(options, deps.random)
    this.#acks = createAcknowledging(
      {
        store: deps.store,
        acked: (entries) => this.#acked(entries),
        failed: (cause) => {
          deps.logger.error('that events have arrived could not be written down', {
            target: target.name,
            cause,
          })
          this.#pause(cause)
        },
      },
      target.name,
    )
    const { holder } = deps
    this.#leadership = createLeadership(
      { ...deps, heard: (leads, allAlong) => this.#heard(leads, allAlong) },
      { target: target.name, holder, leaseMs: options.leaseMs },
    )
  }

  get trouble(): string | undefined {
    return this.#trouble
  }

  wake(): void {
    this.#isMore = true
    this.#pump()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    if (this.#window.underWay > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
        this.#later(this.#options.drainTimeoutMs, resolve)
      })
    }
    this.#over.abort(new OutboxError('outbox/timeout', 'the server stops'))
    await this.#acks.settled()
    for (const timer of this.#timers) timer[Symbol.dispose]()
    await this.#leadership.close()
  }

  // Others may have appended too: another host, another process.
  #heard(leads: boolean, allAlong: boolean): void {
    this.#deps.polled()
    if (!allAlong) {
      // Who led meanwhile may have delivered what this one has read.
      this.#term += 1
      this.#window.clear()
    }
    if (leads) this.wake()
  }

  #pump(): void {
    if (this.#closed) {
      if (this.#window.underWay === 0) this.#drained?.()
      return
    }
    if (!this.#leadership.leads || this.#deps.clock.now() < this.#pausedUntil) return
    // After a failure one event finds out whether the receiver is there again.
    const most = this.#failures > 0 ? 1 : this.#options.concurrency
    // What the store does not know has arrived comes once more should this process die: only so much of that.
    while (this.#window.underWay < most && this.#acks.size < most * unnoted) {
      const entry = this.#window.next()
      if (entry === undefined) break
      void this.#deliver(entry)
    }
    if (this.#isMore && !this.#reading && this.#window.size < this.#options.batch / 2) void this.#read()
  }

  #acked(entries: readonly OutboxEntry[]): void {
    this.#forget(entries)
    for (const entry of entries) this.#deps.gone(entry, 'delivered')
    this.#pump()
  }

  #forget(entries: readonly OutboxEntry[]): void {
    if (this.#reading) this.#wentMeanwhile.push(...entries)
    else this.#window.forget(entries)
  }

  async #read(): Promise<void> {
    this.#reading = true
    this.#isMore = false
    const { store, logger } = this.#deps
    // What is known comes first, and is left out.
    const limit = this.#options.batch + this.#window.size
    const term = this.#term
    try {
      const found = await store.waiting(this.#target.name, limit, this.#window.held)
      if (term === this.#term) this.#window.add(found)
      if (term !== this.#term || found.length === limit) this.#isMore = true
    } catch (cause) {
      logger.error('events could not be read', { target: this.#target.name, cause })
      this.#pause(cause)
    }
    this.#reading = false
    this.#forget(this.#wentMeanwhile.splice(0))
    this.#pump()
  }

  async #deliver(entry: OutboxEntry): Promise<void> {
    try {
      await this.#hand(entry)
      this.#failures = 0
      this.#trouble = undefined
      this.#window.ended(entry, true)
      this.#acks.add(entry)
    } catch (error) {
      await this.#failed(entry, error)
    }
    this.#pump()
  }

  /** Hands an event over, for so long. */
  async #hand(entry: OutboxEntry): Promise<void> {
    const { timeoutMs } = this.#options
    const limit = new AbortController()
    const stop = () => limit.abort(this.#over.signal.reason)
    this.#over.signal.addEventListener('abort', stop, { once: true })
    let timer: Disposable | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error), { once: true })
        timer = this.#deps.clock.after(timeoutMs, () => {
          limit.abort(new OutboxError('outbox/timeout', `no answer within ${timeoutMs} ms`))
        })
      })
      const event = JSON.parse(entry.event) as OutboxEvent
      const taken = (async () => this.#target.deliver(event, { text: entry.event, signal: limit.signal }))()
      await Promise.race([taken, late])
    } finally {
      timer?.[Symbol.dispose]()
      this.#over.signal.removeEventListener('abort', stop)
    }
  }

  async #failed(entry: OutboxEntry, error: unknown): Promise<void> {
    if (this.#over.signal.aborted) {
      this.#window.ended(entry, false)
      return
    }
    const isDown = isXmppkitError(error, 'outbox/unreachable') || isXmppkitError(error, 'outbox/timeout')
    try {
      if (isDown) await this.#down(entry, error)
      else await this.#refused(entry, error)
    } catch (cause) {
      // The store is down too: what it could not take note of happens again.
      this.#deps.logger.error('what became of an event could not be written down', {
        target: this.#target.name,
        cause,
      })
      this.#window.ended(entry, false)
      this.#pause(cause)
    }
  }

  async #down(entry: OutboxEntry, error: Error): Promise<void> {
    const age = this.#deps.clock.now() - entry.at
    if (age > this.#options.maxAgeMs) await this.#bury(entry, error)
    else this.#window.ended(entry, false)
    this.#pause(error, error instanceof Unreachable ? error.retryAfterMs : undefined)
  }

  async #refused(entry: OutboxEntry, error: unknown): Promise<void> {
    const refusals = entry.refusals + 1
    if (refusals >= this.#options.maxRefusals) {
      await this.#bury(entry, error)
      return
    }
    await this.#deps.store.refused(this.#target.name, entry.id)
    this.#deps.logger.warn('an event was refused', { ...this.#about(entry), refusals, cause: error })
    this.#window.ended(entry, false)
    this.#window.hold(entry.conversation)
    this.#later(this.#backoff(refusals), () => {
      this.#window.letGo(entry.conversation)
      this.wake()
    })
  }

  async #bury(entry: OutboxEntry, error: unknown): Promise<void> {
    const why = String(error instanceof Error ? error.message : error).slice(0, 500)
    await this.#deps.store.bury(this.#target.name, entry.id, { error: why, at: this.#deps.clock.now() })
    this.#deps.logger.error('an event was given up', { ...this.#about(entry), cause: error })
    this.#window.ended(entry, true)
    this.#forget([entry])
    this.#deps.gone(entry, 'dead')
  }

  #about({ id, type }: OutboxEntry) {
    return { target: this.#target.name, id, type }
  }

  #pause(cause: unknown, atLeastMs = 0): void {
    const now = this.#deps.clock.now()
    // Those that were under way together fail together.
    if (now < this.#pausedUntil) return
    if (this.#failures === 0) {
      this.#deps.logger.warn('a receiver of events is down', { target: this.#target.name, cause })
    }
    this.#failures += 1
    this.#trouble = cause instanceof Error ? cause.message : String(cause)
    const waitMs = this.#backoff(this.#failures, atLeastMs)
    this.#pausedUntil = now + waitMs
    this.#later(waitMs, () => {
      this.#acks.retry()
      this.wake()
    })
  }

  #later(ms: number, work: () => void): void {
    const timer = this.#deps.clock.after(ms, () => {
      this.#timers.delete(timer)
      work()
    })
    this.#timers.add(timer)
  }
}
