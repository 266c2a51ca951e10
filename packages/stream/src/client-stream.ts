import type { Jid } from '@xmppkit/jid'
import { prepareDomain } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import { SaslError } from '@xmppkit/sasl'
import { isSaslFailure, NS, StreamError } from '@xmppkit/stanza'
import type { RawElement, StreamOpen, Wire } from '@xmppkit/xml'
import { Engine } from './engine.js'
import { StreamClosedError } from './errors.js'
import type { WriteOutcome } from './outbox.js'
import type { Phase } from './phase.js'
import type { ConnectionSink, Transport } from './ports.js'
import type { StanzaForm } from './stanza-form.js'
import type { StreamEnd } from './stream-end.js'
import type { ClientFeature, StreamChange } from './stream-feature.js'
import { readHeader, writeHeader } from './stream-header.js'
import { type StreamOptions, streamDefaults } from './stream-options.js'
import type { StreamState } from './stream-state.js'

/** What an initiating stream needs. `T` is the type of the tickets handed to `send`. */
export interface ClientStreamDeps<T = never> {
  /** Where bytes go; it is connected already. */
  readonly transport: Transport
  /** For every wait. */
  readonly clock: Clock
  /** For what goes wrong inside. */
  readonly logger: Logger
  /** Every wanted feature is negotiated. */
  onEstablished?(): Awaitable<void>
  /** Takes an element of the established stream, one at a time and in order. */
  onElement(el: RawElement): Awaitable<void>
  /** The stream has ended. `end.cause` is what a feature threw, a `SaslFailure` or `SaslError` for example. Called once. */
  onClosed(end: StreamEnd): void
  /** The connection has ended too. Called once, after `onClosed`. */
  onGone?(): void
  /** What became of something sent with a ticket. */
  onSettled?(ticket: T, outcome: WriteOutcome): void
}

/** Options of an initiating stream. */
export interface ClientStreamOptions extends StreamOptions {
  /** The domain to talk to. */
  readonly domain: string
  /** Who we are: sent in the header, over TLS only (RFC 6120 §4.7.1). */
  readonly from?: Jid
  /** What to negotiate, in order of preference. */
  readonly features: readonly ClientFeature[]
  /**
   * Content namespace.
   * @default 'jabber:client'
   */
  readonly contentNs?: string
}

/** What {@link ClientStreamOptions} are when left out. */
export const clientStreamDefaults: Required<Omit<ClientStreamOptions, 'domain' | 'from' | 'features'>> =
  Object.freeze({ ...streamDefaults, contentNs: NS.client })

/** The initiating side of a stream. */
export interface ClientStream<T = never> extends ConnectionSink {
  /** What is known of the stream. Always the same object. */
  readonly state: StreamState
  /** Where the stream stands. */
  readonly phase: Phase
  /** How to write stanzas for this stream: pass it to `toWire`. */
  readonly form: StanzaForm
  /** Queues bytes: whole elements only. The ticket comes back in `onSettled`, exactly once. */
  send(wire: Wire, ticket?: T): void
  /** Ends the stream: with an error at once, without one after the peer has said goodbye too. */
  close(error?: StreamError): void
}

/**
 * Makes the initiating side of a stream and sends its header.
 *
 * @example
 * ```ts
 * const stream = createClientStream(
 *   { transport, clock: systemClock, logger: silentLogger, onElement, onClosed, onEstablished },
 *   { domain: 'example.com', features: [clientStarttls(), clientSasl({ choose }), clientBind()] },
 * )
 * ```
 */
export function createClientStream<T = never>(
  deps: ClientStreamDeps<T>,
  options: ClientStreamOptions,
): ClientStream<T> {
  return new InitiatingStream(deps, Object.freeze({ ...clientStreamDefaults, ...options }))
}

type Resolved = typeof clientStreamDefaults & Pick<ClientStreamOptions, 'domain' | 'from' | 'features'>

class InitiatingStream<T> extends Engine<T> implements ClientStream<T> {
  readonly #deps: ClientStreamDeps<T>
  readonly #options: Resolved
  #headerSent = false
  #offers: RawElement | undefined

  constructor(deps: ClientStreamDeps<T>, options: Resolved) {
    // The server was chosen by us, so it is trusted with the larger limits from the start.
    super(deps, options, options.limits)
    this.#deps = deps
    this.#options = options
    this.state.domain = prepareDomain(options.domain)
    this.state.from = options.from
    this.#sendHeader()
  }

  protected override handle(event: StreamOpen | RawElement): Awaitable<void> {
    if (event.kind === 'open') return this.#opened(event)
    if (this.phase === 'header') throw new StreamError('invalid-namespace')
    if (event.ns === NS.streams && event.name === 'error') return this.peerFailed(event)
    if (this.phase !== 'negotiating') return this.#deps.onElement(event)
    if (event.ns !== NS.streams || event.name !== 'features') throw new StreamError('unsupported-stanza-type')
    this.#offers = event
    return this.#next(event)
  }

  protected override ownHeader(): Wire | undefined {
    if (this.#headerSent) return undefined
    this.#headerSent = true
    const { state } = this
    return writeHeader({
      framing: state.framing,
      contentNs: this.form.ns,
      lang: this.#options.lang,
      to: state.domain,
      from: state.secure ? state.from?.bare.toString() : undefined,
    })
  }

  // RFC 6120 §6.5: a failed login is no error of the stream, whoever found the other's credentials wanting.
  override failed(error: unknown): void {
    if (isSaslFailure(error) || error instanceof SaslError) this.leave(undefined, error)
    else super.failed(error)
  }

  #sendHeader(): void {
    this.#headerSent = false
    const header = this.ownHeader()
    if (header !== undefined) this.send(header)
  }

  #opened(open: StreamOpen): void {
    if (this.phase !== 'header') throw new StreamError('unsupported-stanza-type')
    const facts = readHeader(open, {
      framing: this.state.framing,
      contentNs: this.form.ns,
      maxLangLength: this.#options.maxLangLength,
    })
    if (!facts.modern) throw new StreamError('unsupported-version')
    this.state.id = facts.id ?? ''
    this.state.lang = facts.lang
    this.enter('negotiating')
  }

  #next(offers: RawElement): Awaitable<void> {
    for (const feature of this.#options.features) {
      if (!feature.wanted(this.state)) continue
      const offer = offers.child(feature.element, feature.ns)
      if (offer !== undefined) return this.#negotiate(feature, offer)
      if (feature.required?.(this.state)) {
        throw new StreamClosedError('stream/refused', `the server does not offer ${feature.name}`)
      }
    }
    this.#offers = undefined
    this.enter('established')
    return this.#deps.onEstablished?.()
  }

  #negotiate(feature: ClientFeature, offer: RawElement): Awaitable<void> {
    const change = feature.negotiate(offer, this.openIo())
    return isThenable(change) ? change.then((done) => this.#changed(done)) : this.#changed(change)
  }

  #changed(change: StreamChange): Awaitable<void> {
    if (this.phase !== 'negotiating') return
    this.apply(change)
    if (change.restart === true) {
      this.restart()
      this.#sendHeader()
    } else if (change.features !== true && this.#offers !== undefined) {
      return this.#next(this.#offers)
    }
  }
}
