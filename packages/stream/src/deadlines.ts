import type { Clock } from '@xmppkit/runtime'

/** What an idle peer is asked, and what silence means. */
export interface SilenceHandler {
  /** Asks for a sign of life; false if nothing was asked that has to be answered. */
  ask(): boolean
  /** There was no answer. */
  dead(): void
}

/**
 * The waits of one stream, one at a time and on one timer. Traffic only writes down when it came: no timer is touched per
 * chunk of input.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #options: { readonly idleTimeoutMs: number; readonly probeTimeoutMs: number }
  #timer: Disposable | undefined
  #heardAt: number

  constructor(clock: Clock, options: { readonly idleTimeoutMs: number; readonly probeTimeoutMs: number }) {
    this.#clock = clock
    this.#options = options
    this.#heardAt = clock.monotonic()
  }

  /** The peer said something. */
  heard(): void {
    this.#heardAt = this.#clock.monotonic()
  }

  /** Replaces whatever was waited for. */
  arm(ms: number, fn: () => void): void {
    this.clear()
    if (ms !== Number.POSITIVE_INFINITY) this.#timer = this.#clock.after(ms, fn)
  }

  /** Waits for nothing any more. */
  clear(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  /** Waits for silence (RFC 6120 §4.6): asks first, and only then takes the peer for dead. */
  watch(handler: SilenceHandler, ms: number = this.#options.idleTimeoutMs): void {
    this.arm(ms, () => {
      const left = this.#untilIdle()
      if (left > 0) this.watch(handler, left)
      else if (handler.ask()) this.#await(handler)
      else this.watch(handler)
    })
  }

  #await(handler: SilenceHandler): void {
    const askedAt = this.#clock.monotonic()
    this.arm(this.#options.probeTimeoutMs, () => {
      if (this.#heardAt >= askedAt) this.watch(handler, Math.max(0, this.#untilIdle()))
      else handler.dead()
    })
  }

  #untilIdle(): number {
    return this.#heardAt + this.#options.idleTimeoutMs - this.#clock.monotonic()
  }
}
