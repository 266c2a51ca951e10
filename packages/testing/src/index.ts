/**
 * Test doubles and clients for apps built on xmppkit: in-memory pipe, fake clock, wire scripts, matchers,
 * and a whole server in memory.
 *
 * @packageDocumentation
 */
export { createManualClock, type ManualClock } from '@xmppkit/runtime'
export { TestingError } from './errors.js'
export { type FrameSink, type FrameTransport, framedTransport } from './framed-transport.js'
export { type ManagedClient, manageStream } from './managed-client.js'
export { absent, anything, matchXml } from './match-xml.js'
export { createPipe, type Pipe, type PipeEnd, type PipeOptions } from './pipe.js'
export { type SocketTransportOptions, socketTransport, tlsOf } from './socket-transport.js'
export {
  createTestClient,
  type StanzaTest,
  type TestClient,
  type TestClientDeps,
  type TestClientOptions,
} from './test-client.js'
export { createTestServer, type TestServer, type TestServerOptions } from './test-server.js'
export { type WebSocketLike, webSocketFrames } from './web-socket-frames.js'
export {
  createWireClient,
  type WireClient,
  type WireClientDeps,
  type WireClientOptions,
  type WireLogin,
} from './wire-client.js'
export { streamHeader } from './wire-login.js'
export { authenticate2, type WireLogin2, type WireSuccess2 } from './wire-login2.js'
export { playWireScript, type WireScriptPlayers } from './wire-script.js'
