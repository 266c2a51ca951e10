import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { Alarm, Alarms, ConnectionSink, TlsInfo, Transport } from '@xmppkit/stream'
import { bytesFromWire, type Wire } from '@xmppkit/xml'
import { type BoshCondition, type BoshRequest, framesOf, terminal } from './bosh-body.js'
import { BoshOrder, type BoshReply, type HeldRequest } from './bosh-order.js'
import { BoshOutput } from './bosh-output.js'
import type { BoshTerms } from './bosh-terms.js'
import { createKeySequence, type KeySequence } from './key-sequence.js'

/** What the sessions of one endpoint have in common. */
export interface BoshSessionDeps {
  readonly clock: Clock
  readonly alarms: Alarms
  /** The session is over. */
  onEnded(session: BoshSession): void
}

/** What is known of a session from the request that created it. */
export interface BoshBeginning {
  readonly sid: string
  readonly terms: BoshTerms
  readonly request: BoshRequest
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly vouchedFor: BareJid | undefined
}

/**
 * Shows a BOSH session to a stream, as a transport of frames: what requests bring is handed on in the order of their ids, and
 * what the stream writes goes into the answer of the oldest request that waits.
 */
export class BoshSession implements Transport, Alarm {
  readonly framing = 'framed'
  readonly canStartTls = false
  readonly sid: string
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly vouchedFor: BareJid | undefined
  alarmAt = 0
  alarmPlace = -1
  readonly #deps: BoshSessionDeps
  readonly #terms: BoshTerms
  readonly #order: BoshOrder
  readonly #keys: KeySequence
  readonly #to: string | undefined
  #sink: ConnectionSink | undefined
  #ended = false
  #closing = false
  #ending = false
  #paused = false
  #advancing = false
  #stalled = false
  /** Frames of the request at hand that were not handed on yet. */
  #incoming: Wire[] = []
  readonly #output: BoshOutput
  #isNew = true
  #maxBytes = Number.POSITIVE_INFINITY
  #patienceMs: number
  #idleSince: number

  constructor(deps: BoshSessionDeps, { sid, terms, request, ...peer }: BoshBeginning) {
    this.#deps = deps
    this.#terms = terms
    this.sid = sid
    this.remoteAddress = peer.remoteAddress
    this.tls = peer.tls
    this.vouchedFor = peer.vouchedFor
    this.#to = request.to
    this.#keys = createKeySequence(request.newKey)
    this.#order = new BoshOrder(request.rid, terms.requests, terms.maxRepeats)
    this.#output = new BoshOutput(terms.attributes, terms.maxResponseBytes)
    this.#patienceMs = terms.inactivityMs
    this.#idleSince = deps.clock.monotonic()
  }

  /** Says who is told of frames and the end. */
  attach(sink: ConnectionSink): void {
    this.#sink = sink
  }

  /** Takes a request that is for this session; it is answered when there is something to say, or it has waited long enough. */
  take(request: BoshRequest, reply: BoshReply, secure: boolean): void {
    // BO-3: whoever could read along knows the session's id from now on.
    const isExposed = this.tls !== undefined && !secure
    const isRefused = isExposed || this.#isTooMuch(request)
    const verdict = isRefused ? 'policy-violation' : this.#order.receive(request, reply)
    if (verdict === 'repeated') {
      this.#idleSince = this.#deps.clock.monotonic()
      this.#wake()
      this.#respond()
    } else if (verdict === 'taken') this.#advance()
    else this.#fail(verdict, reply)
  }

  /** Ends the session because of a request that could not be read. */
  refuse(reply: BoshReply): void {
    this.#fail('bad-request', reply)
  }

  /** The connection of a request is gone before it was answered. */
  lost(reply: BoshReply): void {
    if (this.#ended || !this.#order.lost(reply)) return
    this.#idleSince = this.#deps.clock.monotonic()
    this.#respond()
  }

  expect(maxBytes: number): void {
    this.#maxBytes = maxBytes
  }

  write(frame: Wire): boolean {
    if (this.#ended) return true
    if (this.#output.write(frame)) this.#sayGoodbye()
    return true
  }

  flushed(done: () => void): void {
    if (this.#ended) return
    this.#output.await(done)
    this.#respond()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#advance()
  }

  end(): void {
    if (this.#ended) return
    this.#ending = true
    this.#respond()
  }

  destroy(): void {
    this.#finish('remote-connection-failed')
  }

  /** @internal For the alarms: a request has waited long enough, or the client has been away too long. */
  ring(): void {
    const now = this.#deps.clock.monotonic()
    for (let next = this.#order.oldest; next !== undefined && next.due <= now; next = this.#order.oldest) {
      if (next.reply === undefined) break
      this.#answer(next)
    }
    if (!this.#order.hasLive && now >= this.#idleSince + this.#patienceMs) {
      // To requests that came too early and wait for one that never did.
      this.#finish('item-not-found', new Error('no request for too long'))
    } else this.#schedule()
  }

  /** Hands on what has come, in order, as far as the stream takes it. */
  #advance(): void {
    if (this.#advancing || this.#ended) return
    this.#advancing = true
    while (!this.#ended && !this.#paused) {
      const frame = this.#incoming.shift()
      if (frame !== undefined) this.#sink?.receive(bytesFromWire(frame))
      else if (!this.#takeNext()) break
    }
    this.#advancing = false
    this.#respond()
  }

  /** What would wait here longer than a stranger may have things kept; a single element is for the stream to judge (SEC-2). */
  #isTooMuch({ rid, payloads }: BoshRequest): boolean {
    if (payloads.length === 0 || (payloads.length === 1 && rid === this.#order.last + 1)) return false
    return payloads.reduce((bytes, one) => bytes + one.length, 0) > 2 * this.#maxBytes
  }

  /** Begins with the next request in order, if it is there. */
  #takeNext(): boolean {
    const next = this.#order.next
    if (next === undefined) return false
    const { request, reply } = next
    const now = this.#deps.clock.monotonic()
    if (!this.#isNew && !this.#keys.accepts(request.key, request.newKey)) {
      this.#fail('item-not-found', reply)
      return false
    }
    if (this.#order.isTooSoon(request, now, this.#terms)) {
      this.#fail('policy-violation', reply)
      return false
    }
    this.#patienceMs = this.#terms.inactivityMs
    if (request.pause !== undefined) return this.#pauseFor(request.pause, reply)
    this.#order.hold(now + this.#terms.waitMs, now)
    this.#incoming = framesOf(request, { isFirst: this.#isNew, to: this.#to })
    this.#wake()
    return true
  }

  /** Everything that waits is answered with nothing, and the client may be away for so long (XEP-0124 §10). */
  #pauseFor(seconds: number, reply: BoshReply | undefined): boolean {
    if (seconds * 1000 > this.#terms.maxPauseMs) {
      this.#fail('policy-violation', reply)
      return false
    }
    this.#patienceMs = seconds * 1000
    this.#idleSince = this.#deps.clock.monotonic()
    this.#order.hold(Number.POSITIVE_INFINITY, this.#idleSince)
    for (let next = this.#order.oldest; next !== undefined; next = this.#order.oldest) {
      const isPause = next.rid === this.#order.last
      this.#order.answer(next, this.#output.blank(), { keep: !isPause })
    }
    return true
  }

  /** A request waits: what the stream has held back may come. */
  #wake(): void {
    if (!this.#stalled || !this.#order.hasLive) return
    this.#stalled = false
    this.#sink?.drained()
  }

  /** Answers what is due: because there is something to say, more wait than may, or it is the end. */
  #respond(): void {
    if (this.#advancing || this.#ended || (this.#closing && !this.#ending)) return
    for (let next = this.#order.oldest; next !== undefined; next = this.#order.oldest) {
      const isLast = this.#order.held === 1
      // Whose connection is gone asks again; unless there are others, which come after it.
      if (next.reply === undefined && isLast) break
      if (next.reply !== undefined && this.#ending) {
        this.#terminate()
        return
      }
      const hasNews = next.reply !== undefined && !this.#output.isEmpty
      if (!hasNews && this.#order.held <= this.#terms.hold && next.reply !== undefined) break
      this.#answer(next)
    }
    this.#schedule()
  }

  /** To a client of BOSH the goodbye is the end, so the two go together, also where the stream would wait for an answer. */
  #sayGoodbye(): void {
    this.#closing = true
    queueMicrotask(() => this.end())
  }

  #answer(held: HeldRequest): void {
    const ack = this.#terms.acknowledges && this.#order.last > held.rid ? { ack: this.#order.last } : {}
    const isLost = held.reply === undefined
    if (!isLost) this.#isNew = false
    this.#order.answer(held, isLost ? this.#output.blank(ack) : this.#output.next(ack), { keep: true })
    this.#idleSince = this.#deps.clock.monotonic()
  }

  /** The stream has said goodbye: so does the session, to the oldest request, with all that is left (XEP-0124 §13). */
  #terminate(): void {
    const { body, onSent } = this.#output.last()
    this.#order.endAll(body, this.#output.blank().body, () => {
      onSent()
      this.#finish()
    })
  }

  /** The client has broken the rules of the session. */
  #fail(condition: BoshCondition, reply: BoshReply | undefined): void {
    reply?.send(terminal(condition))
    this.#finish('other-request', new Error(condition))
  }

  #finish(condition?: BoshCondition, error?: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#deps.alarms.clear(this)
    this.#output.clear()
    this.#incoming = []
    if (condition !== undefined) this.#order.endAll(terminal(condition), terminal(condition))
    this.#deps.onEnded(this)
    this.#sink?.disconnected(error)
  }

  /** Notes whether somebody waits, and when to look again. */
  #schedule(): void {
    if (this.#ended) return
    const { oldest, hasLive } = this.#order
    if (!hasLive && !this.#stalled && !this.#ending) {
      this.#stalled = true
      this.#sink?.stalled?.()
    }
    const due = oldest?.reply !== undefined ? oldest.due : this.#idleSince + this.#patienceMs
    this.#deps.alarms.set(this, due)
  }
}
