import { byteClass, SPACE } from './characters.js'
import { XmlError } from './errors.js'
import { defaultNamespace, elementFrom, parseBytes } from './parsed-element.js'
import type { RawElement } from './raw-element.js'
import { type ReaderLimits, readerLimits } from './reader-limits.js'
import { advance, beginScan, endScan } from './scan.js'
import { malformed, nothingAround, overLimit, type Scan, type Surroundings } from './scan-state.js'
import { declarationEnd } from './xml-declaration.js'

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

const nothing: Buffer = Buffer.alloc(0)
const close: StreamClose = Object.freeze({ kind: 'close' })

const LESS = 0x3c
const SLASH = 0x2f
const GREATER = 0x3e
const QUESTION = 0x3f

/** What the reader expects next outside of elements. */
type Phase = 'start' | 'prolog' | 'inside' | 'ending' | 'empty' | 'ended'

class DocumentReader implements StreamReader {
  #limits: ReaderLimits
  #buf = nothing
  /** First byte not consumed: where the element at hand starts. */
  #start = 0
  #end = 0
  /** The buffer is ours to append to. */
  #own = false
  #phase: Phase = 'start'
  #around = nothingAround
  #rootName = nothing
  #scan: Scan | undefined
  /** How far into the element at hand the scanner is. */
  #scanned = 0
  #failure: unknown

  constructor(limits: ReaderLimits) {
    this.#limits = limits
  }

  get buffered(): number {
    return this.#end - this.#start
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#failure !== undefined) return
    const held = this.#end - this.#start
    if (held === 0) {
      this.#buf = asBuffer(chunk)
      this.#start = 0
      this.#end = chunk.length
      this.#own = false
      return
    }
    if (!this.#own || this.#end + chunk.length > this.#buf.length) this.#makeRoom(held + chunk.length)
    this.#buf.set(chunk, this.#end)
    this.#end += chunk.length
  }

  next(): StreamOpen | RawElement | StreamClose | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      const event = this.#scan ? this.#goOn(this.#scan) : this.#between()
      if (event === undefined || this.#start === this.#end) this.#tidy()
      return event
    } catch (error) {
      this.#failure = error
      this.#forget(true)
      throw error
    }
  }

  restart(): void {
    this.#forget(false)
  }

  discard(): void {
    this.#forget(true)
  }

  setLimits(limits: ReaderLimits): void {
    this.#limits = limits
    if (this.#scan) this.#scan.limits = limits
  }

  #forget(bytesToo: boolean): void {
    if (this.#scan) endScan(this.#scan)
    this.#scan = undefined
    this.#phase = 'start'
    this.#around = nothingAround
    this.#rootName = nothing
    if (bytesToo) {
      this.#start = this.#end
      this.#tidy()
    }
  }

  /** Doubles, so that a drip of single bytes is copied a constant number of times. */
  #makeRoom(needed: number): void {
    const room = this.#own && needed * 2 <= this.#buf.length ? this.#buf : Buffer.allocUnsafeSlow(needed * 2)
    this.#buf.copy(room, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#buf = room
    this.#own = true
  }

  /** Lets go of bytes that were read. */
  #tidy(): void {
    const held = this.#end - this.#start
    if (held === 0) {
      this.#buf = nothing
      this.#own = false
    } else if (this.#buf.buffer.byteLength > 4 * held + 1024) {
      const exact = Buffer.allocUnsafeSlow(held)
      this.#buf.copy(exact, 0, this.#start, this.#end)
      this.#buf = exact
      this.#own = true
    } else return
    this.#start = 0
    this.#end = held
    if (this.#scan) this.#scan.buf = this.#buf
  }

  /** Reads on outside of elements. */
  #between(): StreamOpen | RawElement | StreamClose | undefined {
    if (this.#phase === 'start' && !this.#readDeclaration()) return undefined
    if (this.#phase === 'empty') {
      this.#phase = 'ended'
      return close
    }
    const buf = this.#buf
    const end = this.#end
    let i = this.#start
    while (i < end && (byteClass[buf[i]!]! & SPACE) !== 0) i++
    this.#start = i
    if (this.#phase === 'ending') return this.#endRoot()
    if (i === end) return undefined
    if (this.#phase === 'ended') throw malformed('something follows the end of the stream')
    if (buf[i] !== LESS) throw betweenElements(buf[i]!)
    if (i + 1 === end) return undefined
    if (buf[i + 1] === SLASH) return this.#readRootEnd()
    this.#scan = beginScan(this.#limits, this.#around, this.#phase === 'prolog')
    this.#scanned = 1
    return this.#goOn(this.#scan)
  }

  /** the declaration is legal only as the very first bytes. */
  #readDeclaration(): boolean {
    const held = this.#end - this.#start
    if (held === 0) return false
    if (this.#buf[this.#start] === LESS) {
      if (held === 1) return false
      if (this.#buf[this.#start + 1] === QUESTION) {
        const end = declarationEnd(this.#buf, this.#start, this.#end)
        if (end === 0) return false
        this.#start = end
      }
    }
    this.#phase = 'prolog'
    return true
  }

  #goOn(s: Scan): StreamOpen | RawElement | undefined {
    const { maxBytes } = this.#limits
    s.buf = this.#buf
    s.base = this.#start
    s.pos = this.#start + this.#scanned
    // The verdict must not depend on how the bytes were cut, so no byte beyond the limit is looked at.
    s.end = Math.min(this.#end, this.#start + maxBytes)
    if (!advance(s)) {
      if (s.end - s.base >= maxBytes) throw overLimit('the element is too large')
      this.#scanned = s.pos - s.base
      return undefined
    }
    const element = elementFrom(s)
    const event = s.headerOnly ? this.#openRoot(s, element) : element
    this.#start = s.pos
    this.#scan = undefined
    endScan(s)
    return event
  }

  #openRoot(s: Scan, header: RawElement): StreamOpen {
    this.#around = surroundingsOf(s, header)
    this.#rootName = Buffer.from(s.slice(s.topNameStart, s.topNameEnd), 'latin1')
    this.#phase = s.emptyTop ? 'empty' : 'inside'
    return { kind: 'open', header, contentNs: this.#around.ns }
  }

  #readRootEnd(): StreamClose | undefined {
    if (this.#phase !== 'inside') throw malformed('an end tag without a start tag')
    const from = this.#start + 2
    const name = this.#rootName
    for (let k = 0; k < name.length; k++) {
      if (from + k === this.#end) return undefined
      if (this.#buf[from + k] !== name[k]) throw malformed('an end tag does not match')
    }
    this.#start = from + name.length
    this.#phase = 'ending'
    return this.#between() as StreamClose | undefined
  }

  #endRoot(): StreamClose | undefined {
    if (this.#start === this.#end) return undefined
    if (this.#buf[this.#start] !== GREATER) throw malformed('an end tag does not match')
    this.#start++
    this.#phase = 'ended'
    return close
  }
}

/** A reader of frames, each a document of its own (RFC 7395 §3.3). */
class FrameReader implements StreamReader {
  #limits: ReaderLimits
  #frames: Buffer[] = []
  #buffered = 0
  #failure: unknown

  constructor(limits: ReaderLimits) {
    this.#limits = limits
  }

  get buffered(): number {
    return this.#buffered
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return
    this.#frames.push(asBuffer(chunk))
    this.#buffered += chunk.length
  }

  next(): RawElement | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const frame = this.#frames.shift()
    if (!frame) return undefined
    this.#buffered -= frame.length
    try {
      return parseBytes(frame, this.#limits, nothingAround)
    } catch (error) {
      this.#failure = error
      this.discard()
      throw error
    }
  }

  restart(): void {
    // Every frame is a document, so there is none to forget.
  }

  discard(): void {
    this.#frames = []
    this.#buffered = 0
  }

  setLimits(limits: ReaderLimits): void {
    this.#limits = limits
  }
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

function surroundingsOf(s: Scan, header: RawElement): Surroundings {
  const prefixes = new Map<string, string>()
  for (const [name, value] of header.attributes) {
    if (name.startsWith('xmlns:') && name !== 'xmlns:xml') prefixes.set(name.slice(6), value)
  }
  return { ns: defaultNamespace(s), prefixes }
}

/** S-12: only white space may stand between elements. */
function betweenElements(byte: number): XmlError {
  const impossible = (byte >= 0x80 && byte < 0xc2) || byte > 0xf4
  return impossible
    ? new XmlError('unsupported-encoding', 'the bytes are not UTF-8')
    : malformed('text between elements')
}
