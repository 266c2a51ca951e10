import type { Clock, Logger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import { type Element, type RawElement, type Wire, wireFromText } from '@xmppkit/xml'
import { type Alarms, createAlarms } from './alarms.js'
import { Deadlines, type SilenceHandler } from './deadlines.js'
import { createOutbox, type Outbox, type OutboxDeps, type WriteOutcome } from './outbox.js'
import { nextPhases, type Phase } from './phase.js'
import type { Transport } from './ports.js'
import { type StanzaForm, stanzaForm, writeErrorFor, writeFor } from './stanza-form.js'
import type { StreamEnd } from './stream-end.js'
import { closingTag } from './stream-header.js'
import type { StreamOptions } from './stream-options.js'
import { initialState, type MutableState } from './stream-state.js'
import type { WriteTurn } from './write-turn.js'

/** What both sides of a stream need from outside. */
export interface LifecycleDeps<T> {
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly turn?: WriteTurn | undefined
  readonly alarms?: Alarms | undefined
  onClosed(end: StreamEnd): void
  onGone?(): void
  probe?(): void
  onSettled?(ticket: T, outcome: WriteOutcome): void
}

/** Options of both sides. */
export type LifecycleOptions = Required<StreamOptions> & { readonly contentNs: string }

/** The half of a stream that does not read: phases, output, clocks, and every way of ending. */
export abstract class Lifecycle<T> implements OutboxDeps<T>, SilenceHandler {
  readonly transport: Transport
  readonly clock: Clock
  readonly turn: WriteTurn | undefined
  readonly alarms: Alarms
  readonly state: MutableState
  readonly form: StanzaForm
  protected readonly deadlines: Deadlines
  protected readonly outbox: Outbox<T>
  readonly #deps: LifecycleDeps<T>
  readonly #options: LifecycleOptions
  #phase: Phase = 'header'
  // The connection is gone, but not everything it brought has been handled.
  #lost: { readonly cause?: Error } | undefined

  constructor(deps: LifecycleDeps<T>, options: LifecycleOptions) {
    const { transport, clock } = deps
    this.transport = transport
    this.clock = clock
    this.turn = deps.turn
    this.alarms = deps.alarms ?? createAlarms(clock)
    this.#deps = deps
    this.#options = options
    this.state = initialState(transport)
    this.form = stanzaForm(options.contentNs, transport.framing === 'framed')
    this.outbox = createOutbox<T>(this, options)
    this.deadlines = new Deadlines(clock, this.alarms, options)
    this.deadlines.arm(options.loginTimeoutMs, () => {
      this.leave(new StreamError('connection-timeout', { text: 'negotiation took too long' }))
    })
  }

  /** Our own header, if it was not sent yet: even an error has to follow one (S-1). */
  protected abstract ownHeader(): Wire | undefined

  /** Reads nothing any more, and lets go of whoever waits for input. */
  protected abstract stopReading(): void

  /** True while a TLS handshake is under way. */
  protected abstract get isSecuring(): boolean

  /** Where the stream stands. */
  get phase(): Phase {
    return this.#phase
  }

  /** True once nothing is read or taken any more. */
  protected get isOver(): boolean {
    return this.#phase === 'ended' || this.#phase === 'gone'
  }

  /** True once nothing can be said any more. */
  protected get isMute(): boolean {
    return this.isOver || this.#phase === 'closing' || this.#lost !== undefined
  }

  settled(ticket: T, outcome: WriteOutcome): void {
    try {
      this.#deps.onSettled?.(ticket, outcome)
    } catch (error) {
      this.#callbackFailed(error)
    }
  }

  exhausted(why: 'slow-reader' | 'write-timeout'): void {
    if (this.#phase === 'gone') return
    this.#deps.logger.info('a stream ends because its peer does not read', { why, stream: this.state.id })
    const condition = why === 'slow-reader' ? 'resource-constraint' : 'connection-timeout'
    this.#drop({ by: 'local', clean: false, error: new StreamError(condition) })
  }

  ask(): boolean {
    const { probe } = this.#deps
    if (probe !== undefined) {
      this.#guard(() => this.#deps.probe?.())
      return true
    }
    // Whitespace obliges nobody to answer, but a dead connection fails to take it. Frames carry none (W-2).
    if (this.state.framing === 'stream') this.outbox.push(wireFromText(' '))
    return false
  }

  dead(): void {
    this.leave(new StreamError('connection-timeout', { text: 'no answer to a ping' }))
  }

  /** Queues bytes; behind our closing tag, or without a connection, the ticket fails at once. */
  send(wire: Wire, ticket?: T): void {
    if (!this.isMute) this.outbox.push(wire, ticket)
    else if (ticket !== undefined) this.settled(ticket, 'failed')
  }

  /** Ends the stream: with an error at once, without one after the peer has said goodbye too (S-11). */
  close(error?: StreamError): void {
    if (error === undefined && this.#phase === 'closing') return
    if (error !== undefined || this.#phase !== 'established') {
      this.leave(error)
      return
    }
    this.#farewell()
    this.enter('closing')
    this.outbox.flushAll()
    this.deadlines.arm(this.#options.closeTimeoutMs, () => this.#finish({ by: 'local', clean: true }))
  }

  /** Queues an element. */
  protected sendElement(el: Element | RawElement): void {
    if (!this.isMute) this.outbox.push(writeFor(this.form, el))
  }

  /** Moves on. */
  protected enter(phase: Phase): void {
    if (!nextPhases[this.#phase].includes(phase)) {
      throw new Error(`a stream cannot go from ${this.#phase} to ${phase}`)
    }
    this.#phase = phase
    if (phase !== 'established') return
    this.deadlines.watch(this)
  }

  /** Ends the stream now: goodbye, and not a look at what the peer still says (S-9). */
  protected leave(error?: StreamError, cause?: Error): void {
    if (this.isOver) return
    const sent = error && this.#sayable(error)
    const end = { by: 'local', ...(sent ? { error: sent } : {}), ...(cause ? { cause } : {}) } as const
    // T-5: nobody could read it in the middle of a handshake.
    if (this.isSecuring) {
      this.#drop({ ...end, clean: false })
      return
    }
    this.#farewell(sent)
    this.#finish({ ...end, clean: true })
  }

  /** The peer has ended the stream, with an error or without. */
  protected peerLeft(error?: StreamError): void {
    const local = this.#phase === 'closing' && error === undefined
    this.#farewell()
    this.#finish({ by: local ? 'local' : 'peer', clean: true, ...(error ? { error } : {}) })
  }

  /** The connection is gone; what it brought may still be handled, for a while, if some of it waits. */
  protected loseConnection(cause: Error | undefined, pending: boolean): void {
    if (this.#phase === 'gone' || this.#lost !== undefined) return
    this.#lost = cause === undefined ? {} : { cause }
    if (this.isOver || !pending) this.#lose()
    else this.deadlines.arm(this.#options.closeTimeoutMs, () => this.#lose())
  }

  /** All input has been handled. */
  protected inputDone(): void {
    if (this.#lost !== undefined && !this.isOver) this.#lose()
  }

  #lose(): void {
    // RFC 6120 §4.4: with the closing tag out, the end of the connection is an answer to it.
    const clean = this.#phase === 'closing'
    this.#over({ by: clean ? 'local' : 'transport', clean, ...this.#lost })
    this.#gone()
  }

  // S-17: on a stream anybody could have tampered with, nobody is sent anywhere.
  #sayable(error: StreamError): StreamError {
    if (error.condition !== 'see-other-host' || this.state.secure) return error
    return new StreamError('reset', { cause: error })
  }

  #farewell(error?: StreamError): void {
    if (this.#phase === 'closing') return
    const header = this.ownHeader()
    if (header !== undefined) this.outbox.push(header)
    if (error !== undefined) this.outbox.push(writeErrorFor(this.form, error))
    this.outbox.push(closingTag(this.state.framing))
  }

  // What was taken still goes out.
  #finish(end: StreamEnd): void {
    this.#over(end)
    if (this.#lost !== undefined) {
      this.#gone()
      return
    }
    this.outbox.flushAll()
    this.transport.end()
    this.deadlines.arm(this.#options.closeTimeoutMs, () => this.#drop(end))
  }

  #drop(end: StreamEnd): void {
    this.#over(end)
    this.transport.destroy()
    this.#gone()
  }

  #over(end: StreamEnd): void {
    if (this.isOver) return
    this.#phase = 'ended'
    this.stopReading()
    this.#guard(() => this.#deps.onClosed(end))
  }

  #gone(): void {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    this.deadlines.clear()
    this.outbox.fail()
    this.#guard(() => this.#deps.onGone?.())
  }

  // S-20: what the owner's callback throws stays here.
  #guard(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.#callbackFailed(error)
    }
  }

  #callbackFailed(error: unknown): void {
    this.#deps.logger.error('a callback of a stream failed', { error, stream: this.state.id })
  }
}
