/**
 * The XMPP stream engine (RFC 6120 §4) without sockets: bytes in, events out, both sides.
 *
 * @packageDocumentation
 */

export { type Alarm, type Alarms, createAlarms } from './alarms.js'
export {
  type ClientBindOptions,
  type ClientSaslOptions,
  type ClientStarttlsOptions,
  clientBind,
  clientSasl,
  clientStarttls,
} from './client-features.js'
export { type ClientSasl2Options, clientSasl2 } from './client-sasl2.js'
export {
  type ClientStream,
  type ClientStreamDeps,
  type ClientStreamOptions,
  clientStreamDefaults,
  createClientStream,
} from './client-stream.js'
export { StreamClosedError, type StreamErrorCode } from './errors.js'
export { type OutboxOptions, outboxDefaults, type WriteOutcome } from './outbox.js'
export type { Phase } from './phase.js'
export type { ConnectionSink, TlsInfo, Transport } from './ports.js'
export {
  createServerStream,
  type ServerStream,
  type ServerStreamDeps,
  type StreamHost,
} from './server-stream.js'
export {
  type ResolvedServerStreamOptions,
  resolveServerStreamOptions,
  type ServerStreamOptions,
  serverStreamDefaults,
} from './server-stream-options.js'
export type { StanzaForm } from './stanza-form.js'
export { type StarttlsOptions, starttlsDefaults, starttlsFeature } from './starttls-feature.js'
export type { StreamEnd } from './stream-end.js'
export type { ClientFeature, FeatureIo, StreamChange, StreamFeature } from './stream-feature.js'
export { frameKind } from './stream-header.js'
export { type StreamOptions, streamDefaults } from './stream-options.js'
export type { StreamState } from './stream-state.js'
export { createWriteTurn, type TurnWriter, type WriteTurn } from './write-turn.js'
