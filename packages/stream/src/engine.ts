import type { Awaitable, Logger } from '@xmppkit/runtime'
import { isStreamError, StreamError, streamErrorFrom } from '@xmppkit/stanza'
import { type RawElement, type ReaderLimits, type StreamClose, type StreamOpen, XmlError } from '@xmppkit/xml'
import { StreamClosedError } from './errors.js'
import { NegotiationIo } from './feature-io.js'
import { Lifecycle, type LifecycleDeps, type LifecycleOptions } from './lifecycle.js'
import type { ConnectionSink, TlsInfo } from './ports.js'
import { Pump, type PumpHandler } from './pump.js'
import type { StreamChange } from './stream-feature.js'
import { applyChange } from './stream-state.js'

interface Handshake {
  resolve(tls: TlsInfo): void
  reject(error: Error): void
}

/** What both sides of a stream do alike: the {@link Lifecycle}, input in order, and what negotiations need. */
export abstract class Engine<T> extends Lifecycle<T> implements ConnectionSink, PumpHandler {
  readonly #logger: Logger
  readonly #pump: Pump
  #io: NegotiationIo | undefined
  #handshake: Handshake | undefined

  constructor(deps: LifecycleDeps<T>, options: LifecycleOptions, limits: ReaderLimits) {
    super(deps, options)
    this.#logger = deps.logger
    this.#pump = new Pump(deps.transport, this.outbox, this, limits, options.maxUnreadBytes)
    deps.transport.expect?.(limits.maxBytes)
  }

  /** Takes an element, or the peer's header, in whatever phase the stream is. */
  protected abstract handle(event: StreamOpen | RawElement): Awaitable<void>

  receive(chunk: Uint8Array): void {
    if (this.isOver) return
    this.deadlines.heard()
    this.#pump.push(chunk)
  }

  secured(tls: TlsInfo): void {
    const handshake = this.#handshake
    if (handshake === undefined) return
    this.#handshake = undefined
    applyChange(this.state, { tls })
    this.#pump.listen()
    handshake.resolve(tls)
  }

  stalled(): void {
    this.outbox.stalled()
  }

  drained(): void {
    this.outbox.drained()
  }

  disconnected(error?: Error): void {
    // What the peer said before it went was said: a client may send its last messages and hang up at once.
    this.loseConnection(error, this.#pump.pending)
  }

  take(event: StreamOpen | RawElement | StreamClose): Awaitable<void> {
    if (event.kind !== 'close') return this.handle(event)
    this.peerLeft()
  }

  /** Ends the stream because of what was thrown. */
  failed(error: unknown): void {
    if (this.isOver) return
    if (isStreamError(error)) this.leave(error)
    else if (error instanceof XmlError) this.leave(new StreamError(error.condition), error)
    else if (error instanceof StreamClosedError) this.leave(undefined, error)
    else {
      this.#logger.error('a stream ends because its handler failed', { error, stream: this.state.id })
      this.leave(new StreamError('internal-server-error'), error instanceof Error ? error : undefined)
    }
  }

  idle(): void {
    this.inputDone()
  }

  /** Takes no further input until {@link Engine.resume}. */
  suspend(): void {
    if (!this.isOver) this.#pump.hold()
  }

  /** Takes input again. */
  resume(): void {
    if (!this.isOver) this.#pump.release()
  }

  /** True while no input is taken because of {@link Engine.suspend}. */
  get suspended(): boolean {
    return this.#pump.held
  }

  override dead(): void {
    // What is not read may hold the answer.
    if (this.suspended) this.deadlines.watch(this)
    else super.dead()
  }

  /** A new stream on the same connection. */
  protected restart(): void {
    this.enter('header')
    this.#pump.restart()
  }

  /** Other limits of the reader from here on. */
  protected setLimits(limits: ReaderLimits): void {
    this.#pump.setLimits(limits)
    this.transport.expect?.(limits.maxBytes)
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

  /** Writes what a negotiation has found out into the state; nothing else of it is kept. */
  protected apply(change: StreamChange): void {
    this.#io = undefined
    applyChange(this.state, change)
  }

  /** The peer sent a `<stream:error/>`: it will say nothing more. */
  protected peerFailed(el: RawElement): void {
    this.peerLeft(streamErrorFrom(el.toElement()))
  }

  protected override get isSecuring(): boolean {
    return this.#handshake !== undefined
  }

  protected override stopReading(): void {
    this.#pump.stop()
    this.#io?.end()
    this.#io = undefined
    this.#handshake?.reject(new StreamClosedError('stream/closed', 'the stream has ended'))
    this.#handshake = undefined
  }

  #startTls(): Promise<TlsInfo> {
    if (this.isOver || !this.transport.canStartTls || this.#handshake !== undefined) {
      return Promise.reject(new StreamClosedError('stream/closed', 'there is nothing to upgrade to TLS'))
    }
    return new Promise((resolve, reject) => {
      this.#handshake = { resolve, reject }
      this.#pump.deafen()
      this.outbox.flushAll()
      this.transport.startTls?.(this.state.domain)
    })
  }
}
