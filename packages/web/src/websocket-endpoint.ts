import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { isThenable } from '@xmppkit/runtime'
import { WebSocketServer } from 'ws'
import type { Front } from './front.js'
import { type Peer, tlsOf } from './peer.js'
import { refuseUpgrade } from './refuse-upgrade.js'
import type { Visitor } from './visitors.js'
import { pathOf, type WebHandler } from './web-handler.js'
import { type WebSocketOptions, webSocketDefaults } from './websocket-options.js'
import { WebSocketTransport } from './websocket-transport.js'

const subprotocol = 'xmpp'

interface Asked {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
  readonly peer: Peer
}

/** XMPP over WebSocket (RFC 7395), for whatever HTTP server brings the upgrades of its path. */
export function createWebSocketEndpoint(front: Front, options: WebSocketOptions = {}): Required<WebHandler> {
  const settings = Object.freeze({ ...webSocketDefaults, ...options })
  const handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // The stream checks that, and what is wrong is answered with a stream error.
    skipUTF8Validation: true,
    maxPayload: finite(settings.maxMessageBytes),
    maxFragments: finite(settings.maxFragments),
    maxBufferedChunks: finite(settings.maxBufferedChunks),
    handleProtocols: () => subprotocol,
  })
  const transportDeps = { ...front, pingIntervalMs: settings.pingIntervalMs }

  const admit = (asked: Asked, visitor: Visitor) => {
    const { request, socket, head, peer } = asked
    if (socket.destroyed) return
    if (typeof visitor === 'number' || front.isClosed()) {
      refuseUpgrade(socket, typeof visitor === 'number' ? visitor : 503)
      return
    }
    const remoteAddress = peer.address
    const tls = tlsOf(request, peer)
    handshakes.handleUpgrade(request, socket, head, (ws) => {
      const transport = new WebSocketTransport(transportDeps, {
        ws,
        socket,
        remoteAddress,
        tls,
        vouchedFor: visitor,
      })
      transport.attach(front.accept(transport))
    })
  }

  const check = (request: IncomingMessage, peer: Peer, socket: Duplex): number | undefined => {
    if (front.isClosed()) return 503
    if (!front.origins.allows(request, peer)) {
      front.logger.info('a page of another origin was refused', {
        origin: request.headers.origin,
        host: peer.host,
      })
      return 403
    }
    if (!asksFor(request, subprotocol)) return 400
    const slot = front.gate.enter(peer.address)
    if (typeof slot === 'string') {
      front.logger.debug('connection refused', { address: peer.address, reason: slot })
      return slot === 'too many attempts' ? 429 : 503
    }
    socket.once('close', () => slot[Symbol.dispose]())
    return undefined
  }

  return {
    handleRequest(request, response) {
      if (pathOf(request) !== settings.path) return false
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket', 'Content-Type': 'text/plain' })
      response.end('XMPP over WebSocket (RFC 7395) is served here.\n')
      return true
    },
    handleUpgrade(request, socket, head) {
      if (pathOf(request) !== settings.path) return false
      // Gone before an app handed it over: its end, which would give a place back, has been told of already.
      if (socket.destroyed) return true
      socket.on('error', ignore)
      const peer = front.readPeer(request)
      const status = check(request, peer, socket)
      if (status !== undefined) {
        refuseUpgrade(socket, status)
        return true
      }
      const visitor = front.visitors.identify(request)
      const asked = { request, socket, head, peer }
      if (isThenable(visitor)) void visitor.then((who) => admit(asked, who))
      else admit(asked, visitor)
      return true
    },
  }
}

/** Whether a subprotocol is among those a client offers (RFC 6455 §4.1). */
function asksFor({ headers }: IncomingMessage, wanted: string): boolean {
  const offered = headers['sec-websocket-protocol'] ?? ''
  return offered.split(',').some((name) => name.trim() === wanted)
}

// What goes wrong on a socket nobody serves is nobody's business, but without a listener it ends the process.
function ignore(): void {}

/** For ws, 0 is no limit. */
function finite(limit: number): number {
  return limit === Number.POSITIVE_INFINITY ? 0 : limit
}
