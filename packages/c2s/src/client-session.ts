import type { BareJid, FullJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable } from '@xmppkit/runtime'
import type { DeliveryOutcome, Sessions } from '@xmppkit/sessions'
import { iq, NS, type Stanza, type StreamError } from '@xmppkit/stanza'
import type { ServerStream, StreamState } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import { Incoming, type IncomingDeps, type IncomingSession } from './incoming.js'
import { Outgoing, type OutgoingDeps, type Ticket } from './outgoing.js'
import { Pace, type PaceOptions } from './pace.js'

/** What all sessions of a host share. */
export type SessionShared = IncomingDeps &
  OutgoingDeps & {
    readonly sessions: Pick<Sessions, 'setPresence' | 'close' | 'reroute'>
    readonly clock: Pick<Clock, 'after' | 'monotonic'>
    readonly ids: Ids
  }

/** What is particular to one. */
export interface SessionSetup {
  readonly jid: FullJid
  readonly stream: ServerStream<Ticket>
  readonly pace: PaceOptions
  /** Nothing of the session is under way any more. */
  onFinished(): void
}

/** A client's session: the session manager's handle on it, and what hooks get to see. */
export class ClientSession implements IncomingSession {
  readonly sid: string
  readonly jid: FullJid
  presence: Stanza | undefined
  readonly #shared: SessionShared
  readonly #setup: SessionSetup
  readonly #pace: Pace
  readonly #incoming: Incoming
  readonly #outgoing: Outgoing
  #closing: Promise<void> | undefined
  #settled = false
  #ended = false
  #gone = false

  constructor(shared: SessionShared, setup: SessionSetup) {
    this.sid = shared.ids.next()
    this.jid = setup.jid
    this.#shared = shared
    this.#setup = setup
    this.#pace = new Pace(shared.clock, setup.pace)
    const context = { session: this }
    this.#incoming = new Incoming(shared, this, context, this.#pace)
    this.#outgoing = new Outgoing(shared, setup.stream, context, () => this.#checkFinished())
  }

  get account(): BareJid {
    return this.jid.bare
  }

  get state(): StreamState {
    return this.#setup.stream.state
  }

  get ended(): boolean {
    return this.#ended
  }

  /** The client's next stanza. */
  receive(raw: RawElement): Awaitable<void> {
    this.#slowDown(raw.size)
    return this.#incoming.handle(raw)
  }

  /** The client has been told its address. */
  open(): void {
    this.#outgoing.open()
  }

  deliver(stanza: Stanza, done?: (outcome: DeliveryOutcome) => void): Awaitable<void> {
    return this.#outgoing.deliver(stanza, done)
  }

  updatePresence(change: (presence: Stanza) => Stanza): Awaitable<void> {
    return this.#incoming.updatePresence(change)
  }

  send(stanza: Stanza): void {
    this.answer(stanza.raw)
  }

  answer(reply: RawElement): void {
    const { stream } = this.#setup
    stream.send(reply.toWire(stream.form))
  }

  end(error: StreamError): void {
    this.#setup.stream.close(error)
  }

  close(error: StreamError): Awaitable<void> {
    this.end(error)
    return this.#closing
  }

  /** Asks for a sign of life; any answer will do, also that pings are not known here (XEP-0199 §4.1). */
  ping(): void {
    const ping = new Element('ping', { xmlns: NS.ping })
    const from = this.state.domain
    this.send(iq({ type: 'get', id: this.#shared.ids.next(), from, to: this.jid }, ping))
  }

  /** What became of something written. */
  wasWritten(ticket: Ticket, outcome: DeliveryOutcome): void {
    this.#outgoing.settled(ticket, outcome)
  }

  /**
   * The stream has ended. In this order, so that nothing that is given back finds its way here again: nobody finds the
   * session any more, everybody is told, what was not written goes elsewhere.
   */
  streamEnded(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#outgoing.end()
    const closing = this.#shared.sessions.close(this, reason)
    if (!isThenable(closing)) {
      this.#settle()
      return
    }
    this.#closing = closing.then(
      () => this.#settle(),
      (error: unknown) => {
        this.#shared.logger.error('a session could not be closed', { error, jid: this.jid.toString() })
        this.#settle()
      },
    )
  }

  /** The connection is gone: whatever was written has been settled. */
  connectionGone(): void {
    this.#gone = true
    this.#checkFinished()
  }

  #settle(): void {
    this.#settled = true
    this.#closing = undefined
    this.#outgoing.release()
  }

  #checkFinished(): void {
    if (this.#settled && this.#gone && this.#outgoing.empty) this.#setup.onFinished()
  }

  #slowDown(bytes: number): void {
    const waitMs = this.#pace.spent(bytes)
    if (waitMs <= 0) return
    const { stream } = this.#setup
    stream.suspend()
    this.#shared.clock.after(waitMs, () => stream.resume())
  }
}
