import { parseBytes } from './parsed-element.js'
import type { RawElement } from './raw-element.js'
import type { ReaderLimits } from './reader-limits.js'
import { nothingAround } from './scan-state.js'
import type { StreamReader } from './stream-reader.js'
import { asBuffer } from './wire.js'

/** A reader of frames, each a document of its own (RFC 7395 §3.3). */
export class FrameReader implements StreamReader {
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
