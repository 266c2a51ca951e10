import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { TLSSocket } from 'node:tls'
import { AccessError, parseNetwork } from '@xmppkit/access'
import type { TlsInfo } from '@xmppkit/stream'
import { WebError } from './errors.js'

/** Who is at the other end of a request, and how it got here. */
export interface Peer {
  /** Address of the client: that of its connection, or what a trusted proxy says. */
  readonly address: string
  /** Whether nobody could read along on the way: TLS ends here, or at a trusted proxy. */
  readonly secure: boolean
  /** Whether a trusted proxy is in between. */
  readonly proxied: boolean
  /** Name and port the client asked for, in lower case; `''` if it named none. */
  readonly host: string
}

/** Which proxies are believed about the clients behind them; settings of {@link createWeb}. */
export interface PeerOptions {
  /**
   * Addresses and networks of the proxies in front of this server. What others say in `X-Forwarded-For`, `-Proto` and `-Host` is
   * not believed. Name every proxy that ends TLS: without that, clients behind it count as insecure and cannot log in.
   *
   * @default none
   */
  readonly trustedProxies?: readonly string[]
}

/**
 * Makes what tells of each request who sent it (W-4). A connection over a Unix socket counts as one from 127.0.0.1.
 *
 * @throws WebError `web/options` for something that is no network
 */
export function createPeerReader(options: PeerOptions = {}): (request: IncomingMessage) => Peer {
  const networks = (options.trustedProxies ?? []).map(readNetwork)
  const isTrusted = (address: string) => networks.some((network) => network.contains(address))

  return (request) => {
    const { socket, headers } = request
    const address = socket.remoteAddress ?? '127.0.0.1'
    const direct = {
      address,
      secure: isTls(socket) || isInsideMachine(request),
      proxied: false,
      host: lower(headers.host),
    }
    if (!isTrusted(address)) return direct
    const hops = listOf(headers['x-forwarded-for'])
    // Each proxy adds whom it was called by: the last one nobody vouches for is the client.
    let index = hops.length - 1
    while (index > 0 && isTrusted(hops[index]!)) index -= 1
    const client = hops[index]
    const behind = Math.max(hops.length - 1 - index, 0)
    const protocol = fromEnd(listOf(headers['x-forwarded-proto']), behind)
    return {
      address: client !== undefined && isIP(client) !== 0 ? client : address,
      secure: protocol === undefined ? direct.secure : protocol === 'https' || protocol === 'wss',
      proxied: true,
      host: fromEnd(listOf(headers['x-forwarded-host']), behind) ?? direct.host,
    }
  }
}

const insideMachine = new WeakSet<object>()

/**
 * Marks a connection that never leaves this machine: it counts as secure, unless a request says that it came from elsewhere,
 * through a proxy or under another name than this machine's own.
 */
export function markInsideMachine(socket: object): void {
  insideMachine.add(socket)
}

/** Names of the machine a browser runs on, with or without a port. */
export const ownName = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/
const proxyHeaders = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-real-ip',
  'via',
]

function isInsideMachine({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>): boolean {
  return (
    insideMachine.has(socket) &&
    ownName.test(lower(headers.host)) &&
    proxyHeaders.every((name) => headers[name] === undefined)
  )
}

/** What is known of the TLS layer a request came through; captured once, as the socket may be gone later (NODE-6). */
export function tlsOf({ socket }: IncomingMessage, peer: Peer): TlsInfo | undefined {
  if (!peer.secure) return undefined
  // How the client speaks to the proxy is not known in detail, and its channel is not ours to bind to.
  if (peer.proxied || !isTls(socket)) return throughProxy
  const protocol = socket.getProtocol() ?? 'unknown'
  const serverName = typeof socket.servername === 'string' ? { serverName: socket.servername } : {}
  // Nothing to bind a login to: no browser lets its pages know about the channel, and clients that share their code with one
  // choose -PLUS mechanisms wherever they are offered, and fail.
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined
  const peerCertificate = certificate && { peerCertificate: certificate.raw, peerVerified: true }
  return { protocol, ...serverName, ...peerCertificate }
}

const throughProxy: TlsInfo = Object.freeze({ protocol: 'unknown' })

function isTls(socket: IncomingMessage['socket']): socket is TLSSocket {
  return socket instanceof TLSSocket
}

/** What is said at so many places from the end, or at the beginning where there are fewer. */
function fromEnd(list: readonly string[], places: number): string | undefined {
  return list[Math.max(list.length - 1 - places, 0)]
}

function listOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : lower(header)
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function lower(header: string | undefined): string {
  return (header ?? '').toLowerCase()
}

function readNetwork(text: string) {
  try {
    return parseNetwork(text)
  } catch (cause) {
    if (!(cause instanceof AccessError)) throw cause
    throw new WebError('web/options', `trustedProxies: ${cause.message}`, { cause })
  }
}
