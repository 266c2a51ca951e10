import type { FrameTransport } from './framed-transport.js'

/** What is used of a WebSocket: that of browsers and of Node, and that of the package `ws`. */
export interface WebSocketLike {
  /** 0 while it connects, 1 when it is open. */
  readonly readyState: number
  /** Sends a message. */
  send(data: string): void
  /** Closes when everything is sent. */
  close(): void
  /** Closes at once, where there is such a thing. */
  terminate?(): void
  /** Says who is told when it is open. */
  addEventListener(type: 'open' | 'close' | 'error', listener: () => void): void
  /** Says who is told of messages. */
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

const connecting = 0
const open = 1

/**
 * Exchanges frames over a WebSocket (RFC 7395), for {@link framedTransport}. The WebSocket asks for the subprotocol `xmpp`.
 *
 * @example
 * ```ts
 * const frames = webSocketFrames(new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, ['xmpp']))
 * const juliet = createWireClient({ transport: framedTransport(frames) }, { domain: 'example.org' })
 * ```
 */
export function webSocketFrames(socket: WebSocketLike): FrameTransport {
  const early: string[] = []
  let ending = false
  socket.addEventListener('open', () => {
    for (const frame of early.splice(0)) socket.send(frame)
    if (ending) socket.close()
  })
  // A close follows, and says the same.
  socket.addEventListener('error', () => {})
  return {
    attach(sink) {
      socket.addEventListener('message', ({ data }) => {
        if (typeof data !== 'string') throw new Error('the server sent a binary message')
        sink.frame(data)
      })
      socket.addEventListener('close', () => sink.gone())
    },
    send(frame) {
      if (socket.readyState === connecting) early.push(frame)
      else if (socket.readyState === open) socket.send(frame)
    },
    end() {
      ending = true
      if (socket.readyState === open) socket.close()
    },
    destroy() {
      if (socket.terminate) socket.terminate()
      else socket.close()
    },
  }
}
