/**
 * The XMPP stream engine (RFC 6120 §4) without sockets: bytes in, events out, both sides.
 *
 * @packageDocumentation
 */

export { StreamClosedError, type StreamErrorCode } from './errors.js'
export type { ConnectionSink, TlsInfo, Transport } from './ports.js'
export type { ClientFeature, FeatureIo, StreamChange, StreamFeature } from './stream-feature.js'
export type { StreamState } from './stream-state.js'
