/**
 * XMPP over WebSocket and BOSH, and how clients find them, on the HTTP server an app has already.
 *
 * @packageDocumentation
 */
export { attachTo, type NodeHttpServer } from './attach.js'
export { type BoshOptions, boshDefaults } from './bosh-options.js'
export { WebError } from './errors.js'
export { type HostMetaOptions, hostMetaDefaults, type ReachableOptions } from './host-meta.js'
export {
  type HttpListener,
  type HttpListenerDeps,
  type HttpListenerOptions,
  httpListenerDefaults,
  listenHttp,
} from './http-listener.js'
export {
  type ExpressMiddleware,
  expressMiddleware,
  type FastifyLike,
  type HonoContextLike,
  type HonoMiddleware,
  honoMiddleware,
  serveWithFastify,
} from './middleware.js'
export type { OriginOptions } from './origins.js'
export type { PeerOptions } from './peer.js'
export { exemptFromRequestTimeout } from './request-timeout.js'
export { createUploadHandler, type UploadHandlerDeps } from './upload-handler.js'
export { type UploadHandlerOptions, uploadHandlerDefaults } from './upload-options.js'
export type { Authenticate, VisitorOptions } from './visitors.js'
export { createWeb, type Web, type WebDeps, type WebOptions, webDefaults } from './web.js'
export type { RequestHandler, UpgradeHandler, WebHandler } from './web-handler.js'
export { type WebSocketOptions, webSocketDefaults } from './websocket-options.js'
export { webXeps } from './xeps.js'
