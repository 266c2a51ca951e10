import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Clock } from '@xmppkit/runtime'
import type { TlsInfo } from '@xmppkit/stream'
import { type Certificates, endPointHashOf } from './certificates.js'
import { TcpError } from './errors.js'

/** ALPN protocol of client connections (XEP-0368 §4). */
const clientProtocol = 'xmpp-client'

/** What a handshake on the server's side needs. */
export interface HandshakeRequest {
  readonly socket: Socket
  readonly certificates: Certificates
  /** Chooses the certificate when the client names none in its ClientHello. */
  readonly serverName: string | undefined
  /** Whether TLS starts with the first byte, and so ALPN applies. */
  readonly direct: boolean
  readonly clock: Clock
  readonly timeoutMs: number
  /** The connection is secure. */
  readonly onSecure: (socket: TLSSocket, tls: TlsInfo) => void
  /** It never will be; the socket is gone, no stream error was sent (rule T-5). */
  readonly onFailure: (error: Error) => void
}

/** Runs the server's side of a TLS handshake on a socket nobody reads any more. */
export function startHandshake(request: HandshakeRequest): void {
  const { certificates, serverName, direct } = request
  let context = certificates.contextFor(serverName)
  const socket = new TLSSocket(request.socket, {
    isServer: true,
    secureContext: context,
    // A name in the ClientHello wins over the stream's `to`; both choose among our own certificates.
    ...(certificates.size > 1 && {
      SNICallback: (name: string, done: (error: null, context: SecureContext) => void) => {
        context = certificates.contextFor(name || serverName)
        done(null, context)
      },
    }),
    // Refusing a certificate is for SASL, which has other mechanisms.
    ...(certificates.asksClients && { requestCert: true, rejectUnauthorized: false }),
    // Not a list of protocols, of which every socket would keep a copy in a buffer of its own.
    ...(direct && { ALPNCallback: chooseProtocol }),
  })
  // Without a tls.Server around it, a TLSSocket reports TLS errors (a bad record) only here.
  socket.on('_tlsError', destroyWith)
  const fail = (cause?: Error) => {
    settle()
    socket.on('error', () => {}) // what follows the first failure says nothing new
    socket.destroy()
    const why = cause?.message ?? 'the connection was closed'
    request.onFailure(new TcpError('tcp/handshake', `TLS handshake failed: ${why}`, { cause }))
  }
  const timer = request.clock.after(request.timeoutMs, () => fail(new Error('it took too long')))
  const onClose = () => fail()
  const settle = () => {
    timer[Symbol.dispose]()
    socket.removeListener('error', fail)
    socket.removeListener('close', onClose)
  }
  socket.once('error', fail)
  socket.once('close', onClose)
  socket.once('secure', () => {
    settle()
    request.onSecure(socket, {
      ...describe(socket, context),
      ...(certificates.asksClients && describePeer(socket)),
    })
  })
}

/** Whoever asks for a protocol and not for ours gets the alert `no_application_protocol` (RFC 7301 §3.2). */
function chooseProtocol({ protocols }: { readonly protocols: readonly string[] }): string | undefined {
  return protocols.includes(clientProtocol) ? clientProtocol : undefined
}

// Not a closure: it would keep all of the handshake as long as the connection lasts.
function destroyWith(this: TLSSocket, error: Error): void {
  this.destroy(error)
}

/** Captured at handshake time: later the socket may be gone (rule NODE-6). */
function describe(socket: TLSSocket, context: SecureContext): TlsInfo {
  const protocol = socket.getProtocol() ?? 'unknown'
  const serverName = typeof socket.servername === 'string' ? { serverName: socket.servername } : {}
  const exporter =
    protocol === 'TLSv1.3'
      ? { exporter: socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) }
      : {}
  const endPointHash = endPointHashOf(context)
  return { protocol, ...serverName, ...exporter, ...(endPointHash && { endPointHash }) }
}

/** What Node knows of a handshake and tells only those who have a `tls.Server`. */
interface Handle {
  verifyError?(): Error | null | undefined
}

/** The client's certificate, if it has one, and whether the authorities vouch for it. */
function describePeer(socket: TLSSocket): Pick<TlsInfo, 'peerCertificate' | 'peerVerified'> {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return {}
  // Without the answer nothing is verified.
  const handle = (socket as unknown as { readonly _handle?: Handle })._handle
  const peerVerified = handle?.verifyError !== undefined && !handle.verifyError()
  return { peerCertificate: certificate.raw, peerVerified }
}
