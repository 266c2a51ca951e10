import { type Drop, type Hooks, isDrop } from '@xmppkit/hooks'
import { type Awaitable, isThenable, type Logger } from '@xmppkit/runtime'
import type { DeliveryOutcome, Sessions } from '@xmppkit/sessions'
import { errorReply, isStanzaError, type Stanza, StanzaError } from '@xmppkit/stanza'
import type { ServerStream } from '@xmppkit/stream'
import { type SessionContext, userReceivePacket } from './tokens.js'

/** A stanza handed to a stream, and who wants to know what became of it. Without anybody, it is the stanza alone. */
export type Ticket = Stanza | Receipt

interface Receipt {
  readonly stanza: Stanza
  readonly done: (outcome: DeliveryOutcome) => void
}

/** What the outgoing side of a session needs. */
export interface OutgoingDeps {
  readonly hooks: Pick<Hooks, 'fold'>
  readonly sessions: Pick<Sessions, 'reroute'>
  readonly route: (stanza: Stanza) => Awaitable<void>
  readonly logger: Logger
  /** Stanzas that may wait for the session to open, or for a handler of `userReceivePacket`. */
  readonly maxWaiting: number
}

/**
 * The way to the client: hooks, then the stream, in order; and the way back for what did not reach it. Every stanza has
 * one outcome: written, refused by a hook, or given back once the session is settled.
 */
export class Outgoing {
  readonly #deps: OutgoingDeps
  readonly #stream: Pick<ServerStream<Ticket>, 'send' | 'form'>
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

  constructor(
    deps: OutgoingDeps,
    stream: Pick<ServerStream<Ticket>, 'send' | 'form'>,
    context: SessionContext,
    whenEmpty: () => void,
  ) {
    this.#deps = deps
    this.#stream = stream
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
    else if ('done' in ticket) this.#tell(ticket, outcome)
  }

  /** The stream has ended: nothing can be written any more. */
  end(): void {
    this.#ended = true
    const held = this.#held ?? []
    this.#held = undefined
    for (const ticket of held) this.#lose(ticket)
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

  #write(stanza: Stanza | Drop, ticket: Ticket): void {
    const done = 'done' in ticket ? ticket.done : undefined
    if (isDrop(stanza)) {
      if (done !== undefined) this.#tell({ stanza: stanzaOf(ticket), done }, 'delivered')
      return
    }
    // Given back as it came: whoever gets it next decides for itself.
    if (this.#ended) this.#lose(ticket)
    else this.#stream.send(stanza.toWire(this.#stream.form), ticket)
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

  #drain(): void {
    if (this.#draining || this.#lost === undefined) {
      this.#whenEmpty()
      return
    }
    this.#draining = true
    void this.#giveBack().then(() => {
      this.#draining = false
      this.#whenEmpty()
    })
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

function stanzaOf(ticket: Ticket): Stanza {
  return 'done' in ticket ? ticket.stanza : ticket
}

function ignore(): void {}

function tooMuch(): StanzaError {
  return new StanzaError('resource-constraint', { text: 'too much is waiting for this resource' })
}
