import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { Alarm, Alarms, ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import type { Wire } from '@xmppkit/xml'
import { WebSocket } from 'ws'
import { WriteReports } from './write-reports.js'

/** What the connections of one endpoint have in common. */
export interface WebSocketTransportDeps {
  readonly clock: Clock
  readonly alarms: Alarms
  readonly pingIntervalMs: number
}

/** One WebSocket whose handshake is done. */
export interface AcceptedWebSocket {
  readonly ws: WebSocket
  /** What it runs over. */
  readonly socket: Duplex
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly vouchedFor: BareJid | undefined
}

const transportOf = Symbol('transport')

interface Carrier {
  [transportOf]?: WebSocketTransport
}

/** What a message may exceed the limit by, so that the stream gets it and says what is wrong. */
const slackBytes = 65_536

const asText = { binary: false, compress: false, fin: true }

/**
 * Shows a WebSocket to a stream: one message, one element. A class whose listeners are shared, as that of TCP: closures of its
 * own would cost every connection a kilobyte.
 */
export class WebSocketTransport implements Transport, Alarm {
  readonly framing = 'framed'
  readonly canStartTls = false
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly vouchedFor: BareJid | undefined
  alarmAt = 0
  alarmPlace = -1
  readonly #deps: WebSocketTransportDeps
  readonly #ws: WebSocket & Carrier
  readonly #socket: Duplex & Carrier
  #sink: ConnectionSink | undefined
  #closed = false
  #corked = false
  #paused = false
  #heardAt: number
  #askedAt = Number.NEGATIVE_INFINITY
  readonly #reports = new WriteReports()
  #maxUnfinished = Number.POSITIVE_INFINITY
  /** Bytes since the last message: about those of one that is not complete. */
  #unfinished = 0

  constructor(
    deps: WebSocketTransportDeps,
    { ws, socket, remoteAddress, tls, vouchedFor }: AcceptedWebSocket,
  ) {
    this.#deps = deps
    this.#ws = ws
    this.#socket = socket
    this.remoteAddress = remoteAddress
    this.tls = tls
    this.vouchedFor = vouchedFor
    this.#heardAt = deps.clock.monotonic()
  }

  /** Says who is told of messages and the end. */
  attach(sink: ConnectionSink): void {
    this.#sink = sink
    this.#ws[transportOf] = this
    this.#socket[transportOf] = this
    this.#ws.on('message', onMessage)
    this.#ws.on('pong', onPong)
    this.#ws.on('error', onError)
    this.#ws.on('close', onClose)
    this.#socket.on('drain', onDrain)
    this.#socket.on('data', onData)
    this.#deps.alarms.set(this, this.#heardAt + this.#deps.pingIntervalMs)
  }

  write(wire: Wire): boolean {
    if (!this.#isOpen) return true
    // All messages of a turn leave in one piece; the stream asks for `flushed` when it has written them.
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
    }
    this.#reports.count()
    this.#ws.send(Buffer.from(wire, 'latin1'), asText, this.#onWritten)
    return !this.#socket.writableNeedDrain
  }

  flushed(done: () => void): void {
    this.#uncork()
    if (this.#isOpen) this.#reports.await(done)
  }

  expect(maxBytes: number): void {
    this.#maxUnfinished = maxBytes + slackBytes
  }

  pause(): void {
    this.#paused = true
    this.#ws.pause()
  }

  resume(): void {
    this.#paused = false
    this.#ws.resume()
  }

  end(): void {
    this.#uncork()
    if (this.#isOpen) this.#ws.close(1000)
  }

  destroy(): void {
    this.#ws.terminate()
    this.finish()
  }

  /** @internal For the alarms: whether the other side is still there. */
  ring(): void {
    if (this.#closed) return
    const now = this.#deps.clock.monotonic()
    // What is not read may hold the answer.
    if (!this.#paused && this.#heardAt < this.#askedAt) {
      this.#ws.terminate()
      this.finish(new Error('no answer to a ping'))
      return
    }
    if (this.#isOpen) this.#ws.ping()
    this.#askedAt = now
    this.#deps.alarms.set(this, now + this.#deps.pingIntervalMs)
  }

  /** A message has come. */
  received(data: Buffer, isBinary: boolean): void {
    if (this.#closed) return
    this.heard()
    this.#unfinished = 0
    if (isBinary) this.refuse(1003)
    else this.#sink?.receive(data)
  }

  /** A chunk has been looked at; messages that were complete with it have been received by now. */
  collected(bytes: number): void {
    this.#unfinished += bytes
    if (this.#unfinished > this.#maxUnfinished) this.refuse(1009, new Error('a message too large'))
  }

  heard(): void {
    this.#heardAt = this.#deps.clock.monotonic()
  }

  drained(): void {
    this.#sink?.drained()
  }

  /** Ends a connection that breaks the rules of framing (W-6): it is told why, and not listened to any more. */
  refuse(code: number, cause = new Error('a binary message')): void {
    this.#uncork()
    if (this.#isOpen) this.#ws.close(code)
    const socket = this.#socket as Partial<Socket> & Duplex
    if (socket.destroySoon) socket.destroySoon()
    else socket.destroy()
    this.finish(cause)
  }

  finish(error?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#deps.alarms.clear(this)
    this.#sink?.disconnected(error)
  }

  get #isOpen(): boolean {
    return !this.#closed && this.#ws.readyState === WebSocket.OPEN
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (error) this.#reports.failed()
    else this.#reports.landed()
  }

  #uncork(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }
}

function onMessage(this: WebSocket & Carrier, data: unknown, isBinary: boolean): void {
  this[transportOf]?.received(data as Buffer, isBinary)
}

function onData(this: Duplex & Carrier, chunk: Buffer): void {
  this[transportOf]?.collected(chunk.length)
}

function onPong(this: WebSocket & Carrier): void {
  this[transportOf]?.heard()
}

function onError(this: WebSocket & Carrier, error: Error): void {
  // ws has sent the code that fits what is wrong: an unknown opcode, too many fragments, too large.
  this[transportOf]?.refuse(1002, error)
}

function onClose(this: WebSocket & Carrier, code: number): void {
  this[transportOf]?.finish(code === 1006 ? new Error('the connection was lost') : undefined)
}

function onDrain(this: Duplex & Carrier): void {
  this[transportOf]?.drained()
}
