import { type AddressLimits, addressLimitDefaults, createAddressGate } from '@xmppkit/access'
import { type Clock, disposable, type Ids, type Logger } from '@xmppkit/runtime'
import { type ConnectionSink, createAlarms, type Transport } from '@xmppkit/stream'
import { attachTo, type NodeHttpServer } from './attach.js'
import { createBoshEndpoint } from './bosh-endpoint.js'
import { type BoshOptions, boshDefaults } from './bosh-options.js'
import { WebError } from './errors.js'
import type { Front } from './front.js'
import { createHostMeta, type HostMetaOptions, hostMetaDefaults } from './host-meta.js'
import { createOriginCheck, type OriginOptions } from './origins.js'
import { createPeerReader, type PeerOptions } from './peer.js'
import { createVisitors, type VisitorOptions, visitorDefaults } from './visitors.js'
import type { RequestHandler, UpgradeHandler, WebHandler } from './web-handler.js'
import { createWebSocketEndpoint } from './websocket-endpoint.js'
import { type WebSocketOptions, webSocketDefaults } from './websocket-options.js'

/** Collaborators of {@link createWeb}. */
export interface WebDeps {
  /** Takes a new connection and answers what is to be told of its bytes; `@xmppkit/c2s` has one. */
  readonly accept: (transport: Transport) => ConnectionSink
  /** For every wait. */
  readonly clock: Clock
  /** For what nobody may guess. */
  readonly ids: Ids
  /** Told of refused connections and what goes wrong. */
  readonly logger: Logger
}

/** Settings of {@link createWeb}. */
export interface WebOptions extends PeerOptions, OriginOptions, VisitorOptions {
  /** XMPP over WebSocket. */
  readonly websocket?: WebSocketOptions
  /** XMPP over BOSH, for who cannot use it. */
  readonly bosh?: BoshOptions
  /** How clients find both. */
  readonly hostMeta?: HostMetaOptions
  /** How much one client address may take. */
  readonly limits?: Partial<AddressLimits>
}

/** Defaults of {@link WebOptions}. */
export const webDefaults = Object.freeze({
  ...visitorDefaults,
  trustedProxies: Object.freeze([]) as readonly string[],
  origins: Object.freeze([]) as readonly string[],
  websocket: webSocketDefaults,
  bosh: boshDefaults,
  hostMeta: hostMetaDefaults,
  limits: addressLimitDefaults,
})

/** XMPP on an HTTP server. */
export interface Web extends Required<WebHandler>, Disposable {
  /** Answers a request if it is for us, and says whether it is. */
  readonly handleRequest: RequestHandler
  /** Takes an upgrade over if it is for us, and says whether it is. */
  readonly handleUpgrade: UpgradeHandler
  /**
   * Serves beside an app on its server: what is not for us reaches the app as before. Ends with {@link Web.close}, or when
   * disposed.
   */
  attach(server: NodeHttpServer): Disposable
  /** Adds a handler, asked after those that are there. */
  add(handler: WebHandler): Disposable
  /** Lets nobody new in, and is off every server it was attached to. Who is connected stays until its stream ends. Idempotent. */
  close(): void
}

/**
 * Makes XMPP over HTTP for a server an app has already: it opens no port, owns no server, and touches no request but those for
 * its own paths.
 *
 * @example
 * ```ts
 * const web = createWeb({ accept: port.accept, clock, ids, logger }, { origins: ['https://app.example'] })
 * web.attach(httpServer)
 * ```
 * @throws WebError `web/options`
 */
export function createWeb(deps: WebDeps, options: WebOptions = {}): Web {
  let closed = false
  const front = createFront(deps, options, () => closed)
  const attachments = new Set<Disposable>()
  let handlers = ownHandlers(front, options)

  const web: Web = {
    handleRequest: (request, response) =>
      handlers.some((handler) => handler.handleRequest?.(request, response) ?? false),
    handleUpgrade: (request, socket, head) =>
      handlers.some((handler) => handler.handleUpgrade?.(request, socket, head) ?? false),
    attach(server) {
      const attachment = attachTo(server, web)
      const entry = disposable(() => {
        attachments.delete(entry)
        attachment[Symbol.dispose]()
      })
      attachments.add(entry)
      return entry
    },
    add(handler) {
      handlers = [...handlers, handler]
      return disposable(() => {
        handlers = handlers.filter((other) => other !== handler)
      })
    },
    close() {
      closed = true
      for (const attachment of attachments) attachment[Symbol.dispose]()
    },
    [Symbol.dispose]: () => web.close(),
  }
  return web
}

function ownHandlers(front: Front, options: WebOptions): readonly WebHandler[] {
  const websocket = { ...webSocketDefaults, ...options.websocket }
  const bosh = { ...boshDefaults, ...options.bosh }
  const handlers: WebHandler[] = []
  if (websocket.enabled) handlers.push(createWebSocketEndpoint(front, websocket))
  if (bosh.enabled) handlers.push(createBoshEndpoint(front, bosh))
  if (options.hostMeta?.enabled ?? hostMetaDefaults.enabled) {
    const paths = {
      websocket: websocket.enabled ? websocket.path : undefined,
      bosh: bosh.enabled ? bosh.path : undefined,
    }
    handlers.push(createHostMeta(front, paths, options.hostMeta))
  }
  return handlers
}

function createFront(deps: WebDeps, options: WebOptions, isClosed: () => boolean): Front {
  const origins = createOriginCheck(options)
  // Browsers send cookies along whoever's page asks: any page could speak for its visitors.
  if (origins.all && options.authenticate !== undefined) {
    throw new WebError(
      'web/options',
      "authenticate needs a list of origins: with '*' every page could log its visitors in",
    )
  }
  return {
    ...deps,
    isClosed,
    origins,
    alarms: createAlarms(deps.clock),
    readPeer: createPeerReader(options),
    visitors: createVisitors(deps, options),
    gate: createAddressGate(deps, options.limits),
  }
}
