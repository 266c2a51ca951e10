import { byteClass, SPACE } from './characters.js'
import { elementFrom } from './parsed-element.js'
import type { RawElement } from './raw-element.js'
import type { ReaderLimits } from './reader-limits.js'
import { advance, beginScan, endScan } from './scan.js'
import {
  malformed,
  notAnElement,
  nothingAround,
  overLimit,
  type Scan,
  type Surroundings,
} from './scan-state.js'
import type { StreamClose, StreamOpen, StreamReader } from './stream-reader.js'
import { defaultNamespace } from './top-tag.js'
import { asBuffer } from './wire.js'
import { declarationEnd } from './xml-declaration.js'

const nothing: Buffer = Buffer.alloc(0)
const close: StreamClose = Object.freeze({ kind: 'close' })

const LESS = 0x3c
const SLASH = 0x2f
const GREATER = 0x3e
const QUESTION = 0x3f

/** What the reader expects next outside of elements. */
type Phase = 'restart' | 'start' | 'prolog' | 'inside' | 'ending' | 'empty' | 'ended'

/** The reader of a document whose root stays open (RFC 6120 §4). */
export class DocumentReader implements StreamReader {
  #limits: ReaderLimits
  #buf = nothing
  /** First byte not consumed: where the element at hand starts. */
  #start = 0
  #end = 0
  /** The buffer is ours to append to. */
  #own = false
  #phase: Phase = 'start'
  #around = nothingAround
  /** The root's name as it was written. */
  #rootName = ''
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
    // A peer may end the last element of the old document with a line break (go-sendxmpp does).
    this.#phase = 'restart'
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
    this.#rootName = ''
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
    if (this.#phase === 'restart' && !this.#skipSpace()) return undefined
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
    if (buf[i] !== LESS) throw notAnElement(buf[i]!)
    if (i + 1 === end) return undefined
    if (buf[i + 1] === SLASH) return this.#readRootEnd()
    this.#scan = beginScan(this.#limits, this.#around, this.#phase === 'prolog')
    this.#scanned = 1
    return this.#goOn(this.#scan)
  }

  /** White space left of the former document is not part of the new one. */
  #skipSpace(): boolean {
    while (this.#start < this.#end && (byteClass[this.#buf[this.#start]!]! & SPACE) !== 0) this.#start++
    if (this.#start === this.#end) return false
    this.#phase = 'start'
    return true
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
    this.#rootName = s.slice(s.topNameStart, s.topNameEnd)
    this.#phase = s.emptyTop ? 'empty' : 'inside'
    return { kind: 'open', header, contentNs: this.#around.ns }
  }

  #readRootEnd(): StreamClose | undefined {
    if (this.#phase !== 'inside') throw malformed('an end tag without a start tag')
    const from = this.#start + 2
    const name = this.#rootName
    for (let k = 0; k < name.length; k++) {
      if (from + k === this.#end) return undefined
      if (this.#buf[from + k] !== name.charCodeAt(k)) throw malformed('an end tag does not match')
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

// Nearly all streams declare the same, so what the last one declared serves the next one too.
let latest: Surroundings = nothingAround

function surroundingsOf(s: Scan, header: RawElement): Surroundings {
  const prefixes = new Map<string, string>()
  for (const [name, value] of header.attributes) {
    if (name.startsWith('xmlns:') && name !== 'xmlns:xml') prefixes.set(name.slice(6), value)
  }
  const ns = defaultNamespace(s)
  if (ns !== latest.ns || !sameEntries(prefixes, latest.prefixes)) latest = { ns, prefixes }
  return latest
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}
