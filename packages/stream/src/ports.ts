import type { BareJid } from '@xmppkit/jid'
import type { Wire } from '@xmppkit/xml'

/** What is known of the TLS layer beneath a stream; captured once, when the handshake ends (NODE-6). */
export interface TlsInfo {
  /** The negotiated version as the TLS library names it, for example `TLSv1.3`. */
  readonly protocol: string
  /** The name the peer asked for (SNI). */
  readonly serverName?: string
  /** `tls-exporter` channel binding data (RFC 9266), if TLS 1.3 was negotiated. */
  readonly exporter?: Uint8Array
  /** `tls-server-end-point` channel binding data (RFC 5929 §4): the hash of the server's certificate. */
  readonly endPointHash?: Uint8Array
  /** The peer's certificate in DER, if it sent one. */
  readonly peerCertificate?: Uint8Array
  /** True if the peer's certificate was verified against the trusted roots. */
  readonly peerVerified?: boolean
}

/**
 * The way out of a stream: what an adapter over TCP, WebSocket, BOSH or a pipe in memory offers to the engine.
 *
 * No method may throw; a transport that is gone ignores every call.
 */
export interface Transport {
  /** `stream`: one XML document (TCP); `framed`: one element per message (RFC 7395). */
  readonly framing: 'stream' | 'framed'
  /** The peer's network address, for limits and logs only; never shown to other entities (L-5). */
  readonly remoteAddress: string
  /** Set while bytes travel over TLS, also if somebody else ends it in front of this process. */
  readonly tls: TlsInfo | undefined
  /**
   * Whom whoever brought the connection vouches for: an app that knows its visitor by a cookie. The peer still has to log in,
   * but needs no password for that (SASL EXTERNAL).
   */
  readonly vouchedFor?: BareJid | undefined
  /** True if {@link Transport.startTls} can still be called. */
  readonly canStartTls: boolean
  /**
   * Takes bytes; in `framed` framing exactly one message.
   *
   * @returns false when more is buffered than the transport likes: the stream then writes no more until `drained`
   */
  write(wire: Wire): boolean
  /** Calls back once everything written so far has been handed to the operating system; not at all if that fails. */
  flushed(done: () => void): void
  /**
   * How many bytes an element of the peer may have from here on: fewer before it has logged in. For transports that collect
   * an element before they hand it on; what is just too large is better handed on, and answered with a stream error.
   */
  expect?(maxBytes: number): void
  /** Stops reading from the peer; a chunk that was on its way may still arrive. */
  pause(): void
  /** Reads on. */
  resume(): void
  /**
   * Upgrades to TLS. Whatever was written before goes out in clear text; bytes of the peer that were read but not yet
   * handed on are dropped. Ends in `secured`, or in `disconnected` if the handshake fails.
   *
   * @param serverName - the domain the stream is addressed to: chooses the certificate, or names the server to verify
   */
  startTls?(serverName: string): void
  /** Sends what is buffered, then says that nothing follows (TLS close_notify, FIN, WebSocket close). */
  end(): void
  /** Drops the connection and everything buffered, at once. */
  destroy(): void
}

/** The way into a stream: what a listener calls. No method throws, and every one may be called after the end. */
export interface ConnectionSink {
  /** Bytes of the peer, in order; in `framed` framing one whole message. The stream may keep the chunk for a while. */
  receive(chunk: Uint8Array): void
  /** The handshake asked for with {@link Transport.startTls} has succeeded. */
  secured(tls: TlsInfo): void
  /**
   * Nothing goes out until `drained`, and how long that may last is for the transport to say: a peer that polls (BOSH) has no
   * request open. What was written counts as being under way meanwhile.
   */
  stalled?(): void
  /** The transport can take more, after `write` said false or after `stalled`. */
  drained(): void
  /** The connection is gone. With an error if it was lost; closing cleanly gives none. */
  disconnected(error?: Error): void
}
