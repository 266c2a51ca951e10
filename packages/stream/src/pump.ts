import { type Awaitable, isThenable } from '@xmppkit/runtime'
import { NS, StreamError } from '@xmppkit/stanza'
import {
  createStreamReader,
  type RawElement,
  type ReaderLimits,
  type StreamClose,
  type StreamOpen,
  type StreamReader,
} from '@xmppkit/xml'
import { StreamClosedError } from './errors.js'
import type { Outbox } from './outbox.js'
import type { Transport } from './ports.js'

/** What the pump feeds. */
export interface PumpHandler {
  /** Takes one event; the next one is not even parsed before this returns or its promise settles. */
  take(event: StreamOpen | RawElement | StreamClose): Awaitable<void>
  /** The input is not XML, or the handler failed: the stream is expected to end. */
  failed(error: unknown): void
  /** All input so far has been handled, but for what is too little to parse. */
  idle(): void
}

interface Waiter {
  resolve(el: RawElement): void
  reject(error: Error): void
}

/**
 * Takes elements out of the peer's bytes one at a time and strictly in order (S-18). While a handler's promise is pending
 * nothing further is parsed and the transport is paused, so what waits is bounded by what was already on its way (NODE-1).
 */
export class Pump {
  readonly #transport: Pick<Transport, 'framing' | 'pause' | 'resume'>
  readonly #outbox: Pick<Outbox<never>, 'cork' | 'uncork'>
  readonly #handler: PumpHandler
  readonly #maxUnreadBytes: number
  // Dropped at the end, with whatever bytes it holds.
  #reader: StreamReader | undefined
  #waiter: Waiter | undefined
  #busy = false
  #held = false
  #deaf = false
  #running = false
  #paused = false

  constructor(
    transport: Pick<Transport, 'framing' | 'pause' | 'resume'>,
    outbox: Pick<Outbox<never>, 'cork' | 'uncork'>,
    handler: PumpHandler,
    limits: ReaderLimits,
    maxUnreadBytes: number,
  ) {
    this.#transport = transport
    this.#outbox = outbox
    this.#handler = handler
    this.#maxUnreadBytes = maxUnreadBytes
    this.#reader = createStreamReader({ framing: transport.framing, limits })
  }

  /** Takes bytes of the peer and works as far as possible. */
  push(chunk: Uint8Array): void {
    // T-3: what arrives in clear text once TLS is being negotiated was never said.
    if (this.#reader === undefined || this.#deaf) return
    if (this.#paused && this.#reader.buffered + chunk.length > this.#maxUnreadBytes) {
      this.#handler.failed(new StreamError('resource-constraint', { text: 'too much input is waiting' }))
      return
    }
    this.#reader.push(chunk)
    this.run()
  }

  /** Works off what can be worked off. */
  run(): void {
    if (this.#running) return
    this.#running = true
    this.#outbox.cork()
    let more = true
    while (more && this.#ready) more = this.#step()
    this.#running = false
    if (!more && !this.#busy) this.#handler.idle()
    this.#regulate()
    this.#outbox.uncork()
  }

  /** True while input is being handled, or waits for that. A feature waiting for the peer's next word does not count. */
  get pending(): boolean {
    if (this.#reader === undefined || this.#deaf) return false
    if (this.#busy && this.#waiter === undefined) return true
    return this.#running || (this.#held && this.#reader.buffered > 0)
  }

  /** The next element, for the feature that is negotiating, instead of the handler. */
  read(): Promise<RawElement> {
    return new Promise((resolve, reject) => {
      if (this.#reader === undefined) reject(closed())
      else if (this.#waiter !== undefined)
        reject(new StreamClosedError('stream/busy', 'a read is pending already'))
      else {
        this.#waiter = { resolve, reject }
        this.run()
      }
    })
  }

  /** Takes nothing further until {@link Pump.release}. */
  hold(): void {
    this.#held = true
    this.#regulate()
  }

  /** True from {@link Pump.hold} on. */
  get held(): boolean {
    return this.#held
  }

  /** Ends {@link Pump.hold}. */
  release(): void {
    if (!this.#held) return
    this.#held = false
    this.run()
  }

  /** A new stream begins: forgets the document, keeps what the peer has sent already. */
  restart(): void {
    this.#reader?.restart()
  }

  /** Forgets everything and is deaf until {@link Pump.listen} (T-3). */
  deafen(): void {
    this.#deaf = true
    this.#reader?.discard()
    this.#regulate()
  }

  /** Listens again, over TLS. */
  listen(): void {
    this.#deaf = false
    this.#regulate()
  }

  /** Other limits from here on. */
  setLimits(limits: ReaderLimits): void {
    this.#reader?.setLimits(limits)
  }

  /** Nothing is read any more: what is buffered is never looked at (S-9). */
  stop(): void {
    const waiter = this.#waiter
    this.#reader = this.#waiter = undefined
    waiter?.reject(closed())
    // A paused transport would not notice that the peer has gone.
    this.#regulate()
  }

  get #ready(): boolean {
    return !this.#held && !this.#deaf && (!this.#busy || this.#waiter !== undefined)
  }

  #step(): boolean {
    try {
      const event = this.#reader?.next()
      if (event === undefined) return false
      this.#dispatch(this.#normalised(event))
      return true
    } catch (error) {
      this.#handler.failed(error)
      return false
    }
  }

  // RFC 7395 §3.4, §3.6: in frames the header and the closing tag are elements of their own.
  #normalised(event: StreamOpen | RawElement | StreamClose): StreamOpen | RawElement | StreamClose {
    if (this.#transport.framing !== 'framed' || event.kind !== 'element' || event.ns !== NS.framing)
      return event
    if (event.name === 'open') return { kind: 'open', header: event, contentNs: '' }
    return event.name === 'close' ? { kind: 'close' } : event
  }

  #dispatch(event: StreamOpen | RawElement | StreamClose): void {
    const waiter = this.#waiter
    if (waiter !== undefined && event.kind === 'element') {
      this.#waiter = undefined
      waiter.resolve(event)
      return
    }
    const pending = this.#handler.take(event)
    if (!isThenable(pending)) return
    this.#busy = true
    pending.then(
      () => {
        this.#busy = false
        this.run()
      },
      (error: unknown) => {
        this.#busy = false
        this.#handler.failed(error)
      },
    )
  }

  #regulate(): void {
    // The handshake of TLS needs the transport to read on.
    const pause = this.#reader !== undefined && !this.#deaf && !this.#ready
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) this.#transport.pause()
    else this.#transport.resume()
  }
}

function closed(): StreamClosedError {
  return new StreamClosedError('stream/closed', 'the stream has ended')
}
