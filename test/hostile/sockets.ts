import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { ServerOptions } from '@xmppkit/server'
import { type CertificatePair, createCertificates, createDevelopmentCertificate } from '@xmppkit/tcp'
import { domain, openScene, type Scene, type SceneOptions } from './scene.js'

/** How the sockets of a scene become secure. */
export type Way = 'starttls' | 'direct' | 'none'

/** A scene whose server listens on this machine. */
export interface SocketScene extends Scene {
  readonly port: number
  /** Connections its listener counts. */
  connections(): number
}

let pair: Promise<CertificatePair> | undefined

/** Starts a server that listens on a free port of this machine. */
export async function openSocketScene(tls: Way, options: SceneOptions = {}): Promise<SocketScene> {
  pair ??= createDevelopmentCertificate({ domains: [domain], now: Date.now() })
  const made = await pair
  const plain: Partial<ServerOptions> =
    tls === 'none' ? { c2s: { requireTls: false, ...options.c2s }, sasl: { allowPlainOnLoopback: true } } : {}
  const scene = await openScene({
    ...options,
    ...plain,
    certificates: await createCertificates({ load: async () => [made] }),
    listeners: [{ host: '127.0.0.1', port: 0, tls }],
  })
  const listener = scene.server.listeners[0]!
  return { ...scene, port: listener.port, connections: () => listener.connections }
}

/** A socket that keeps what it hears. */
export interface Caller {
  readonly socket: Socket | TLSSocket
  /** Sends text or bytes and resolves when the kernel has them. */
  send(what: string | Uint8Array): Promise<void>
  /** What was heard since the last call, once it contains this. */
  until(text: string): Promise<string>
  /** Resolves with what was heard since the last call of {@link Caller.until} when the connection is gone. */
  readonly gone: Promise<string>
}

function caller(socket: Socket | TLSSocket): Caller {
  let heard = ''
  let wake = () => {}
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1')
    wake()
  })
  socket.on('error', () => {})
  const gone = new Promise<string>((resolve) => {
    socket.once('close', () => {
      wake()
      resolve(heard)
    })
  })
  return {
    socket,
    gone,
    send: (what) =>
      new Promise((resolve) => {
        socket.write(what, () => resolve())
      }),
    async until(text) {
      while (!heard.includes(text)) {
        if (socket.destroyed) throw new Error(`the connection ended before ${text}; heard ${heard}`)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      const all = heard
      heard = ''
      return all
    },
  }
}

/** Connects in clear text. */
export async function call(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<Caller> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options })
  const made = caller(socket)
  await once(socket, 'connect')
  return made
}

/** Runs a TLS handshake over a connection, or on a new one. Resolves with `undefined` when it fails. */
export async function secure(over: { socket: Socket } | { port: number }): Promise<Caller | undefined> {
  const way = 'socket' in over ? over : { host: '127.0.0.1', port: over.port, ALPNProtocols: ['xmpp-client'] }
  if ('socket' in over) over.socket.removeAllListeners('data')
  const socket = connectTls({ ...way, servername: domain, rejectUnauthorized: false })
  const made = caller(socket)
  const outcome = await Promise.race([once(socket, 'secureConnect').then(() => 'secure'), made.gone])
  return outcome === 'secure' ? made : undefined
}
