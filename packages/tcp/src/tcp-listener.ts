import { createServer, type Server, type Socket } from 'node:net'
import { type AddressLimits, createAddressGate } from '@xmppkit/access'
import type { Clock, Logger } from '@xmppkit/runtime'
import type { ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import type { Certificates } from './certificates.js'
import { TcpError } from './errors.js'
import { createTcpTransport } from './tcp-transport.js'
import { startHandshake } from './tls-handshake.js'

/** How a TCP connection becomes secure: by STARTTLS, at once (XEP-0368), or not at all. */
export type TlsMode = 'starttls' | 'direct' | 'none'

/** Collaborators of {@link listenTcp}. */
export interface TcpListenerDeps {
  /** Takes a new connection and answers what is to be told of its bytes; `@xmppkit/c2s` has one. */
  readonly accept: (transport: Transport) => ConnectionSink
  /** What TLS is served with; required unless `tls` is `'none'`. */
  readonly certificates?: Certificates
  /** Told of refused connections and failed handshakes. */
  readonly logger: Logger
  /** Measures the attempt window. */
  readonly clock: Clock
}

/** Settings of {@link listenTcp}. */
export interface TcpListenerOptions extends Partial<AddressLimits> {
  /**
   * Address to listen on.
   *
   * @default '::' (every address, IPv4 too)
   */
  readonly host?: string
  /** Port to listen on; 0 for any free one. */
  readonly port: number
  /**
   * How connections become secure: STARTTLS, TLS from the first byte with ALPN `xmpp-client`
   * (XEP-0368), or not at all.
   *
   * @default 'starttls'
   */
  readonly tls?: TlsMode
  /**
   * Length of the kernel's queue of connections not yet accepted.
   *
   * @default 1024
   */
  readonly backlog?: number
  /**
   * Time for a TLS handshake, in milliseconds. Stops peers that connect and say nothing.
   *
   * @default 10_000
   */
  readonly handshakeTimeoutMs?: number
  /**
   * How long a connection that is being closed may take to accept our last bytes, in milliseconds.
   *
   * @default 5_000
   */
  readonly lingerMs?: number
  /**
   * Silence after which the operating system probes the peer, in milliseconds.
   *
   * @default 60_000
   */
  readonly keepAliveMs?: number
}

/** Defaults of {@link TcpListenerOptions}. */
export const tcpListenerDefaults = Object.freeze({
  host: '::',
  tls: 'starttls' as TlsMode,
  backlog: 1024,
  handshakeTimeoutMs: 10_000,
  lingerMs: 5_000,
  keepAliveMs: 60_000,
})

/** A listening socket. */
export interface TcpListener extends AsyncDisposable {
  /** Address it listens on. */
  readonly host: string
  /** Port it listens on, the real one where 0 was asked for. */
  readonly port: number
  /** How its connections become secure. */
  readonly tls: TlsMode
  /** Connections up now. */
  readonly connections: number
  /**
   * Takes no new connections, and ends those that are not secure yet where TLS comes first; those that are up go on until their
   * streams end. Idempotent.
   */
  close(): Promise<void>
}

/**
 * Listens for XMPP clients over TCP.
 *
 * @example
 * ```ts
 * const listener = await listenTcp({ accept: port.accept, certificates, logger, clock }, { port: 5222 })
 * ```
 * @throws TcpError `tcp/listen` when the address cannot be listened on, `tcp/certificate` without one.
 */
export async function listenTcp(deps: TcpListenerDeps, options: TcpListenerOptions): Promise<TcpListener> {
  const settings = { ...tcpListenerDefaults, ...options }
  if (settings.tls !== 'none' && !deps.certificates) {
    throw new TcpError('tcp/certificate', `a listener with tls '${settings.tls}' needs certificates`)
  }
  const gate = createAddressGate({ clock: deps.clock }, options)

  const onConnection = (socket: Socket) => {
    const address = socket.remoteAddress
    if (address === undefined) {
      // Reset before anybody came to it: whoever leaves it alone has an error without a listener, which ends the process.
      socket.destroy()
      return
    }
    const slot = gate.enter(address)
    if (typeof slot === 'string') {
      deps.logger.debug('connection refused', { address, reason: slot })
      socket.destroy()
      return
    }
    if (settings.tls === 'direct') secureFirst(socket, address, slot)
    else serve(socket, address, undefined, slot)
  }

  const shared = {
    certificates: settings.tls === 'starttls' ? deps.certificates : undefined,
    clock: deps.clock,
    handshakeTimeoutMs: settings.handshakeTimeoutMs,
    lingerMs: settings.lingerMs,
  }
  const serve = (socket: Socket, remoteAddress: string, tls: TlsInfo | undefined, slot: Disposable) => {
    const transport = createTcpTransport(shared, { socket, remoteAddress, tls, slot })
    transport.attach(deps.accept(transport))
  }

  // Nobody but the listener knows of them yet.
  const handshakes = new Set<Socket>()
  const secureFirst = (socket: Socket, remoteAddress: string, slot: Disposable) => {
    handshakes.add(socket)
    startHandshake({
      socket,
      certificates: deps.certificates!,
      serverName: undefined,
      direct: true,
      clock: deps.clock,
      timeoutMs: settings.handshakeTimeoutMs,
      onSecure(secured, tls) {
        handshakes.delete(socket)
        serve(secured, remoteAddress, tls, slot)
      },
      onFailure(error) {
        handshakes.delete(socket)
        slot[Symbol.dispose]()
        deps.logger.debug('handshake failed', { remoteAddress, reason: error.message })
      },
    })
  }

  const server = createServer(
    {
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: settings.keepAliveMs,
    },
    onConnection,
  )
  await listen(server, settings)
  server.on('error', (cause) => deps.logger.error('listener failed', { cause }))
  const bound = server.address() as { address: string; port: number }
  let closing: Promise<void> | undefined
  const close = () => {
    // Resolves when nothing new is accepted; Node's callback would wait for the last connection.
    closing ??= new Promise((resolve) => {
      server.close()
      for (const socket of handshakes) socket.destroy()
      setImmediate(resolve)
    })
    return closing
  }
  return {
    host: bound.address,
    port: bound.port,
    tls: settings.tls,
    get connections() {
      return gate.connections
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function listen(server: Server, { host, port, backlog }: { host: string; port: number; backlog: number }) {
  return new Promise<void>((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, port))
    server.once('error', fail)
    server.listen({ host, port, backlog }, () => {
      server.removeListener('error', fail)
      resolve()
    })
  })
}

function listenError(cause: NodeJS.ErrnoException, host: string, port: number): TcpError {
  const hints: Record<string, string> = {
    EADDRINUSE: 'another program listens there: stop it or choose another port',
    EACCES: 'not permitted: choose a port of 1024 or above, or grant the permission',
    EADDRNOTAVAIL: 'this machine does not have that address',
    ENOTFOUND: 'the host name is unknown',
  }
  const hint = hints[cause.code ?? ''] ?? cause.message
  return new TcpError('tcp/listen', `cannot listen on ${host} port ${port}: ${hint}`, { cause })
}
