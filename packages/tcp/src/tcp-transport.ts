import type { Socket } from 'node:net'
import type { Clock } from '@xmppkit/runtime'
import type { ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import type { Wire } from '@xmppkit/xml'
import type { Certificates } from './certificates.js'
import { startHandshake } from './tls-handshake.js'

/** What the connections of one listener have in common. */
export interface TcpTransportDeps {
  /** Makes STARTTLS possible. */
  readonly certificates: Certificates | undefined
  readonly clock: Clock
  readonly handshakeTimeoutMs: number
  readonly lingerMs: number
}

/** One accepted socket. */
export interface AcceptedSocket {
  readonly socket: Socket
  readonly remoteAddress: string
  /** Details of TLS when the handshake is done already. */
  readonly tls: TlsInfo | undefined
  /** Its place among the connections, given back when it is gone. */
  readonly slot: Disposable
}

/** A {@link Transport} that can be told who reads. */
export interface TcpTransport extends Transport {
  attach(sink: ConnectionSink): void
}

/** Shows an accepted socket to a stream: bytes in and out, back-pressure, STARTTLS, the end. */
export function createTcpTransport(deps: TcpTransportDeps, accepted: AcceptedSocket): TcpTransport {
  return new SocketTransport(deps, accepted)
}

// The TLS stream of Node starts with a buffer of 1 KiB unless the certificates are longer. What does not fit makes it take one of
// 16 KiB, which the client then holds while it idles: so the features go in pieces, each when the one before it has gone.
const TLS_PIECE = 720
const EARLY_WRITES = 8
const EARLY_BYTES = 4096

const transportOf = Symbol('transport')

interface CarrierSocket extends Socket {
  [transportOf]?: SocketTransport
}

interface Waiting {
  readonly at: number
  readonly done: () => void
}

// A class whose listeners are shared: closures of its own would cost every connection a kilobyte.
class SocketTransport implements TcpTransport {
  readonly framing = 'stream'
  readonly remoteAddress: string
  readonly #deps: TcpTransportDeps
  readonly #slot: Disposable
  #socket: CarrierSocket
  #tls: TlsInfo | undefined
  #sink: ConnectionSink | undefined
  #closed = false
  #linger: Disposable | undefined
  // Counted, because asking the socket with an empty write costs as much as a small one.
  #written = 0
  #landed = 0
  #waiting: Waiting[] | undefined
  // What of the early writes has not been given to the socket yet.
  #rest: string | undefined

  constructor(deps: TcpTransportDeps, { socket, remoteAddress, tls, slot }: AcceptedSocket) {
    this.remoteAddress = remoteAddress
    this.#deps = deps
    this.#slot = slot
    this.#socket = socket
    this.#tls = tls
  }

  get tls(): TlsInfo | undefined {
    return this.#tls
  }

  get canStartTls(): boolean {
    return this.#tls === undefined && this.#deps.certificates !== undefined
  }

  attach(sink: ConnectionSink): void {
    this.#sink = sink
    this.#listen()
  }

  write(wire: Wire): boolean {
    if (this.#closed || this.#socket.writableEnded) return true
    if (this.#rest !== undefined) this.#put(this.#takeRest())
    if (!this.#tls || this.#written >= EARLY_WRITES || wire.length > EARLY_BYTES) return this.#put(wire)
    this.#rest = wire
    this.#putPiece()
    return true
  }

  flushed(done: () => void): void {
    if (this.#closed || this.#socket.writableEnded) return
    if (this.#rest !== undefined) this.#put(this.#takeRest())
    if (this.#landed === this.#written) {
      done()
      return
    }
    this.#waiting ??= []
    this.#waiting.push({ at: this.#written, done })
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  startTls(serverName: string): void {
    const { certificates, clock, handshakeTimeoutMs: timeoutMs } = this.#deps
    if (this.#closed || !certificates) return
    this.#letGo()
    startHandshake({
      socket: this.#socket,
      certificates,
      serverName,
      direct: false,
      clock,
      timeoutMs,
      onSecure: (socket, tls) => {
        this.#socket = socket
        this.#tls = tls
        this.#listen()
        this.#sink?.secured(tls)
      },
      onFailure: (error) => this.finish(error),
    })
  }

  end(): void {
    if (!this.#closed) this.endSoon()
  }

  destroy(): void {
    this.#socket.destroy()
    this.finish()
  }

  received(chunk: Buffer): void {
    this.#sink?.receive(chunk)
  }

  drained(): void {
    this.#sink?.drained()
  }

  /** After the peer's FIN our last bytes still go out, but not for ever. */
  endSoon(): void {
    const socket = this.#socket
    if (this.#rest !== undefined && !socket.writableEnded) this.#put(this.#takeRest())
    // Asking twice makes an error, which costs more than all else about a goodbye.
    if (!socket.writableEnded) socket.end()
    if (!this.#linger && !socket.destroyed) {
      this.#linger = this.#deps.clock.after(this.#deps.lingerMs, () => socket.destroy())
    }
  }

  /** The stream is told when the last bytes have gone out, or never will: what it believes lost it sends another way. */
  closed(): void {
    this.#linger?.[Symbol.dispose]()
    this.finish()
  }

  finish(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#slot[Symbol.dispose]()
    this.#sink?.disconnected(error)
  }

  #put(wire: string): boolean {
    this.#written += 1
    return this.#socket.write(wire, 'latin1', this.#onWritten)
  }

  #takeRest(): string {
    const rest = this.#rest ?? ''
    this.#rest = undefined
    return rest
  }

  #putPiece(): void {
    const rest = this.#takeRest()
    if (rest.length > TLS_PIECE) this.#rest = rest.slice(TLS_PIECE)
    this.#put(rest.slice(0, TLS_PIECE))
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#landed += 1
    if (error) return
    if (this.#rest !== undefined && !this.#socket.writableEnded) this.#putPiece()
    const waiting = this.#waiting
    if (waiting === undefined) return
    while (waiting[0] !== undefined && waiting[0].at <= this.#landed) waiting.shift()?.done()
    if (waiting.length === 0 && this.#waiting === waiting) this.#waiting = undefined
  }

  #listen(): void {
    const socket = this.#socket
    socket[transportOf] = this
    socket.on('data', onData)
    socket.on('drain', onDrain)
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
  }

  // Listeners of the plain socket must not see TLS records, nor must TLS see cleartext (NODE-6, T-3).
  #letGo(): void {
    const socket = this.#socket
    socket.removeListener('data', onData)
    socket.removeListener('drain', onDrain)
    socket.removeListener('end', onEnd)
    socket.removeListener('error', onError)
    socket.removeListener('close', onClose)
    while (socket.read() !== null) {}
  }
}

function onData(this: CarrierSocket, chunk: Buffer): void {
  this[transportOf]?.received(chunk)
}

function onDrain(this: CarrierSocket): void {
  this[transportOf]?.drained()
}

function onEnd(this: CarrierSocket): void {
  this[transportOf]?.endSoon()
}

function onError(this: CarrierSocket, error: Error): void {
  this.destroy()
  this[transportOf]?.finish(error)
}

function onClose(this: CarrierSocket): void {
  this[transportOf]?.closed()
}
