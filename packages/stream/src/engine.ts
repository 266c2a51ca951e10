import type { Awaitable, Clock, Logger } from '@xmppkit/runtime'
import { isStreamError, NS, StreamError, streamErrorElement, streamErrorFrom } from '@xmppkit/stanza'
import {
  type Element,
  type RawElement,
  type ReaderLimits,
  type StreamClose,
  type StreamOpen,
  type Wire,
  type WriteScope,
  wireFromText,
  writeElement,
  XmlError,
} from '@xmppkit/xml'
import { Deadlines } from './deadlines.js'
import { StreamClosedError } from './errors.js'
import { NegotiationIo } from './feature-io.js'
import { createOutbox, type Outbox, type WriteOutcome } from './outbox.js'
import { nextPhases, type Phase } from './phase.js'
import type { ConnectionSink, TlsInfo, Transport } from './ports.js'
import { Pump } from './pump.js'
import type { StanzaForm } from './stanza-form.js'
import type { StreamEnd } from './stream-end.js'
import type { StreamChange } from './stream-feature.js'
import { closingTag } from './stream-header.js'
import type { StreamOptions } from './stream-options.js'
import { initialState, type MutableState } from './stream-state.js'

/** What both sides of a stream need from outside. */
export interface EngineDeps<T> {
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  onClosed(end: StreamEnd): void
  onGone?(): void
  probe?(): void
  onSettled?(ticket: T, outcome: WriteOutcome): void
}

/** What both sides of a stream do alike: input in order, output, phases, clocks, and every way of ending. */
export abstract class Engine<T> implements ConnectionSink {
  readonly state: MutableState
  readonly form: StanzaForm
  readonly #deps: EngineDeps<T>
  readonly #options: Required<StreamOptions>
  readonly #pump: Pump
  readonly #outbox: Outbox<T>
  #phase: Phase = 'header'
  readonly #deadlines: Deadlines
  // The connection is gone, but not everything it brought has been handled.
  #lost: { readonly cause?: Error } | undefined
  #io: NegotiationIo | undefined
  #handshake: { resolve(tls: TlsInfo): void; reject(error: Error): void } | undefined

  constructor(
    deps: EngineDeps<T>,
    options: Required<StreamOptions> & { readonly contentNs: string },
    limits: ReaderLimits,
  ) {
    const { transport, clock } = deps
    this.#deps = deps
    this.#options = options
    this.state = initialState(transport)
    this.form = { ns: options.contentNs, declare: transport.framing === 'framed' }
    this.#outbox = createOutbox<T>(
      {
        transport,
        clock,
        settled: (ticket, outcome) => this.#guard(() => deps.onSettled?.(ticket, outcome)),
        exhausted: (why) => this.#cutOff(why),
      },
      options,
    )
    this.#pump = new Pump(
      transport,
      this.#outbox,
      {
        handle: (event) => this.#take(event),
        failed: (error) => this.fail(error),
        idle: () => {
          if (this.#lost !== undefined && !this.#isOver) this.#lose()
        },
      },
      { limits, maxUnreadBytes: options.maxUnreadBytes },
    )
    this.#deadlines = new Deadlines(clock, options)
    this.#deadlines.arm(options.loginTimeoutMs, () => {
      this.leave(new StreamError('connection-timeout', { text: 'negotiation took too long' }))
    })
  }

  /** Where the stream stands. */
  get phase(): Phase {
    return this.#phase
  }

  /** Takes an element, or the peer's header, in whatever phase the stream is. */
  protected abstract handle(event: StreamOpen | RawElement): Awaitable<void>

  /** Our own header, if it was not sent yet: even an error has to follow one (S-1). */
  protected abstract ownHeader(): Wire | undefined

  receive(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#deadlines.heard()
    this.#pump.push(chunk)
  }

  secured(tls: TlsInfo): void {
    const handshake = this.#handshake
    if (handshake === undefined) return
    this.#handshake = undefined
    this.#useTls(tls)
    this.#pump.listen()
    handshake.resolve(tls)
  }

  drained(): void {
    this.#outbox.drained()
  }

  disconnected(cause?: Error): void {
    if (this.#phase === 'gone' || this.#lost !== undefined) return
    this.#lost = cause === undefined ? {} : { cause }
    // What the peer said before it went was said: a client may send its last messages and hang up at once.
    if (this.#isOver || !this.#pump.pending) this.#lose()
    else this.#deadlines.arm(this.#options.closeTimeoutMs, () => this.#lose())
  }

  #lose(): void {
    // RFC 6120 §4.4: with the closing tag out, the end of the connection is an answer to it.
    const clean = this.#phase === 'closing'
    this.#over({ by: clean ? 'local' : 'transport', clean, ...this.#lost })
    this.#gone()
  }

  /** Queues bytes; behind our closing tag, or without a connection, the ticket fails at once. */
  send(wire: Wire, ticket?: T): void {
    if (!this.#isMute) this.#outbox.push(wire, ticket)
    else if (ticket !== undefined) this.#guard(() => this.#deps.onSettled?.(ticket, 'failed'))
  }

  /** Queues an element with its namespace declared. */
  protected sendElement(el: Element | RawElement): void {
    if (this.#isMute) return
    if (!isRaw(el)) this.#outbox.push(writeElement(el, this.#scope))
    else this.#outbox.push(el.toWire({ declare: this.form.declare || el.ns !== this.form.ns }))
  }

  /** Moves on. */
  protected enter(phase: Phase): void {
    if (!nextPhases[this.#phase].includes(phase)) {
      throw new Error(`a stream cannot go from ${this.#phase} to ${phase}`)
    }
    this.#phase = phase
    if (phase !== 'established') return
    this.#deadlines.watch({
      ask: () => this.#ask(),
      dead: () => this.leave(new StreamError('connection-timeout', { text: 'no answer to a ping' })),
    })
  }

  /** A new stream on the same connection. */
  protected restart(): void {
    this.enter('header')
    this.#pump.restart()
  }

  protected setLimits(limits: ReaderLimits): void {
    this.#pump.setLimits(limits)
  }

  suspend(): void {
    if (!this.#isOver) this.#pump.hold()
  }

  resume(): void {
    if (!this.#isOver) this.#pump.release()
  }

  /** What a feature gets to negotiate with; ended with the stream. */
  protected openIo(): NegotiationIo {
    const io = new NegotiationIo({
      state: this.state,
      sendElement: (el) => this.sendElement(el),
      read: () => this.#pump.read(),
      startTls: () => this.#startTls(),
    })
    this.#io = io
    return io
  }

  /** The negotiation is over: nothing of it is kept. */
  protected closeIo(): void {
    this.#io = undefined
  }

  /** Writes what a negotiation has found out into the state. */
  protected apply(change: StreamChange): void {
    const { state } = this
    if (change.tls !== undefined) this.#useTls(change.tls)
    if (change.authenticated !== undefined) {
      // S-8: who the peer is, is settled once.
      if (state.authenticated !== undefined && !state.authenticated.equals(change.authenticated)) {
        throw new StreamError('policy-violation', { text: 'already authenticated' })
      }
      state.authenticated = change.authenticated
    }
    if (change.mechanism !== undefined) state.mechanism = change.mechanism
    if (change.bound !== undefined) state.bound = change.bound
  }

  /** Ends the stream because of what was thrown. */
  protected fail(error: unknown): void {
    if (this.#isOver) return
    if (isStreamError(error)) this.leave(error)
    else if (error instanceof XmlError) this.leave(new StreamError(error.condition), error)
    else if (error instanceof StreamClosedError) this.leave(undefined, error)
    else {
      this.#deps.logger.error('a stream ends because its handler failed', { error, stream: this.state.id })
      this.leave(new StreamError('internal-server-error'), error instanceof Error ? error : undefined)
    }
  }

  /** The peer sent a `<stream:error/>`: it will say nothing more. */
  protected peerFailed(el: RawElement): void {
    const error = streamErrorFrom(el.toElement())
    this.#farewell()
    this.#finish({ by: 'peer', clean: true, error })
  }

  close(error?: StreamError): void {
    if (error === undefined && this.#phase === 'closing') return
    if (error !== undefined || this.#phase !== 'established') {
      this.leave(error)
      return
    }
    this.#farewell()
    this.enter('closing')
    this.#outbox.flushAll()
    this.#deadlines.arm(this.#options.closeTimeoutMs, () => this.#finish({ by: 'local', clean: true }))
  }

  /** Ends the stream now: goodbye, and not a look at what the peer still says (S-9). */
  protected leave(error?: StreamError, cause?: Error): void {
    if (this.#isOver) return
    const sent = error && this.#sayable(error)
    const end = { by: 'local', ...(sent ? { error: sent } : {}), ...(cause ? { cause } : {}) } as const
    // T-5: nobody could read it in the middle of a handshake.
    if (this.#handshake !== undefined) {
      this.#drop({ ...end, clean: false })
      return
    }
    if (this.#phase !== 'closing') this.#farewell(sent)
    this.#finish({ ...end, clean: true })
  }

  // What our header declares need not be declared again.
  get #scope(): WriteScope {
    return this.form.declare ? {} : { ns: this.form.ns, prefixes: { stream: NS.streams } }
  }

  get #isOver(): boolean {
    return this.#phase === 'ended' || this.#phase === 'gone'
  }

  get #isMute(): boolean {
    return this.#isOver || this.#phase === 'closing' || this.#lost !== undefined
  }

  // S-17: on a stream anybody could have tampered with, nobody is sent anywhere.
  #sayable(error: StreamError): StreamError {
    if (error.condition !== 'see-other-host' || this.state.secure) return error
    return new StreamError('reset', { cause: error })
  }

  #take(event: StreamOpen | RawElement | StreamClose): Awaitable<void> {
    if (event.kind !== 'close') return this.handle(event)
    const local = this.#phase === 'closing'
    if (!local) this.#farewell()
    this.#finish({ by: local ? 'local' : 'peer', clean: true })
  }

  #farewell(error?: StreamError): void {
    const header = this.ownHeader()
    if (header !== undefined) this.#outbox.push(header)
    if (error !== undefined) this.#outbox.push(writeElement(streamErrorElement(error), this.#scope))
    this.#outbox.push(closingTag(this.state.framing))
  }

  // Nothing is read or taken from here on; what was taken still goes out.
  #finish(end: StreamEnd): void {
    this.#over(end)
    if (this.#lost !== undefined) {
      this.#gone()
      return
    }
    this.#outbox.flushAll()
    this.#deps.transport.end()
    this.#deadlines.arm(this.#options.closeTimeoutMs, () => this.#drop(end))
  }

  #drop(end: StreamEnd): void {
    this.#over(end)
    this.#deps.transport.destroy()
    this.#gone()
  }

  #over(end: StreamEnd): void {
    if (this.#isOver) return
    this.#phase = 'ended'
    this.#pump.stop()
    this.#io?.end()
    this.#io = undefined
    this.#handshake?.reject(new StreamClosedError('stream/closed', 'the stream has ended'))
    this.#handshake = undefined
    this.#guard(() => this.#deps.onClosed(end))
  }

  #gone(): void {
    if (this.#phase === 'gone') return
    this.#phase = 'gone'
    this.#deadlines.clear()
    this.#outbox.fail()
    this.#guard(() => this.#deps.onGone?.())
  }

  #cutOff(why: 'slow-reader' | 'write-timeout'): void {
    if (this.#phase === 'gone') return
    this.#deps.logger.info('a stream ends because its peer does not read', { why, stream: this.state.id })
    const condition = why === 'slow-reader' ? 'resource-constraint' : 'connection-timeout'
    this.#drop({ by: 'local', clean: false, error: new StreamError(condition) })
  }

  #startTls(): Promise<TlsInfo> {
    const { transport } = this.#deps
    if (this.#isOver || !transport.canStartTls || this.#handshake !== undefined) {
      return Promise.reject(new StreamClosedError('stream/closed', 'there is nothing to upgrade to TLS'))
    }
    return new Promise((resolve, reject) => {
      this.#handshake = { resolve, reject }
      this.#pump.deafen()
      this.#outbox.flushAll()
      transport.startTls?.(this.state.domain)
    })
  }

  #useTls(tls: TlsInfo): void {
    this.state.tls = tls
    this.state.secure = true
    this.state.canStartTls = false
  }

  #ask(): boolean {
    const { probe } = this.#deps
    if (probe !== undefined) {
      this.#guard(() => this.#deps.probe?.())
      return true
    }
    // Whitespace obliges nobody to answer, but a dead connection fails to take it. Frames carry none (W-2).
    if (this.state.framing === 'stream') this.#outbox.push(wireFromText(' '))
    return false
  }

  // S-20: what the owner's callback throws stays here.
  #guard(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.#deps.logger.error('a callback of a stream failed', { error, stream: this.state.id })
    }
  }
}

function isRaw(el: Element | RawElement): el is RawElement {
  return 'kind' in el && el.kind === 'element'
}
