import type { Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import type { ConnectionSink, TlsInfo } from '@xmppkit/stream'
import type { WireClientDeps } from './wire-client.js'

/** Settings of {@link socketTransport}. */
export interface SocketTransportOptions {
  /**
   * Certificates to trust for STARTTLS, PEM: a server's self-signed one.
   *
   * @default those Node trusts
   */
  readonly ca?: string
  /**
   * A certificate of the client's own and its key, PEM, for STARTTLS (XEP-0178).
   *
   * @default none
   */
  readonly identity?: { readonly cert: string; readonly key: string }
}

/**
 * Lets a wire client talk over a socket: one of `node:net`, which STARTTLS can upgrade, or one of
 * `node:tls` for TLS from the first byte.
 *
 * @example
 * ```ts
 * const socket = connect({ host: '127.0.0.1', port: listener.port })
 * const juliet = createWireClient({ transport: socketTransport(socket) }, { domain: 'example.org' })
 * ```
 */
export function socketTransport(
  socket: Socket | TLSSocket,
  options: SocketTransportOptions = {},
): WireClientDeps['transport'] {
  let current: Socket = socket
  let sink: ConnectionSink | undefined
  let gone = false
  const onData = (chunk: Buffer) => sink?.receive(chunk)
  const onGone = (error?: Error) => {
    if (gone) return
    gone = true
    sink?.disconnected(error)
  }
  const onClose = () => onGone()
  const listen = () => {
    current.on('data', onData)
    current.on('error', onGone)
    current.on('close', onClose)
  }
  return {
    attach(to) {
      sink = to
      listen()
    },
    write: (wire) => gone || current.write(wire, 'latin1'),
    startTls(serverName) {
      current.removeListener('data', onData)
      const secured = connect({
        socket: current,
        servername: serverName,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...options.identity,
      })
      secured.once('secureConnect', () => sink?.secured(tlsOf(secured)))
      current = secured
      listen()
    },
    end: () => void current.end(),
    destroy() {
      current.destroy()
      onGone()
    },
  }
}

/**
 * What the client's end of a TLS connection knows of it, once its handshake is over: with the data of the channel binding
 * `tls-exporter` (RFC 9266).
 */
export function tlsOf(socket: TLSSocket): TlsInfo {
  const protocol = socket.getProtocol() ?? 'unknown'
  if (protocol !== 'TLSv1.3') return { protocol }
  return { protocol, exporter: socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) }
}
