import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '@xmppkit/runtime'

const exempt = new WeakSet<IncomingMessage>()

/**
 * Takes a request out of the limit in time that {@link listenHttp} sets to bodies, for a handler that limits it itself, as that
 * of uploads does. On a server of your own this does nothing: Node's `requestTimeout` knows no exceptions.
 */
export function exemptFromRequestTimeout(request: IncomingMessage): void {
  exempt.add(request)
}

/** Cuts a request off whose body is not there in time (SEC-28), unless its handler sees to that. */
export function limitRequest(
  clock: Pick<Clock, 'after'>,
  timeoutMs: number,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  if (coding === undefined && Number(length) === 0) return
  const timer = clock.after(timeoutMs, () => {
    if (request.complete || exempt.has(request)) return
    const { socket } = request
    // Past the response, because its handler may still be at work on it; nothing if it, or one before it, is half out.
    if (response.socket !== null && !response.headersSent) socket.write(tooSlow)
    socket.destroy()
  })
  request.once('close', () => timer[Symbol.dispose]())
}

const tooSlow = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'
