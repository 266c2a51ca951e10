import { type Jid, tryParseJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable, type Logger } from '@xmppkit/runtime'
import { NS, StreamError } from '@xmppkit/stanza'
import type { Element, RawElement, StreamOpen, Wire } from '@xmppkit/xml'
import type { Alarms } from './alarms.js'
import { Engine } from './engine.js'
import { type FeatureChoice, pickFeature, refusal, writeFeatures } from './feature-choice.js'
import type { WriteOutcome } from './outbox.js'
import type { Phase } from './phase.js'
import type { ConnectionSink, Transport } from './ports.js'
import {
  type ResolvedServerStreamOptions,
  resolveServerStreamOptions,
  type ServerStreamOptions,
} from './server-stream-options.js'
import type { StanzaForm } from './stanza-form.js'
import type { StreamEnd } from './stream-end.js'
import type { StreamChange, StreamFeature } from './stream-feature.js'
import { readHeader, writeHeader } from './stream-header.js'
import type { StreamState } from './stream-state.js'
import type { WriteTurn } from './write-turn.js'

/** A served domain, as far as streams are concerned. */
export interface StreamHost {
  /** The features of its streams, in the order they are listed; asked every time, so it may change. */
  features(): readonly StreamFeature[]
  /**
   * Whether negotiation is over. By default: once a resource is bound on a `jabber:client` stream, once the peer is
   * authenticated on any other.
   */
  established?(state: StreamState): boolean
  /**
   * Where its users should connect instead; sent as `see-other-host`, and only over TLS (S-17). Take it from
   * configuration.
   */
  readonly redirect?: string | undefined
}

/** What a receiving stream needs. `T` is the type of the tickets handed to `send`. */
export interface ServerStreamDeps<T = never> {
  /** Where bytes go. */
  readonly transport: Transport
  /** For every wait. */
  readonly clock: Clock
  /** For stream ids, which nobody may guess (S-2). */
  readonly ids: Ids
  /** For what goes wrong inside. */
  readonly logger: Logger
  /**
   * Shared by streams whose clients write to each other: no answer leaves before what was queued for others earlier, so that
   * a process that is killed has answered for nothing it has not passed on.
   * @default one of its own
   */
  readonly turn?: WriteTurn | undefined
  /** Shared by streams of one clock, so that they need one timer between them. @default some of its own */
  readonly alarms?: Alarms | undefined
  /** Finds who serves a domain (prepared); `gone` if it moved away (S-4). Called for every header, also after restarts. */
  resolve(domain: string, header: RawElement): StreamHost | 'unknown' | 'gone'
  /** Negotiation is over. What it returns is awaited before the peer's next element. */
  onEstablished?(): Awaitable<void>
  /**
   * Takes an element of the established stream, one at a time: while its promise is pending, the stream is suspended and
   * the transport paused. Throwing a `StreamError` ends the stream with it.
   */
  onElement(el: RawElement): Awaitable<void>
  /**
   * Sends a stanza a feature answers with on the established stream, for who counts what is sent.
   * @default it is written like everything else of features
   */
  sendAnswer?(stanza: Element | RawElement): void
  /** A feature has dealt with a stanza of the established stream, which `onElement` did not see: for who counts those. */
  onAnswered?(): void
  /** The stream has ended: nothing more is read, nothing more can be sent. Called once. */
  onClosed(end: StreamEnd): void
  /** The connection has ended too; every ticket is settled by now. Called once, after `onClosed`. */
  onGone?(): void
  /**
   * Asks an idle peer for a sign of life, with something it has to answer. Silence then ends the stream. Without it idle
   * peers are sent whitespace, which finds dead connections but takes silence for an answer.
   */
  probe?(): void
  /** What became of something sent with a ticket. */
  onSettled?(ticket: T, outcome: WriteOutcome): void
}

/** The receiving side of a stream. */
export interface ServerStream<T = never> extends ConnectionSink {
  /** What is known of the stream. Always the same object. */
  readonly state: StreamState
  /** Where the stream stands. */
  readonly phase: Phase
  /** How to write stanzas for this stream: pass it to `toWire`. */
  readonly form: StanzaForm
  /**
   * Queues bytes: whole elements only. The ticket comes back in `onSettled`, exactly once; `failed` if the stream is over.
   */
  send(wire: Wire, ticket?: T): void
  /**
   * Ends the stream. With an error: at once, nothing of the peer is looked at any more. Without: says goodbye and handles
   * what still arrives until the peer does too, for at most `closeTimeoutMs`.
   */
  close(error?: StreamError): void
  /** Takes no further input until {@link ServerStream.resume}, for rate limits. */
  suspend(): void
  /** Takes input again. */
  resume(): void
  /** True from {@link ServerStream.suspend} on: what the peer has said meanwhile is not known. */
  readonly suspended: boolean
}

/**
 * Makes the receiving side of a stream (RFC 6120 §4): headers, features, restarts, stanzas in order, errors, goodbyes.
 *
 * @example
 * ```ts
 * const stream = createServerStream({
 *   transport, clock: systemClock, ids: randomIds, logger: silentLogger,
 *   resolve: (domain) => (domain === 'example.com' ? { features: () => [starttlsFeature()] } : 'unknown'),
 *   onElement: (el) => console.log(el.name),
 *   onClosed: (end) => console.log(end.by),
 * })
 * socket.on('data', (chunk) => stream.receive(chunk))
 * ```
 */
export function createServerStream<T = never>(
  deps: ServerStreamDeps<T>,
  options: ServerStreamOptions | ResolvedServerStreamOptions = {},
): ServerStream<T> {
  return new ReceivingStream(deps, 'resolved' in options ? options : resolveServerStreamOptions(options))
}

class ReceivingStream<T> extends Engine<T> implements ServerStream<T> {
  readonly #deps: ServerStreamDeps<T>
  readonly #options: ResolvedServerStreamOptions
  #host: StreamHost | undefined
  #headerSent = false
  // A peer that said no version, or 0.9, is told of no features and can negotiate none (S-5).
  #modern = false

  constructor(deps: ServerStreamDeps<T>, options: ResolvedServerStreamOptions) {
    super(deps, options, options.preAuthLimits)
    this.#deps = deps
    this.#options = options
  }

  protected override handle(event: StreamOpen | RawElement): Awaitable<void> {
    if (event.kind === 'open') return this.#open(event)
    if (this.phase === 'header') throw new StreamError('invalid-namespace')
    if (event.ns === NS.streams) return this.#streamElement(event)
    const stanza = isStanza(event, this.form.ns)
    // Features never handle these two, and they are most of the traffic.
    if (stanza && event.name !== 'iq' && this.#established) return this.#deps.onElement(event)
    const choice = pickFeature(this.#features, event, this.state)
    if (choice !== undefined) return this.#negotiate(choice, event)
    if (!stanza) throw new StreamError('unsupported-stanza-type')
    if (this.#established) return this.#deps.onElement(event)
    throw new StreamError('not-authorized')
  }

  protected override restart(): void {
    // S-1: whatever is wrong with the new stream, its header comes before saying so.
    this.#headerSent = false
    super.restart()
  }

  protected override sendElement(el: Element | RawElement): void {
    const { sendAnswer } = this.#deps
    // A tree of features is always made with the content namespace, or with one of their own.
    const ns = 'kind' in el ? el.ns : el.getNS()
    if (
      sendAnswer === undefined ||
      !this.#established ||
      !isStanza({ name: el.name, ns: ns ?? '' }, this.form.ns)
    ) {
      super.sendElement(el)
    } else this.#deps.sendAnswer?.(el)
  }

  protected override ownHeader(): Wire | undefined {
    if (this.#headerSent) return undefined
    this.#headerSent = true
    const { state } = this
    state.id = this.#deps.ids.next()
    return writeHeader({
      framing: state.framing,
      contentNs: this.form.ns,
      lang: this.#options.lang,
      id: state.id,
      from: state.domain || this.#options.fallbackDomain,
      to: state.from?.toString(),
    })
  }

  get #established(): boolean {
    return this.phase === 'established' || this.phase === 'closing'
  }

  get #features(): readonly StreamFeature[] {
    return this.#modern && this.#host !== undefined ? this.#host.features() : []
  }

  #open(open: StreamOpen): Awaitable<void> {
    if (this.phase !== 'header') throw new StreamError('unsupported-stanza-type')
    this.#headerSent = false
    // First of all, so that even a refusal says who refuses.
    const host = this.#findHost(open.header)
    const facts = readHeader(open, {
      framing: this.state.framing,
      contentNs: this.form.ns,
      maxLangLength: this.#options.maxLangLength,
    })
    this.state.lang = facts.lang
    this.#acceptFrom(facts.from)
    if (facts.to === undefined || !facts.to.isDomain) throw new StreamError('improper-addressing')
    if (host === 'gone') throw new StreamError('host-gone')
    if (host === 'unknown') throw new StreamError('host-unknown')
    // SEC-10: nothing of one domain is carried over to another.
    if (facts.to.domain !== this.state.domain) throw new StreamError('not-authorized')
    this.#modern = facts.modern
    const header = this.ownHeader()
    if (header !== undefined) this.send(header)
    if (host.redirect !== undefined && this.state.secure) {
      throw new StreamError('see-other-host', { host: host.redirect })
    }
    this.enter('negotiating')
    if (this.#modern) this.#sendFeatures()
    return this.#settle()
  }

  #findHost(header: RawElement): StreamHost | 'unknown' | 'gone' {
    const to = tryParseJid(header.attr('to') ?? '')
    if (to === undefined || !to.isDomain) return 'unknown'
    const host = this.#deps.resolve(to.domain, header)
    if (typeof host !== 'string' && (this.state.domain === '' || this.state.domain === to.domain)) {
      this.#host = host
      this.state.domain = to.domain
    }
    return host
  }

  #acceptFrom(from: Jid | undefined): void {
    if (from === undefined) return
    const { authenticated } = this.state
    // S-8: who was authenticated stays who it is, whatever a later header says.
    if (authenticated !== undefined && !from.bare.equals(authenticated)) throw new StreamError('invalid-from')
    this.state.from = from
  }

  #streamElement(el: RawElement): void {
    if (el.name !== 'error') throw new StreamError('unsupported-stanza-type')
    this.peerFailed(el)
  }

  #negotiate(choice: FeatureChoice, el: RawElement): Awaitable<void> {
    const act = choice.offered ? choice.feature.negotiate : choice.feature.refuse
    if (act === undefined) throw refusal(this.#features, this.state)
    const counted = this.#established && isStanza(el, this.form.ns)
    const change = act.call(choice.feature, el, this.openIo())
    if (isThenable(change)) return change.then((done) => this.#negotiated(done, counted))
    return this.#negotiated(change, counted)
  }

  #negotiated(change: StreamChange, counted: boolean): Awaitable<void> {
    if (counted) this.#deps.onAnswered?.()
    return this.#changed(change)
  }

  #changed(change: StreamChange): Awaitable<void> {
    if (this.phase === 'ended' || this.phase === 'gone') return
    this.apply(change)
    if (change.authenticated !== undefined) this.setLimits(this.#options.limits)
    if (change.restart === true) return this.restart()
    if (change.features === true) this.#sendFeatures()
    return this.#settle()
  }

  #settle(): Awaitable<void> {
    if (this.phase !== 'negotiating' || this.#host === undefined) return
    const host = this.#host
    const over = host.established?.(this.state) ?? usuallyEstablished(this.form.ns, this.state)
    if (!over) return
    this.enter('established')
    return this.#deps.onEstablished?.()
  }

  #sendFeatures(): void {
    this.send(writeFeatures(this.#features, this.state))
  }
}

function usuallyEstablished(ns: string, state: StreamState): boolean {
  return (ns === NS.client ? state.bound : state.authenticated) !== undefined
}

function isStanza({ name, ns }: { readonly name: string; readonly ns: string }, contentNs: string): boolean {
  return ns === contentNs && (name === 'message' || name === 'presence' || name === 'iq')
}
