import type { Socket } from 'node:net'
import type { Clock } from '@xmppkit/runtime'
import type { ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import type { Wire } from '@xmppkit/xml'
import type { Certificates } from './certificates.js'
import { startHandshake } from './tls-handshake.js'

/** What a transport over one accepted socket needs. */
export interface TcpTransportDeps {
  readonly socket: Socket
  readonly remoteAddress: string
  /** Details of TLS when the handshake is done already. */
  readonly tls: TlsInfo | undefined
  /** Makes STARTTLS possible. */
  readonly certificates: Certificates | undefined
  readonly clock: Clock
  readonly handshakeTimeoutMs: number
  readonly lingerMs: number
  /** Called once, when the connection is gone. */
  readonly onClosed: () => void
}

/** A {@link Transport} that can be told who reads. */
export interface TcpTransport extends Transport {
  attach(sink: ConnectionSink): void
}

/** Shows an accepted socket to a stream: bytes in and out, back-pressure, STARTTLS, the end. */
export function createTcpTransport(deps: TcpTransportDeps): TcpTransport {
  let { socket, tls } = deps
  let sink: ConnectionSink | undefined
  let closed = false
  let linger: Disposable | undefined
  let written = 0
  let landed = 0
  let waiting: { readonly at: number; readonly done: () => void }[] | undefined

  // Counted, because asking the socket with an empty write costs as much as a small one.
  const onWritten = (error?: Error | null) => {
    landed += 1
    if (error || waiting === undefined) return
    while (waiting[0] !== undefined && waiting[0].at <= landed) waiting.shift()?.done()
    if (waiting.length === 0) waiting = undefined
  }

  const finish = (error?: Error) => {
    if (closed) return
    closed = true
    deps.onClosed()
    sink?.disconnected(error)
  }
  // After the peer's FIN our last bytes still go out, but not for ever. The stream is told when they have, or never will:
  // what it believes lost it sends another way.
  const onEnd = () => endSoon()
  const onClose = () => {
    linger?.[Symbol.dispose]()
    finish()
  }
  const onError = (error: Error) => {
    socket.destroy()
    finish(error)
  }
  const onData = (chunk: Buffer) => sink?.receive(chunk)
  const onDrain = () => sink?.drained()
  const endSoon = () => {
    const ending = socket
    // Asking twice makes an error, which costs more than all else about a goodbye.
    if (!ending.writableEnded) ending.end()
    if (!linger && !ending.destroyed) linger = deps.clock.after(deps.lingerMs, () => ending.destroy())
  }
  const listen = () => {
    socket.on('data', onData)
    socket.on('drain', onDrain)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }
  // Listeners of the plain socket must not see TLS records, nor must TLS see cleartext (NODE-6, T-3).
  const letGo = () => {
    socket.removeListener('data', onData)
    socket.removeListener('drain', onDrain)
    socket.removeListener('end', onEnd)
    socket.removeListener('error', onError)
    socket.removeListener('close', onClose)
    while (socket.read() !== null) {}
  }

  return {
    framing: 'stream',
    remoteAddress: deps.remoteAddress,
    get tls() {
      return tls
    },
    get canStartTls() {
      return tls === undefined && deps.certificates !== undefined
    },
    attach(to) {
      sink = to
      listen()
    },
    write(wire: Wire) {
      if (closed || socket.writableEnded) return true
      written += 1
      return socket.write(wire, 'latin1', onWritten)
    },
    flushed(done) {
      if (closed || socket.writableEnded) return
      if (landed === written) {
        done()
        return
      }
      waiting ??= []
      waiting.push({ at: written, done })
    },
    pause() {
      socket.pause()
    },
    resume() {
      socket.resume()
    },
    startTls(serverName) {
      if (closed || !deps.certificates) return
      letGo()
      startHandshake({
        socket,
        certificates: deps.certificates,
        serverName,
        direct: false,
        clock: deps.clock,
        timeoutMs: deps.handshakeTimeoutMs,
        onSecure(secured, info) {
          socket = secured
          tls = info
          listen()
          sink?.secured(info)
        },
        onFailure: finish,
      })
    },
    end() {
      if (!closed) endSoon()
    },
    destroy() {
      socket.destroy()
      finish()
    },
  }
}
