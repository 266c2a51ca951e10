import type { KeptSession, KeptStanza, SessionKeeper } from '@xmppkit/c2s'
import type { Clock } from '@xmppkit/runtime'
import { delayFor } from '@xmppkit/sessions'
import { StreamError } from '@xmppkit/stanza'
import type { StreamEnd, TurnWriter } from '@xmppkit/stream'
import type { RawElement } from '@xmppkit/xml'
import { requestElement, wrongCount } from './elements.js'
import type { StreamManagementOptions } from './stream-management-options.js'
import { Unacknowledged } from './unacknowledged.js'

/** What can be resumed. */
export interface Resumable {
  /** The id to resume it with. */
  readonly id: string
  /** How long it waits. */
  readonly timeoutMs: number
}

/** What keepers of a host share. */
export interface KeeperDeps {
  readonly clock: Pick<Clock, 'after' | 'monotonic'>
  readonly settings: Readonly<Required<StreamManagementOptions>>
  /** The session has lost its connection: true if it may wait. */
  wait(keeper: Keeper): boolean
  /** The client will not see a stanza now: its session waits for it, or has begun to. */
  held(keeper: Keeper, stanza: KeptStanza): void
  /** The session has ended. */
  ended(keeper: Keeper): void
}

// How far a burst may go beyond the limits while the client is connected.
const burst = 10

/** Stream management of one session: counts, what is not acknowledged, and when to ask for it. */
export class Keeper implements SessionKeeper, TurnWriter {
  readonly session: KeptSession
  readonly resumable: Resumable | undefined
  readonly #deps: KeeperDeps
  readonly #queue = new Unacknowledged()
  #handled = 0
  #left = false
  #waits = false
  #scheduled = false
  // An acknowledgement was asked for, and what came after that.
  #asked = false
  #askedAt = 0
  #since = 0
  #askTimer: Disposable | undefined
  #patient = false
  #ackTimer: Disposable | undefined
  #graceTimer: Disposable | undefined

  constructor(deps: KeeperDeps, session: KeptSession, resumable: Resumable | undefined) {
    this.#deps = deps
    this.session = session
    this.resumable = resumable
  }

  /** How many stanzas of the client were handled. */
  get count(): number {
    return this.#handled
  }

  /** True if the client itself has ended the session. */
  get left(): boolean {
    return this.#left
  }

  keep(stanza: KeptStanza): void {
    const { session } = this
    const { connected } = session
    this.#queue.push(stanza, connected)
    if (connected) {
      this.#since += 1
      // Before the stanza itself is written, so that the question leaves together with it.
      this.#schedule()
      session.write(stanza.raw)
    } else if (this.#waits) this.#deps.held(this, stanza)
    const { maxUnacknowledged, maxUnacknowledgedBytes } = this.#deps.settings
    if (this.#queue.count > maxUnacknowledged || this.#queue.bytes > maxUnacknowledgedBytes) this.#overflow()
  }

  handled(): void {
    this.#handled = (this.#handled + 1) >>> 0
  }

  /** The client says what it has handled. */
  acknowledged(h: number): void {
    const queue = this.#queue
    if (!queue.mayBe(h)) {
      this.session.end(wrongCount(h, queue.acknowledged, queue.sent))
      return
    }
    this.#asked = false
    this.#confirm(h)
    if (queue.count === 0) this.#since = 0
    else if (this.#since > 0) this.#schedule()
    else this.#askIn(this.#deps.settings.ackTimeoutMs, true)
  }

  /** Whether a client that comes back may have handled so many. */
  mayResumeAt(h: number): boolean {
    return this.#queue.mayBe(h)
  }

  /** The client comes back, and has handled so many. */
  resumeAt(h: number): void {
    this.#waits = false
    // The connection it leaves may still have been there, and nobody answers on that any more.
    this.#forgetQuestion()
    this.#confirm(h)
  }

  outlives(end: StreamEnd): boolean {
    this.#forgetQuestion()
    this.#forgetGrace()
    const isLost = !end.clean || end.error?.condition === 'connection-timeout'
    this.#left = !isLost && end.by === 'peer'
    this.#waits = isLost && !this.#exceeds(1) && this.#deps.wait(this)
    if (!this.#waits) return false
    // Whatever the client has not confirmed may not have reached it.
    for (const stanza of this.#queue.all) this.#deps.held(this, stanza)
    return true
  }

  reconnected(): void {
    const { session } = this
    const stanzas = this.#queue.all
    if (stanzas.length === 0) return
    this.#queue.allWritten()
    this.#since = stanzas.length
    this.#schedule()
    for (const { raw, at } of stanzas) session.write(late(raw, at, session.account.domain))
    if (this.#exceeds(1)) this.#overflow()
  }

  release(): readonly KeptStanza[] {
    this.#waits = false
    this.#forgetQuestion()
    this.#forgetGrace()
    this.#deps.ended(this)
    return this.#queue.clear()
  }

  /** @internal For the turn. */
  writeTurn(): void {
    this.#scheduled = false
    if (this.#asked || this.#since === 0) return
    const { requestAfterStanzas, requestAfterMs } = this.#deps.settings
    if (this.#since >= requestAfterStanzas) this.#ask()
    else this.#askIn(requestAfterMs)
  }

  #schedule(): void {
    if (this.#scheduled || this.#asked) return
    this.#scheduled = true
    this.session.beforeWrite(this)
  }

  // Who has answered, and is behind, has time; what follows is asked for as ever.
  #askIn(ms: number, patiently = false): void {
    if (this.#patient && !patiently) this.#clearAskTimer()
    if (this.#askTimer !== undefined) return
    this.#patient = patiently
    this.#askTimer = this.#deps.clock.after(ms, () => {
      this.#askTimer = undefined
      this.#patient = false
      if (!this.#asked && this.#queue.count > 0) this.#ask()
    })
  }

  #ask(): void {
    if (!this.session.connected) return
    this.#clearAskTimer()
    this.#asked = true
    this.#since = 0
    this.#askedAt = this.#deps.clock.monotonic()
    if (this.#ackTimer === undefined) this.#awaitAck(this.#deps.settings.ackTimeoutMs)
    // Last, for it may be one element too many for the connection, which then is no more.
    this.session.writeControl(requestElement)
  }

  #clearAskTimer(): void {
    this.#askTimer?.[Symbol.dispose]()
    this.#askTimer = undefined
    this.#patient = false
  }

  // Answers do not touch the timer, or there would be one for every stanza.
  #awaitAck(ms: number): void {
    this.#ackTimer = this.#deps.clock.after(ms, () => {
      this.#ackTimer = undefined
      if (!this.#asked) return
      const left = this.#askedAt + this.#deps.settings.ackTimeoutMs - this.#deps.clock.monotonic()
      if (left > 0) this.#awaitAck(left)
      // What is not read may hold the answer.
      else if (this.session.suspended) this.#awaitAck(this.#deps.settings.ackTimeoutMs)
      else this.session.end(new StreamError('connection-timeout', { text: 'no acknowledgement' }))
    })
  }

  // Those are out of the queue before anybody is told, who may have more to send.
  #confirm(h: number): void {
    for (const stanza of this.#queue.acknowledge(h)) this.session.confirm(stanza)
    if (!this.#exceeds(1)) this.#forgetGrace()
  }

  #exceeds(factor: number): boolean {
    const { maxUnacknowledged, maxUnacknowledgedBytes } = this.#deps.settings
    return (
      this.#queue.count > maxUnacknowledged * factor || this.#queue.bytes > maxUnacknowledgedBytes * factor
    )
  }

  #overflow(): void {
    const end = () => {
      const text = 'too many stanzas are not acknowledged'
      this.session.end(new StreamError('resource-constraint', { text }))
    }
    if (!this.session.connected || this.#exceeds(burst)) end()
    else {
      this.#graceTimer ??= this.#deps.clock.after(this.#deps.settings.overflowGraceMs, () => {
        this.#graceTimer = undefined
        if (this.#exceeds(1)) end()
      })
    }
  }

  #forgetQuestion(): void {
    this.#clearAskTimer()
    this.#ackTimer?.[Symbol.dispose]()
    this.#ackTimer = undefined
    this.#asked = false
    this.#since = 0
  }

  #forgetGrace(): void {
    this.#graceTimer?.[Symbol.dispose]()
    this.#graceTimer = undefined
  }
}

// Whoever reads it is to know when it was said. A request or its answer is not about that.
function late(raw: RawElement, at: number, domain: string): RawElement {
  const stamp = raw.name === 'iq' ? undefined : delayFor(raw, at, domain)
  return stamp === undefined ? raw : raw.append(stamp)
}
