import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'
import { domain, openScene, type Scene, type SceneOptions } from './scene.js'

/** A scene whose server is reached over HTTP on this machine. */
export interface WebScene extends Scene {
  readonly port: number
  /** Opens a WebSocket that keeps what it hears. */
  socket(options?: ClientOptions): Promise<Attacker>
  /** Sends a body to BOSH. */
  post(body: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>
}

/** A WebSocket of somebody who means no good. */
export interface Attacker {
  readonly ws: WebSocket
  heard(): string
  /** Resolves with the code it was closed with. */
  readonly closed: Promise<number>
}

/** Starts one, without TLS: what comes over it is what these tests are about. */
export async function openWebScene(options: SceneOptions = {}): Promise<WebScene> {
  const scene = await openScene({
    ...options,
    c2s: { requireTls: false, ...options.c2s },
    sasl: { allowPlainOnLoopback: true },
    listeners: [{ host: '127.0.0.1', port: 0, protocol: 'http' }],
  })
  const { port } = scene.server.listeners[0]!
  return {
    ...scene,
    port,
    async socket(own = {}) {
      const ws = new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, 'xmpp', own)
      let text = ''
      ws.on('message', (data: Buffer) => {
        text += data.toString()
      })
      ws.on('error', () => {})
      const closed = new Promise<number>((resolve) => ws.once('close', (code) => resolve(code)))
      await once(ws, 'open')
      return { ws, heard: () => text, closed }
    },
    async post(body, headers = {}) {
      const answer = await fetch(`http://127.0.0.1:${port}/http-bind`, { method: 'POST', body, headers })
      return { status: answer.status, text: await answer.text() }
    },
  }
}

/** The first frame of a stream. */
export const openFrame = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${domain}' version='1.0'/>`
