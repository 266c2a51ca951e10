import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { disposable } from '@xmppkit/runtime'
import type { WebHandler } from './web-handler.js'

/** A server of `node:http` or `node:https`; Express, Fastify and Hono run on one, too. */
export type NodeHttpServer = Server | HttpsServer

type Emit = (event: string, ...args: unknown[]) => boolean

/** Ours, of whatever server. */
const layers = new WeakSet<Emit>()

/**
 * Puts a handler in front of everything an HTTP server does: the requests and upgrades that are its own never reach the app's
 * listeners, and all others reach them as before, whether those were there already or come later. Dispose to take it off.
 *
 * @example
 * ```ts
 * const attachment = attachTo(app.listen(3000), web)
 * ```
 */
export function attachTo(server: NodeHttpServer, handler: Required<WebHandler>): Disposable {
  // Listeners could not do this: each sees every upgrade, and most end those they do not know (ws with a `server` does).
  const target = server as unknown as { emit: Emit }
  const inherited = target.emit
  const hadOwn = Object.hasOwn(target, 'emit')
  let isOff = false
  const isInnermost = !layers.has(inherited)
  const intercepted: Emit = function emit(this: unknown, event, ...args) {
    if (event === 'request' && !isOff) {
      const [request, response] = args as [IncomingMessage, ServerResponse]
      if (handler.handleRequest(request, response)) return true
    } else if (event === 'upgrade') {
      const [request, socket, head] = args as [IncomingMessage, Socket, Buffer]
      if (!isOff && handler.handleUpgrade(request, socket, head)) return true
      // Nobody else listens: without us, Node would have left the upgrade out of account.
      const isOnlyUs = isInnermost && server.listeners('upgrade').every((listener) => listener === listens)
      if (isOnlyUs) return declineUpgrade(server, request, socket)
    }
    return inherited.call(this, event, ...args)
  }
  layers.add(intercepted)
  target.emit = intercepted
  // Node hands upgrades over only if somebody listens.
  server.on('upgrade', listens)

  return disposable(() => {
    isOff = true
    server.removeListener('upgrade', listens)
    // Somebody may have put another layer on top, which is then left as it is.
    if (target.emit !== intercepted) return
    if (hadOwn) target.emit = inherited
    else Reflect.deleteProperty(target, 'emit')
  })
}

function listens(): void {}

/** Serves a request whose wish for another protocol nobody can fulfil as what it is besides: a request (RFC 9110 §7.8). */
function declineUpgrade(server: NodeHttpServer, request: IncomingMessage, socket: Socket): boolean {
  socket.on('error', () => {})
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // As Node ends the connection of a last answer: not half, which the other side might leave it at.
  response.once('finish', () => socket.destroySoon())
  // Its body was not read and never will be.
  if (
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0
  ) {
    response.writeHead(400, { 'Content-Type': 'text/plain' })
    response.end('This server does not change the protocol of requests that have a body.\n')
    return true
  }
  return server.emit('request', request, response)
}
