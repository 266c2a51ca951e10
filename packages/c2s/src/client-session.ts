import type { BareJid, FullJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, type Ids, isThenable } from '@xmppkit/runtime'
import type { DeliveryOutcome, Sessions } from '@xmppkit/sessions'
import { iq, NS, type Stanza, type StreamError } from '@xmppkit/stanza'
import type { ServerStream, StreamEnd, StreamState, TurnWriter, WriteTurn } from '@xmppkit/stream'
import { Element, type RawElement } from '@xmppkit/xml'
import { Incoming, type IncomingDeps } from './incoming.js'
import type { KeptSession, KeptStanza, SessionKeeper } from './keeping.js'
import { Outgoing, type OutgoingDeps } from './outgoing.js'
import { Pace, type PaceOptions } from './pace.js'
import type { SendingSession } from './sending.js'
import { infoOf } from './session-info.js'
import type { Ticket } from './ticket.js'
import { sessionPending, sessionResumed } from './tokens.js'

/** What all sessions of a host share. */
export type SessionShared = IncomingDeps &
  OutgoingDeps & {
    readonly sessions: Pick<Sessions, 'setPresence' | 'reconnected' | 'close' | 'reroute' | 'holdBack'>
    readonly clock: Pick<Clock, 'after' | 'monotonic' | 'now'>
    readonly ids: Ids
  }

/** The connection of a session, as the session sees it. */
export interface SessionConnection {
  readonly stream: ServerStream<Ticket>
  readonly turn: WriteTurn
  /** Nothing of the session is under way any more. */
  sessionFinished(): void
  /** The session has gone to another connection. */
  sessionMoved(): void
}

/** What is particular to one. */
export interface SessionSetup {
  readonly jid: FullJid
  readonly connection: SessionConnection
  readonly pace: PaceOptions
}

/** A client's session: the session manager's handle on it, and what hooks get to see. */
export class ClientSession implements SendingSession, KeptSession {
  readonly sid: string
  readonly jid: FullJid
  presence: Stanza | undefined
  readonly #shared: SessionShared
  readonly #pace: Pace
  readonly #incoming: Incoming
  readonly #outgoing: Outgoing
  // The last one it had.
  #connection: SessionConnection
  #keeper: SessionKeeper | undefined
  #handling: Promise<void> | undefined
  #closing: Promise<void> | undefined
  #opened = false
  #connected = false
  #pending = false
  #settled = false
  #ended = false
  #gone = false

  constructor(shared: SessionShared, setup: SessionSetup) {
    this.sid = shared.ids.next()
    this.jid = setup.jid
    this.#shared = shared
    this.#connection = setup.connection
    this.#pace = new Pace(shared.clock, setup.pace)
    const context = { session: this }
    this.#incoming = new Incoming(shared, this, context, this.#pace)
    this.#outgoing = new Outgoing(shared, setup.connection.stream, context, () => this.#checkFinished())
  }

  get account(): BareJid {
    return this.jid.bare
  }

  get state(): StreamState {
    return this.#connection.stream.state
  }

  get ended(): boolean {
    return this.#ended
  }

  get connected(): boolean {
    return this.#connected
  }

  get suspended(): boolean {
    return this.#connection.stream.suspended
  }

  /** The client's next stanza. */
  receive(raw: RawElement): Awaitable<void> {
    this.charge(raw.size)
    const handling = this.#incoming.handle(raw)
    if (this.#keeper === undefined) return handling
    if (isThenable(handling)) return this.#whenHandled(this.#keeper, handling)
    this.#keeper.handled()
  }

  /** A feature has dealt with a stanza of the client. */
  answered(): void {
    this.#keeper?.handled()
  }

  /** The client has been told its address, or that it has its session back. */
  open(): Awaitable<void> {
    this.#connected = true
    if (!this.#opened) {
      this.#opened = true
      this.#outgoing.open()
      return
    }
    this.#outgoing.reconnected()
    const { hooks, sessions } = this.#shared
    const noted = sessions.reconnected(this, infoOf(this.state))
    const tell = () => hooks.run(sessionResumed, { session: this })
    return isThenable(noted) ? noted.then(tell) : tell()
  }

  /** Leaves the connection it has, or has lost, for another one; there, it goes on once it is opened. */
  moveTo(connection: SessionConnection): void {
    const former = this.#connection
    this.#connection = connection
    this.#connected = this.#pending = this.#gone = false
    this.#outgoing.stream = connection.stream
    former.sessionMoved()
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
    this.#outgoing.answer(reply)
  }

  end(error: StreamError): void {
    if (this.#pending) this.#finish(`${error.condition} (local)`)
    else this.#connection.stream.close(error)
  }

  close(error: StreamError): Awaitable<void> {
    this.end(error)
    return this.#closing
  }

  keepWith(keeper: SessionKeeper): void {
    this.#keeper = this.#outgoing.keeper = keeper
    void this.#shared.sessions.reconnected(this, { acknowledges: true })
  }

  write(stanza: RawElement): void {
    const { stream } = this.#connection
    if (this.#connected) stream.send(stanza.toWire(stream.form))
  }

  writeControl(el: RawElement): void {
    if (this.#connected) this.#connection.stream.send(el.toWire())
  }

  beforeWrite(writer: TurnWriter): void {
    this.#connection.turn.add(writer)
  }

  confirm(stanza: KeptStanza): void {
    this.#outgoing.confirmed(stanza)
  }

  idle(): Awaitable<void> {
    return this.#handling
  }

  /** Reads nothing further for a while if the client sends too much. */
  charge(bytes: number): void {
    const waitMs = this.#pace.spent(bytes)
    if (waitMs <= 0) return
    const { stream } = this.#connection
    stream.suspend()
    this.#shared.clock.after(waitMs, () => stream.resume())
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

  /** The stream has ended, or never came about: the session does too, unless it waits for another one. */
  streamEnded(reason: string, end?: StreamEnd): void {
    if (this.#ended) return
    this.#connected = false
    if (end !== undefined && this.#opened && this.#keeper?.outlives(end) === true) {
      this.#pending = true
      void this.#shared.hooks.run(sessionPending, { session: this })
    } else this.#finish(reason)
  }

  /** The connection is gone: whatever was written has been settled. */
  connectionGone(): void {
    this.#gone = true
    this.#checkFinished()
  }

  /**
   * In this order, so that nothing that is given back finds its way here again: nobody finds the session any more, everybody
   * is told, what did not arrive goes elsewhere.
   */
  #finish(reason: string): void {
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

  #whenHandled(keeper: SessionKeeper, handling: PromiseLike<void>): Promise<void> {
    const done = Promise.resolve(handling).then(() => keeper.handled())
    const quiet: Promise<void> = done.then(nothing, nothing).then(() => {
      if (this.#handling === quiet) this.#handling = undefined
    })
    this.#handling = quiet
    return done
  }

  #settle(): void {
    this.#settled = true
    this.#closing = undefined
    this.#outgoing.release()
  }

  #checkFinished(): void {
    if (this.#settled && this.#gone && this.#outgoing.empty) this.#connection.sessionFinished()
  }
}

function nothing(): void {}
