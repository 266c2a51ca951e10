import { DocumentReader } from './document-reader.js'
import { FrameReader } from './frame-reader.js'
import type { RawElement } from './raw-element.js'
import { type ReaderLimits, readerLimits } from './reader-limits.js'

/** The start tag of the stream was read. */
export interface StreamOpen {
  /** Tells the event from others. */
  readonly kind: 'open'
  /** The start tag as an element without content. */
  readonly header: RawElement
  /** The default namespace it declares, which stanzas are in: the content namespace (RFC 6120 §4.8.2). */
  readonly contentNs: string
}

/** The end tag of the stream was read. */
export interface StreamClose {
  /** Tells the event from others. */
  readonly kind: 'close'
}

/** How a reader is set up. */
export interface StreamReaderOptions {
  /**
   * `stream`: one document whose root stays open (RFC 6120). `framed`: every push is one frame with one element
   * (RFC 7395).
   * @default 'stream'
   */
  readonly framing?: 'stream' | 'framed'
  /**
   * What to accept at most.
   * @default readerLimits.beforeAuthentication
   */
  readonly limits?: ReaderLimits
}

/** The options of {@link createStreamReader} when none are given. */
export const streamReaderDefaults: Required<StreamReaderOptions> = Object.freeze({
  framing: 'stream',
  limits: readerLimits.beforeAuthentication,
})

/** Turns the bytes of one stream into events, one each time it is asked, and none it is not asked for. */
export interface StreamReader {
  /** Bytes held: unread ones, and those of an element that is not complete. */
  readonly buffered: number
  /** Gives the reader bytes, in framed mode one frame. It keeps the chunk until it is read: do not write into it. */
  push(chunk: Uint8Array): void
  /**
   * Reads at most one event. `undefined` asks for more bytes. In framed mode there are only elements.
   * @throws XmlError when the bytes are not an acceptable stream; every later call throws the same
   */
  next(): StreamOpen | RawElement | StreamClose | undefined
  /** Expects a new document in the bytes not yet read: what a stream does after SASL (RFC 6120 §6.3.2). */
  restart(): void
  /** Drops all bytes not yet read and expects a new document, so that nothing sent before TLS counts after it (T-3). */
  discard(): void
  /** Changes the limits, for the element at hand too. */
  setLimits(limits: ReaderLimits): void
}

/**
 * Makes the reader of one stream.
 *
 * @example
 * ```ts
 * const reader = createStreamReader()
 * reader.push(new TextEncoder().encode("<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><presence/>"))
 * reader.next() // { kind: 'open', header, contentNs: 'jabber:client' }
 * reader.next() // { kind: 'element', name: 'presence', ns: 'jabber:client', ... }
 * reader.next() // undefined
 * ```
 */
export function createStreamReader(options: StreamReaderOptions = {}): StreamReader {
  const { framing, limits } = { ...streamReaderDefaults, ...options }
  return framing === 'framed' ? new FrameReader(limits) : new DocumentReader(limits)
}
