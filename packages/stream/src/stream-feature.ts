import type { BareJid, FullJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { Element, RawElement } from '@xmppkit/xml'
import type { TlsInfo } from './ports.js'
import type { StreamState } from './stream-state.js'

/** What a negotiation has changed. The engine applies it once the feature is done. */
export interface StreamChange {
  /** The initiating entity opens a new stream on the same connection (after STARTTLS and SASL). */
  readonly restart?: boolean
  /** Features are sent again without a restart (SASL2). */
  readonly features?: boolean
  /** The account the peer has proved to own. */
  readonly authenticated?: BareJid
  /** How it was proved. */
  readonly mechanism?: string
  /** The resource that was bound. */
  readonly bound?: FullJid
  /** TLS is in use from here on. */
  readonly tls?: TlsInfo
}

/** What a feature may do with the stream while it negotiates. */
export interface FeatureIo {
  /** What is known of the stream. */
  readonly state: StreamState
  /** Sends an element; nothing is sent once the stream has ended. */
  send(el: Element | RawElement): void
  /**
   * The peer's next element, instead of dispatching it. One read at a time.
   *
   * @throws StreamClosedError when the stream ends first
   */
  read(): Promise<RawElement>
  /**
   * Forgets every unread byte (T-3) and upgrades the transport; what was sent before goes out in clear text.
   *
   * @throws StreamClosedError when the handshake fails or the stream ends first
   */
  startTls(): Promise<TlsInfo>
  /** Aborts when the stream ends. */
  readonly signal: AbortSignal
}

/**
 * A step of stream negotiation on the receiving side, as data: when it is offered, how it is advertised, and what happens
 * when the peer picks it. One feature object serves any number of streams; what belongs to one stream lives in `negotiate`.
 */
export interface StreamFeature {
  /** For logs: `starttls`, `sasl`, `bind`. */
  readonly name: string
  /** Namespace of the elements that pick it, unless {@link StreamFeature.handles} says otherwise. */
  readonly ns: string
  /** True while the peer may negotiate it. */
  offered(state: StreamState): boolean
  /** True if negotiation is not over without it; leave out for voluntary features. */
  required?(state: StreamState): boolean
  /** While true, no other feature is listed or negotiated, be this one on offer or not: STARTTLS where TLS is required (T-1). */
  exclusive?(state: StreamState): boolean
  /**
   * The element listed in `<stream:features/>`; `undefined` lists nothing. One that is handed out again is written only once, so
   * do not change it.
   */
  advertise(state: StreamState): Element | undefined
  /** Whether an element picks this feature; by default: whether it is in the feature's namespace. */
  handles?(el: RawElement, state: StreamState): boolean
  /**
   * Takes the element that picked the feature. Without it the feature is only advertised.
   * May throw a `StreamError`, which ends the stream; anything else thrown becomes `internal-server-error`.
   */
  negotiate?(el: RawElement, io: FeatureIo): Awaitable<StreamChange>
  /**
   * Answers an element of this feature that comes while it is not offered. By default the stream ends: with
   * `policy-violation` while something else is required first, with `unsupported-stanza-type` otherwise.
   */
  refuse?(el: RawElement, io: FeatureIo): Awaitable<StreamChange>
}

/**
 * A step of stream negotiation on the initiating side. The first one, in the order given to the stream, that the peer
 * offers and that is wanted is negotiated; then the next.
 */
export interface ClientFeature {
  /** For logs: `starttls`, `sasl`, `bind`. */
  readonly name: string
  /** Local name of its element in `<stream:features/>`. */
  readonly element: string
  /** Namespace of that element. */
  readonly ns: string
  /** Whether it is still to be done. */
  wanted(state: StreamState): boolean
  /** True if the stream is useless without it: the stream then ends when the peer does not offer it. */
  required?(state: StreamState): boolean
  /** Negotiates it. Throwing ends the stream. */
  negotiate(offer: RawElement, io: FeatureIo): Awaitable<StreamChange>
}
