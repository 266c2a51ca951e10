import type { Clock } from '@xmppkit/runtime'
import type { Alarm, Alarms } from './alarms.js'

/** What an idle peer is asked, and what silence means. */
export interface SilenceHandler {
  /** Asks for a sign of life; false if nothing was asked that has to be answered. */
  ask(): boolean
  /** There was no answer. */
  dead(): void
}

/**
 * The waits of one stream, one at a time. Traffic only writes down when it came: no timer is touched per chunk of input.
 */
export class Deadlines implements Alarm {
  alarmAt = 0
  alarmPlace = -1
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #alarms: Alarms
  readonly #options: { readonly idleTimeoutMs: number; readonly probeTimeoutMs: number }
  #heardAt: number
  /** When the peer was asked, while the answer is due. */
  #askedAt: number | undefined
  /** What the wait is for: something of its own, or the silence of the peer. */
  #waiting: (() => void) | SilenceHandler | undefined

  constructor(
    clock: Pick<Clock, 'monotonic'>,
    alarms: Alarms,
    options: { readonly idleTimeoutMs: number; readonly probeTimeoutMs: number },
  ) {
    this.#clock = clock
    this.#alarms = alarms
    this.#options = options
    this.#heardAt = clock.monotonic()
  }

  /** The peer said something. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic()
  }

  /** Replaces whatever was waited for. */
  arm(ms: number, fn: () => void): void {
    this.#await(fn, ms)
  }

  /** Waits for nothing any more. */
  clear(): void {
    this.#waiting = undefined
    this.#alarms.clear(this)
  }

  /** Waits for silence (RFC 6120 §4.6): asks first, and only then takes the peer for dead. */
  watch(handler: SilenceHandler): void {
    this.#await(handler, this.#options.idleTimeoutMs)
  }

  ring(): void {
    const waiting = this.#waiting
    if (typeof waiting === 'function') {
      this.#waiting = undefined
      waiting()
    } else if (waiting !== undefined) this.#askOrGiveUp(waiting)
  }

  #askOrGiveUp(handler: SilenceHandler): void {
    const askedAt = this.#askedAt
    const left = this.#heardAt + this.#options.idleTimeoutMs - this.#clock.monotonic()
    if (askedAt !== undefined && this.#heardAt < askedAt) {
      this.clear()
      handler.dead()
    } else if (left > 0 || askedAt !== undefined) this.#await(handler, Math.max(0, left))
    else if (handler.ask()) {
      const now = this.#clock.monotonic()
      this.#await(handler, this.#options.probeTimeoutMs)
      this.#askedAt = now
    } else this.watch(handler)
  }

  #await(what: (() => void) | SilenceHandler, ms: number): void {
    this.#askedAt = undefined
    this.#waiting = what
    this.#alarms.set(this, this.#clock.monotonic() + ms)
  }
}
