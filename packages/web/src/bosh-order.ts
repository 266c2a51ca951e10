import type { Wire } from '@xmppkit/xml'
import { type BoshCondition, type BoshRequest, writeBody } from './bosh-body.js'
import type { BoshTerms } from './bosh-terms.js'

/** The way to answer one request. */
export interface BoshReply {
  /** Answers; `onSent` is called once the system has all of it, and not at all if the connection is gone. */
  send(body: Wire, onSent?: () => void): void
}

/** A request that was taken and is not answered. */
export interface HeldRequest {
  readonly rid: number
  /** Absent when its connection is gone. */
  reply: BoshReply | undefined
  /** When it has waited long enough, by the monotonic clock. */
  readonly due: number
}

/** An answer, which may be given again. */
export interface BoshAnswer {
  readonly body: Wire
  readonly onSent: () => void
  /** Whether there was something in it. */
  readonly hasContent: boolean
}

/** A request that came and was not taken yet. */
export interface EarlyRequest {
  readonly request: BoshRequest
  /** Absent when its connection is gone. */
  reply: BoshReply | undefined
}

interface Previous {
  readonly at: number
  readonly isEmpty: boolean
  hadContent: boolean
}

/**
 * The requests of one session: those that came too early, those that are held, and the answers that may be asked for again
 * (XEP-0124 §14). What goes in and out is in the order of their ids.
 */
export class BoshOrder {
  readonly #requests: number
  readonly #maxRepeats: number
  readonly #early = new Map<number, EarlyRequest>()
  readonly #answers = new Map<number, BoshAnswer>()
  #held: HeldRequest[] = []
  #last: number
  #repeats = 0
  #current: EarlyRequest | undefined
  #previous: Previous | undefined

  constructor(first: number, requests: number, maxRepeats: number) {
    this.#last = first - 1
    this.#requests = requests
    this.#maxRepeats = maxRepeats
  }

  /** The newest id that was taken, together with all before it. */
  get last(): number {
    return this.#last
  }

  /** How many requests are held. */
  get held(): number {
    return this.#held.length
  }

  /** The one to be answered first. */
  get oldest(): HeldRequest | undefined {
    return this.#held[0]
  }

  /** Whether one could be answered now. */
  get hasLive(): boolean {
    return this.#held.some(({ reply }) => reply !== undefined)
  }

  /** Takes a request in: for later, for another time, or not at all. */
  receive(request: BoshRequest, reply: BoshReply): 'taken' | 'repeated' | BoshCondition {
    const { rid } = request
    if (rid <= this.#last || this.#early.has(rid)) return this.#repeat(rid, reply)
    // Pausing and terminating may come on top (XEP-0124 §11).
    const most = this.#requests + (request.pause !== undefined || request.terminate ? 1 : 0)
    // The same for too large and too small, so that nobody can find out what would do.
    if (rid > this.#last + most) return 'item-not-found'
    if (this.#held.length + this.#early.size >= most) return 'policy-violation'
    this.#repeats = 0
    this.#early.set(rid, { request, reply })
    return 'taken'
  }

  /** The next request in order, if it is there. */
  get next(): EarlyRequest | undefined {
    this.#current = this.#early.get(this.#last + 1)
    return this.#current
  }

  /** Holds what {@link BoshOrder.next} gave, until it is answered. */
  hold(due: number, now: number): void {
    const current = this.#current
    if (current === undefined) return
    this.#last += 1
    this.#early.delete(this.#last)
    this.#current = undefined
    this.#held.push({ rid: this.#last, reply: current.reply, due })
    this.#previous = { at: now, isEmpty: isEmpty(current.request), hadContent: false }
  }

  /** Whether a client asks for news more often than it may (XEP-0124 §11, §12). */
  isTooSoon(request: BoshRequest, now: number, { hold, pollingMs }: BoshTerms): boolean {
    const previous = this.#previous
    if (previous === undefined || !isEmpty(request) || !previous.isEmpty) return false
    if (now - previous.at >= pollingMs) return false
    return hold === 0 ? !previous.hadContent : this.#held.length >= hold
  }

  /** Answers the oldest held request. */
  answer(held: HeldRequest, answer: BoshAnswer, { keep }: { readonly keep: boolean }): void {
    this.#held.shift()
    if (keep) this.#answers.set(held.rid, answer)
    this.#answers.delete(held.rid - this.#requests)
    if (held.rid === this.#last && this.#previous) this.#previous.hadContent = answer.hasContent
    held.reply?.send(answer.body, answer.onSent)
  }

  /** The connection of a request is gone; false if it was answered before, or is none of these. */
  lost(reply: BoshReply): boolean {
    const waiting = [...this.#held, ...this.#early.values()].find((one) => one.reply === reply)
    if (waiting !== undefined) waiting.reply = undefined
    return waiting !== undefined
  }

  /** Answers everything: the oldest that can be with one body, all others with another. */
  endAll(first: Wire, others: Wire, onSent?: () => void): void {
    const replies = [...this.#held, ...this.#early.values()].flatMap(({ reply }) => reply ?? [])
    this.#held = []
    this.#early.clear()
    this.#answers.clear()
    for (const [at, reply] of replies.entries()) {
      if (at === 0) reply.send(first, onSent)
      else reply.send(others)
    }
  }

  #repeat(rid: number, reply: BoshReply): 'repeated' | BoshCondition {
    this.#repeats += 1
    if (this.#repeats > this.#maxRepeats) return 'policy-violation'
    const waiting = this.#held.find((held) => held.rid === rid) ?? this.#early.get(rid)
    if (waiting !== undefined) {
      // XEP-0124 §14.3: whoever still listens there is told to ask again, and the answer goes to the latest.
      waiting.reply?.send(recoverable)
      waiting.reply = reply
      return 'repeated'
    }
    const answer = this.#answers.get(rid)
    if (answer === undefined) return 'item-not-found'
    reply.send(answer.body, answer.onSent)
    return 'repeated'
  }
}

const recoverable = writeBody({ type: 'error' })

// The one that creates a session asks for something.
function isEmpty({ sid, payloads, restart, terminate, pause }: BoshRequest): boolean {
  return sid !== undefined && payloads.length === 0 && !restart && !terminate && pause === undefined
}
