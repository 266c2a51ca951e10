import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Socket, Server as SocketServer } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { type AddressLimits, createAddressGate } from '@xmppkit/access'
import type { Clock, Logger } from '@xmppkit/runtime'
import { WebError } from './errors.js'
import { markInsideMachine } from './peer.js'
import { refuseUpgrade } from './refuse-upgrade.js'
import { limitRequest } from './request-timeout.js'
import type { WebHandler } from './web-handler.js'

/** Collaborators of {@link listenHttp}. */
export interface HttpListenerDeps {
  /** What is served. Requests it does not know are answered with 404. */
  readonly web: Required<WebHandler>
  /** What HTTPS is served with, such as those of `@xmppkit/tcp`; required for `protocol: 'https'`. */
  readonly certificates?: { contextFor(serverName: string | undefined): SecureContext }
  /** Told of what goes wrong. */
  readonly logger: Logger
  /** Measures the attempt window, and the time of handshakes and bodies. */
  readonly clock: Clock
}

/** Settings of {@link listenHttp}. */
export interface HttpListenerOptions extends Partial<AddressLimits> {
  /** Address to listen on. @default '::' (every address, IPv4 too) */
  readonly host?: string
  /** Port to listen on; 0 for any free one. */
  readonly port: number
  /** Plain HTTP, for behind a proxy that ends TLS, or HTTPS. */
  readonly protocol: 'http' | 'https'
  /**
   * What comes in over plain HTTP counts as secure, because it never leaves this machine: for a browser on a developer's
   * machine. Only for loopback addresses, and not for requests that a proxy sent on or that name another host than this one.
   *
   * @default false
   */
  readonly insideMachine?: boolean
  /** Time for a TLS handshake, in milliseconds. @default 10_000 */
  readonly handshakeTimeoutMs?: number
  /** Time for the head of a request, in milliseconds (SEC-28). @default 10_000 */
  readonly headersTimeoutMs?: number
  /**
   * Time for the body of a request, in milliseconds from when its head is there (SEC-28). Not for uploads, which have limits of
   * their own, `idleTimeoutMs` and `maxUploadMs`, nor for others taken out by {@link exemptFromRequestTimeout}.
   *
   * @default 30_000
   */
  readonly requestTimeoutMs?: number
  /** Silence between two requests after which a connection is closed, in milliseconds. @default 75_000 */
  readonly keepAliveTimeoutMs?: number
}

/** Defaults of {@link HttpListenerOptions}. */
export const httpListenerDefaults = Object.freeze({
  host: '::',
  insideMachine: false,
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 75_000,
})

/** An HTTP server of our own. */
export interface HttpListener extends AsyncDisposable {
  /** Address it listens on. */
  readonly host: string
  /** Port it listens on, the real one where 0 was asked for. */
  readonly port: number
  /** What it speaks. */
  readonly protocol: 'http' | 'https'
  /** How its connections are secure, in the words of TCP listeners. */
  readonly tls: 'none' | 'direct'
  /** Connections up now. */
  readonly connections: number
  /** Takes no new connections; those that are up go on. Idempotent. */
  close(): Promise<void>
  /** Drops every connection, too. Idempotent. */
  destroy(): void
}

/**
 * Listens for HTTP or HTTPS on a port of its own, for who has no HTTP server yet.
 *
 * @example
 * ```ts
 * const listener = await listenHttp({ web, certificates, logger, clock }, { port: 5443, protocol: 'https' })
 * ```
 * @throws WebError `web/listen` when the address cannot be listened on, `web/options` for HTTPS without certificates.
 */
export async function listenHttp(
  deps: HttpListenerDeps,
  options: HttpListenerOptions,
): Promise<HttpListener> {
  const settings = { ...httpListenerDefaults, ...options }
  const { certificates, logger } = deps
  const isSecure = settings.protocol === 'https'
  if (isSecure && certificates === undefined) throw new WebError('web/options', 'HTTPS needs certificates')
  if (settings.insideMachine && !/^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(settings.host)) {
    throw new WebError(
      'web/options',
      `insideMachine is for loopback addresses only, not for ${settings.host}`,
    )
  }
  const server = httpServer(deps, settings)
  const gate = createAddressGate(deps, options)
  const sockets = new Set<Socket>()
  // Node's own listener, which gets connections once they are counted, and secure.
  const [serveHttp] = server.listeners('connection')
  server.removeAllListeners('connection')
  const begin = (socket: Socket) => void serveHttp?.call(server, socket)

  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    const slot = socket.remoteAddress === undefined ? 'gone' : gate.enter(socket.remoteAddress)
    if (typeof slot === 'string') {
      logger.debug('connection refused', { address: socket.remoteAddress, reason: slot })
      socket.destroy()
      return
    }
    sockets.add(socket)
    if (settings.insideMachine) markInsideMachine(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      slot[Symbol.dispose]()
    })
    if (certificates === undefined || !isSecure) begin(socket)
    else secure(socket, certificates, { clock: deps.clock, timeoutMs: settings.handshakeTimeoutMs, begin })
  })

  const { address, port } = await listen(server, settings)
  server.on('error', (cause) => logger.error('listener failed', { cause }))
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= new Promise((resolve) => {
      // That of HTTP would close connections that are idle, too, on which a client that polls is about to be told of the end.
      SocketServer.prototype.close.call(server)
      setImmediate(resolve)
    })
    return closing
  }
  return {
    host: address,
    port,
    protocol: settings.protocol,
    tls: isSecure ? 'direct' : 'none',
    get connections() {
      return sockets.size
    },
    close,
    destroy() {
      void close()
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      await close()
    },
  }
}

function httpServer(
  { web, clock }: Pick<HttpListenerDeps, 'web' | 'clock'>,
  settings: Required<
    Pick<HttpListenerOptions, 'headersTimeoutMs' | 'requestTimeoutMs' | 'keepAliveTimeoutMs'>
  >,
): Server {
  const server = createServer({
    headersTimeout: finite(settings.headersTimeoutMs),
    // One for all, Node's would cut uploads, too.
    requestTimeout: 0,
    keepAliveTimeout: finite(settings.keepAliveTimeoutMs),
    connectionsCheckingInterval: Math.max(250, Math.min(Math.ceil(settings.headersTimeoutMs / 2), 30_000)),
  })
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    limitRequest(clock, settings.requestTimeoutMs, request, response)
    if (web.handleRequest(request, response)) return
    response.writeHead(404, { 'Content-Type': 'text/plain' })
    response.end('There is nothing here.\n')
  }
  server.on('request', serve)
  // Node would refuse what is expected beyond 100-continue, and read its body for as long as it takes.
  server.on('checkExpectation', serve)
  server.on('upgrade', (request, socket, head) => {
    if (!web.handleUpgrade(request, socket, head)) refuseUpgrade(socket, 404)
  })
  return server
}

/** Runs the server's side of TLS; who came by a name gets its certificate, who came by an address the first one. */
function secure(
  socket: Socket,
  certificates: NonNullable<HttpListenerDeps['certificates']>,
  on: { readonly clock: Clock; readonly timeoutMs: number; readonly begin: (socket: Socket) => void },
): void {
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext: certificates.contextFor(undefined),
    SNICallback: (name, done) => done(null, certificates.contextFor(name)),
    ALPNProtocols: ['http/1.1'],
  })
  const drop = () => secured.destroy()
  const timer = on.clock.after(on.timeoutMs, drop)
  // Without a tls.Server around it, a TLSSocket reports TLS errors only here.
  secured.on('_tlsError', drop)
  secured.on('error', drop)
  secured.once('close', () => {
    timer[Symbol.dispose]()
    socket.destroy()
  })
  secured.once('secure', () => {
    timer[Symbol.dispose]()
    on.begin(secured)
  })
}

function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      reject(new WebError('web/listen', `cannot listen on ${host} port ${port}: ${cause.message}`, { cause }))
    }
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.removeListener('error', fail)
      resolve(server.address() as { address: string; port: number })
    })
  })
}

/** For Node, 0 is no limit. */
function finite(limit: number): number {
  return limit === Number.POSITIVE_INFINITY ? 0 : limit
}
