import type { ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import { bytesFromWire, type Wire } from '@xmppkit/xml'

/** Settings of {@link createPipe}. */
export interface PipeOptions {
  /**
   * Whether both ends believe the pipe to be secure, so that no STARTTLS is needed.
   *
   * @default true
   */
  readonly secure?: boolean
  /**
   * What both ends know of the TLS of a secure pipe: data of channel bindings, a client's certificate.
   *
   * @default version 1.3 and nothing else
   */
  readonly tls?: TlsInfo
  /**
   * Whether an insecure pipe can be upgraded; the handshake always succeeds and encrypts nothing.
   *
   * @default true
   */
  readonly canStartTls?: boolean
  /**
   * Network address the server's end sees.
   *
   * @default '127.0.0.1'
   */
  readonly remoteAddress?: string
  /**
   * One XML document, or one element per message (RFC 7395).
   *
   * @default 'stream'
   */
  readonly framing?: 'stream' | 'framed'
  /**
   * Cuts what is written into the chunks the other end receives, to test any fragmentation.
   *
   * @default one chunk per write
   */
  readonly split?: (bytes: Uint8Array) => Iterable<Uint8Array>
  /**
   * Bytes that may wait for an end that does not read before `write` says that it is too much.
   *
   * @default 65_536
   */
  readonly highWaterBytes?: number
}

/** One end of a pipe: a transport that is told who reads. */
export interface PipeEnd extends Transport {
  /** Says who is told of bytes, TLS and the end. */
  attach(sink: ConnectionSink): void
}

/** Two ends, each of which reads what the other writes. */
export interface Pipe {
  /** The initiating end. */
  readonly client: PipeEnd
  /** The accepting end: give it to a listener's `accept`. */
  readonly server: PipeEnd
}

type Item =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'call'; readonly run: () => void }
  | { readonly kind: 'end' }

const pipeTls: TlsInfo = Object.freeze({ protocol: 'TLSv1.3' })

/**
 * Connects two ends in memory. Bytes arrive in order and asynchronously, as over a socket; an end that
 * pauses lets them wait.
 *
 * @example
 * ```ts
 * const { client, server } = createPipe()
 * server.attach(port.accept(server))
 * ```
 */
export function createPipe(options: PipeOptions = {}): Pipe {
  const client = new End(options, '127.0.0.1')
  const server = new End(options, options.remoteAddress ?? '127.0.0.1')
  client.peer = server
  server.peer = client
  return { client, server }
}

class End implements PipeEnd {
  readonly framing: 'stream' | 'framed'
  readonly remoteAddress: string
  peer: End | undefined
  #tls: TlsInfo | undefined
  #sink: ConnectionSink | undefined
  #incoming: Item[] = []
  #waitingBytes = 0
  #peerIsFull = false
  #paused = false
  #ended = false
  #saidEnd = false
  #scheduled = false
  readonly #options: PipeOptions

  constructor(options: PipeOptions, remoteAddress: string) {
    this.#options = options
    this.framing = options.framing ?? 'stream'
    this.remoteAddress = remoteAddress
    this.#tls = (options.secure ?? true) ? (options.tls ?? pipeTls) : undefined
  }

  get tls(): TlsInfo | undefined {
    return this.#tls
  }

  get canStartTls(): boolean {
    return this.#tls === undefined && (this.#options.canStartTls ?? true)
  }

  attach(sink: ConnectionSink): void {
    this.#sink = sink
    this.#schedule()
  }

  write(wire: Wire): boolean {
    if (this.#ended) return true
    const bytes = bytesFromWire(wire)
    for (const chunk of this.#options.split?.(bytes) ?? [bytes])
      this.peer!.#put({ kind: 'bytes', bytes: chunk })
    const full = this.peer!.#waitingBytes >= (this.#options.highWaterBytes ?? 65_536)
    this.#peerIsFull ||= full
    return !full
  }

  flushed(done: () => void): void {
    if (!this.#ended) this.peer!.#put({ kind: 'call', run: done })
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  startTls(): void {
    const secured = () => {
      this.#tls = this.#options.tls ?? pipeTls
      this.#sink?.secured(this.#tls)
    }
    this.#put({ kind: 'call', run: secured })
  }

  end(): void {
    if (this.#saidEnd) return
    this.#saidEnd = true
    this.peer!.#put({ kind: 'end' })
  }

  destroy(): void {
    this.end()
    this.#finish()
  }

  #put(item: Item): void {
    if (item.kind === 'bytes') this.#waitingBytes += item.bytes.length
    this.#incoming.push(item)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || !this.#sink || this.#incoming.length === 0) return
    this.#scheduled = true
    setImmediate(() => this.#pump())
  }

  #pump(): void {
    this.#scheduled = false
    // One after another and cut off once: taking each from the front of a long list is slow.
    let taken = 0
    while (!this.#paused && taken < this.#incoming.length) this.#take(this.#incoming[taken++]!)
    this.#incoming.splice(0, taken)
    if (this.#waitingBytes === 0) this.peer!.#drained()
    this.#schedule()
  }

  #take(item: Item): void {
    if (item.kind === 'end')
      this.destroy() // no half-open pipes: the peer hears of the end too
    else if (item.kind === 'call') item.run()
    else {
      this.#waitingBytes -= item.bytes.length
      if (!this.#ended) this.#sink?.receive(item.bytes)
    }
  }

  #drained(): void {
    if (!this.#peerIsFull) return
    this.#peerIsFull = false
    this.#sink?.drained()
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    this.#sink?.disconnected()
  }
}
