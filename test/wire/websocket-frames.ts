import { type ClientOptions, WebSocket } from 'ws'
import type { FrameTransport } from './framed.js'

/** Exchanges frames over a WebSocket. */
export function webSocketFrames(url: string, options: ClientOptions = {}): FrameTransport {
  const ws = new WebSocket(url, 'xmpp', options)
  const early: string[] = []
  let ending = false
  ws.on('open', () => {
    for (const frame of early.splice(0)) ws.send(frame)
    if (ending) ws.close()
  })
  ws.on('error', () => {})
  return {
    attach(sink) {
      ws.on('message', (data: Buffer, isBinary) => {
        if (isBinary) throw new Error('the server sent a binary message')
        sink.frame(data.toString())
      })
      ws.on('close', () => sink.gone())
    },
    send(frame) {
      if (ws.readyState === WebSocket.CONNECTING) early.push(frame)
      else if (ws.readyState === WebSocket.OPEN) ws.send(frame)
    },
    end() {
      ending = true
      if (ws.readyState === WebSocket.OPEN) ws.close()
    },
    destroy: () => ws.terminate(),
  }
}
