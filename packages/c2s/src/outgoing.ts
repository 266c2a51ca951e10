import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import { type DeliveryOutcome, late, type Sessions } from '@xmppkit/sessions'
import { errorReply, isStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'
import type { ServerStream } from '@xmppkit/stream'
import type { RawElement } from '@xmppkit/xml'
import type { KeptStanza, SessionKeeper } from './keeping.js'
import { type Receipt, stanzaOf, type Ticket } from './ticket.js'
import { delivered, type SessionContext, userReceivePacket } from './tokens.js'

/** What the outgoing side of a session needs. */
export interface OutgoingDeps {
  readonly hooks: Pick<Hooks, 'fold' | 'run' | 'has'>
  readonly sessions: Pick<Sessions, 'reroute' | 'holdBack'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  /** Stanzas that may wait for the session to open, or for a handler of `userReceivePacket`. */
  readonly maxWaiting: number
}

/**
 * The way to the client: hooks, then the stream, in order; and the way back for what did not reach it. Every stanza has
 * one outcome: written, or confirmed where somebody keeps it until then; refused by a hook; or given back once the session
 * is settled.
 */
export class Outgoing {
  readonly #deps: OutgoingDeps
  /** Where stanzas are written; another one once the session has another connection. */
  stream: Pick<ServerStream<Ticket>, 'send' | 'form'>
  /** Keeps stanzas until the client has confirmed them, if somebody does. */
  keeper: SessionKeeper | undefined
  readonly #context: SessionContext
  readonly #whenEmpty: () => void
  // Until the client knows its address, it gets nothing that is sent to it.
  #held: Ticket[] | undefined = []
  #tail: Promise<void> | undefined
  #waiting = 0
  #lost: Ticket[] | undefined
  #ended = false
  #released = false
  #draining = false
  #onDrained: (() => void)[] = []

  constructor(
    deps: OutgoingDeps,
    stream: Pick<ServerStream<Ticket>, 'send' | 'form'>,
    context: SessionContext,
    whenEmpty: () => void,
  ) {
    this.#deps = deps
    this.stream = stream
    this.keeper = undefined
    this.#context = context
    this.#whenEmpty = whenEmpty
  }

  /** True if nothing is on its way back any more. */
  get empty(): boolean {
    return this.#lost === undefined && !this.#draining && this.#tail === undefined
  }

  /** Takes a stanza over. Returns a promise only while a handler of `userReceivePacket`, or one before it, is waiting. */
  deliver(stanza: Stanza, done?: (outcome: DeliveryOutcome) => void): Awaitable<void> {
    const ticket = done === undefined ? stanza : { stanza, done }
    if (this.#ended) {
      this.#lose(ticket)
      return
    }
    if (this.#held !== undefined) {
      if (this.#held.length >= this.#deps.maxWaiting) throw tooMuch()
      this.#held.push(ticket)
      return
    }
    return this.#pass(ticket)
  }

  /** The client knows its address: what came meanwhile follows, in order. */
  open(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const ticket of held) {
      try {
        const passing = this.#pass(ticket)
        if (isThenable(passing)) passing.then(undefined, (error) => this.#refused(ticket, error))
      } catch (error) {
        this.#refused(ticket, error)
      }
    }
  }

  /** What became of something the stream was given. */
  settled(ticket: Ticket, outcome: DeliveryOutcome): void {
    if (outcome === 'failed') this.#lose(ticket)
    else this.#arrived(ticket)
  }

  /** The client has confirmed a stanza that was kept. */
  confirmed({ ticket }: KeptStanza): void {
    if (ticket !== undefined) this.#arrived(ticket)
  }

  /** Sends an answer of the server's own, past every hook. */
  answer(reply: RawElement): void {
    if (this.keeper !== undefined && !this.#ended) void this.#keep(this.keeper, reply, undefined)
    else this.stream.send(reply.toWire(this.stream.form))
  }

  /**
   * The session has another connection. What was written before there was a keeper did arrive, even if the system did not
   * say so: the client can only come back because of what it was told after it.
   */
  reconnected(): void {
    const lost = this.#lost ?? []
    this.#lost = undefined
    for (const ticket of lost) this.#arrived(ticket)
    this.keeper?.reconnected()
  }

  /** The stream has ended: nothing can be written any more. */
  end(): void {
    this.#ended = true
    const held = this.#held ?? []
    this.#held = undefined
    for (const kept of this.keeper?.release() ?? []) this.#loseKept(kept)
    for (const ticket of held) this.#lose(ticket)
    if (this.#lost !== undefined)
      this.#deps.sessions.holdBack(this.#context.session.account, this.#whenDrained())
  }

  /** Nobody finds the session any more: what could not be written may go elsewhere. */
  release(): void {
    this.#released = true
    this.#drain()
  }

  #pass(ticket: Ticket): Awaitable<void> {
    if (this.#tail !== undefined) return this.#queue(() => this.#handOn(ticket))
    const passing = this.#handOn(ticket)
    return isThenable(passing) ? this.#queue(() => passing) : undefined
  }

  #handOn(ticket: Ticket): Awaitable<void> {
    const folded = this.#deps.hooks.fold(userReceivePacket, stanzaOf(ticket), this.#context)
    return isThenable(folded)
      ? folded.then((stanza) => this.#write(stanza, ticket))
      : this.#write(folded, ticket)
  }

  #write(stanza: Stanza | Drop, ticket: Ticket): Awaitable<void> {
    const done = 'done' in ticket ? ticket.done : undefined
    if (isDrop(stanza)) {
      if (done !== undefined) this.#tell({ stanza: stanzaOf(ticket), done }, 'delivered')
      return
    }
    // Given back as it came: whoever gets it next decides for itself.
    if (this.#ended) this.#lose(ticket)
    else if (this.keeper !== undefined) return this.#keep(this.keeper, stanza.raw, ticket)
    else this.stream.send(stanza.toWire(this.stream.form), ticket)
  }

  #keep(keeper: SessionKeeper, raw: RawElement, ticket: Ticket | undefined): Awaitable<void> {
    keeper.keep({ raw, at: this.#deps.clock.now(), ticket })
    // It was one too many. What its sender has to say next must not overtake it on its way elsewhere (M-7).
    if (this.#ended) return this.#givenBack()
  }

  #givenBack(): Awaitable<void> {
    if (this.#released && !this.#draining) return
    return this.#whenDrained()
  }

  #whenDrained(): Promise<void> {
    return new Promise((resolve) => this.#onDrained.push(resolve))
  }

  #arrived(ticket: Ticket): void {
    if ('done' in ticket) this.#tell(ticket, 'delivered')
    const { hooks } = this.#deps
    const stanza = stanzaOf(ticket)
    if (stanza.kind === 'message' && hooks.has(delivered)) {
      void hooks.run(delivered, { stanza, session: this.#context.session })
    }
  }

  // One handler that waits makes everybody behind it wait too, or the order would be lost.
  #queue(work: () => Awaitable<void>): Promise<void> {
    if (this.#waiting >= this.#deps.maxWaiting) throw tooMuch()
    this.#waiting++
    const running = (this.#tail ?? Promise.resolve()).then(work)
    const tail: Promise<void> = running.then(ignore, ignore).then(() => {
      this.#waiting--
      if (this.#tail !== tail) return
      this.#tail = undefined
      this.#whenEmpty()
    })
    this.#tail = tail
    return running
  }

  #refused(ticket: Ticket, error: unknown): void {
    const stanza = stanzaOf(ticket)
    if (!isStanzaError(error)) this.#deps.logger.error('a stanza could not be delivered', { error })
    if ('done' in ticket) {
      this.#tell(ticket, 'failed')
      return
    }
    const reply = errorReply(stanza, isStanzaError(error) ? error : new StanzaError('internal-server-error'))
    if (reply !== undefined) void this.#deps.route(reply)
  }

  #lose(ticket: Ticket): void {
    this.#lost ??= []
    this.#lost.push(ticket)
    if (this.#released) this.#drain()
  }

  // It may have arrived. Presence is about a moment that has passed, and a request must not be carried out a second time by
  // whoever has the address now; an answer to one is of no use to anybody else (SM-6).
  #loseKept({ ticket, at }: KeptStanza): void {
    if (ticket === undefined) return
    if ('done' in ticket) this.#lose(ticket)
    else if (ticket.kind === 'message') this.#lose(late(ticket, at))
    else if (ticket.kind === 'iq') this.#lose({ stanza: ticket, done: () => this.#unavailable(ticket) })
  }

  #unavailable(request: Stanza): void {
    const reply = errorReply(request, new StanzaError('service-unavailable'))
    if (reply !== undefined) void this.#deps.route(reply)
  }

  #drain(): void {
    if (this.#draining) return
    if (this.#lost === undefined) {
      this.#drained()
      return
    }
    this.#draining = true
    void this.#giveBack().then(() => {
      this.#draining = false
      // More may have been lost since it found nothing left.
      this.#drain()
    })
  }

  #drained(): void {
    for (const resolve of this.#onDrained.splice(0)) resolve()
    this.#whenEmpty()
  }

  // One after another: the order per sender has to survive this too (M-7).
  async #giveBack(): Promise<void> {
    for (let lost = this.#lost; lost !== undefined; lost = this.#lost) {
      this.#lost = undefined
      for (const ticket of lost) {
        if ('done' in ticket) this.#tell(ticket, 'failed')
        else await this.#deps.sessions.reroute(ticket)
      }
    }
  }

  #tell(receipt: Receipt, outcome: DeliveryOutcome): void {
    try {
      receipt.done(outcome)
    } catch (error) {
      this.#deps.logger.error('a receipt failed', { error })
    }
  }
}

function ignore(): void {}

function tooMuch(): StanzaError {
  return new StanzaError('resource-constraint', { text: 'too much is waiting for this resource' })
}
