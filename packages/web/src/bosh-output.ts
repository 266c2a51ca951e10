import { frameKind } from '@xmppkit/stream'
import { type Wire, wireFromText } from '@xmppkit/xml'
import {
  type BodyAttributes,
  type BoshCondition,
  headerAttributes,
  takePortion,
  writeBody,
} from './bosh-body.js'
import type { BoshAnswer } from './bosh-order.js'
import { WriteReports } from './write-reports.js'

/** Stands for a frame that is said in attributes: it is counted, and not sent. */
const nothing: Wire = wireFromText('')

/** What a stream has written and no request has taken along yet, in the words of BOSH. */
export class BoshOutput {
  readonly #reports = new WriteReports()
  readonly #maxResponseBytes: number
  #frames: Wire[] = []
  #condition: BoshCondition | undefined
  /** What the next response says beside its content. */
  #news: BodyAttributes

  constructor(news: BodyAttributes, maxResponseBytes: number) {
    this.#news = news
    this.#maxResponseBytes = maxResponseBytes
  }

  /** Whether there is anything to take along. */
  get isEmpty(): boolean {
    return this.#frames.length === 0
  }

  /** Takes a frame of the stream; true for its goodbye. */
  write(frame: Wire): boolean {
    this.#reports.count()
    const kind = frameKind(frame)
    if (kind === 'open') this.#news = { ...this.#news, ...headerAttributes(frame) }
    if (kind === 'error') this.#condition = 'remote-stream-error'
    this.#frames.push(kind === 'open' || kind === 'close' ? nothing : frame)
    return kind === 'close'
  }

  /** Calls back once all that was written so far has been handed to the system. */
  await(done: () => void): void {
    this.#reports.await(done)
  }

  /** An answer that takes nothing along. */
  blank(attributes: BodyAttributes = {}): BoshAnswer {
    return this.#answer(writeBody(attributes), false)
  }

  /** The next answer: as much as fits, and what is new about the session. */
  next(attributes: BodyAttributes): BoshAnswer {
    const frames = takePortion(this.#frames, this.#maxResponseBytes)
    return this.#answer(writeBody({ ...this.#takeNews(), ...attributes }, sent(frames)), frames.length > 0)
  }

  /** The last answer: all that is left, and why it is the last. */
  last(): BoshAnswer {
    const frames = this.#frames.splice(0)
    const attributes = { type: 'terminate', condition: this.#condition, ...this.#takeNews() }
    return this.#answer(writeBody(attributes, sent(frames)), frames.length > 0)
  }

  /** Forgets everything; nobody hears of anything any more. */
  clear(): void {
    this.#reports.clear()
    this.#frames = []
  }

  #takeNews(): BodyAttributes {
    const news = this.#news
    this.#news = {}
    return news
  }

  #answer(body: Wire, hasContent: boolean): BoshAnswer {
    const upTo = this.#reports.written - this.#frames.length
    return { body, hasContent, onSent: () => this.#reports.landedUpTo(upTo) }
  }
}

function sent(frames: readonly Wire[]): readonly Wire[] {
  return frames.filter((frame) => frame !== nothing)
}
