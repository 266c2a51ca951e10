import type { Awaitable, Clock, Ids, Logger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import {
  type Alarms,
  createServerStream,
  type ResolvedServerStreamOptions,
  type ServerStream,
  type ServerStreamDeps,
  type StreamEnd,
  type StreamHost,
  type Transport,
  type WriteOutcome,
  type WriteTurn,
} from '@xmppkit/stream'
import { type Element, type RawElement, rawElement } from '@xmppkit/xml'
import type { ClientSession, SessionConnection } from './client-session.js'
import type { Ticket } from './ticket.js'

/** The host of a connection, once its client has said which one it wants. */
export interface ConnectionHost {
  /** Takes note of the connection and answers with what its stream needs to know. */
  admit(connection: ClientConnection): StreamHost
  /** Nothing of the connection is under way any more. */
  dismiss(connection: ClientConnection): void
}

/** What a connection needs from the front door. */
export interface ConnectionDeps {
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  /** Shared by all connections. */
  readonly turn: WriteTurn
  readonly alarms: Alarms
  find(domain: string): ConnectionHost | undefined
  /** Nothing of the connection is under way any more. */
  onFinished(connection: ClientConnection): void
}

/**
 * One client's connection, from accept to the end: the owner of its stream, and of the session once there is one. It is the
 * stream's own collaborator, so that an idle connection costs no closures.
 */
export class ClientConnection implements ServerStreamDeps<Ticket>, SessionConnection {
  readonly transport: Transport
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  readonly stream: ServerStream<Ticket>
  /** What its stream takes. */
  readonly limits: ResolvedServerStreamOptions
  /** The session, from the moment its resource is being bound. */
  session: ClientSession | undefined
  /** When its login began, or may have begun; counted as by the watch of accounts. */
  loginBegan: number | undefined
  // One that has another connection now, but may have been written to here before.
  #moved: ClientSession | undefined
  readonly #deps: ConnectionDeps
  #host: ConnectionHost | undefined
  #ended = false
  #gone = false

  constructor(deps: ConnectionDeps, transport: Transport, options: ResolvedServerStreamOptions) {
    this.#deps = deps
    this.transport = transport
    this.clock = deps.clock
    this.ids = deps.ids
    this.logger = deps.logger
    this.limits = options
    this.stream = createServerStream<Ticket>(this, options)
  }

  get turn(): WriteTurn {
    return this.#deps.turn
  }

  get alarms(): Alarms {
    return this.#deps.alarms
  }

  /** True once the stream has ended. */
  get ended(): boolean {
    return this.#ended
  }

  resolve(domain: string): StreamHost | 'unknown' {
    // After a restart the host is the one the client was authenticated by, also if the domain has moved meanwhile.
    this.#host ??= this.#deps.find(domain)
    return this.#host?.admit(this) ?? 'unknown'
  }

  onEstablished(): Awaitable<void> {
    return this.session?.open()
  }

  onElement(el: RawElement): Awaitable<void> {
    if (this.session === undefined) throw new StreamError('not-authorized')
    return this.session.receive(el)
  }

  sendAnswer(stanza: Element | RawElement): void {
    const raw = 'kind' in stanza ? stanza : rawElement(stanza)
    if (this.session === undefined) this.stream.send(raw.toWire(this.stream.form))
    else this.session.answer(raw)
  }

  onAnswered(): void {
    this.session?.answered()
  }

  onClosed(end: StreamEnd): void {
    this.#ended = true
    this.session?.streamEnded(reasonOf(end), end)
  }

  onGone(): void {
    this.#gone = true
    this.session?.connectionGone()
    this.#checkFinished()
  }

  onSettled(ticket: Ticket, outcome: WriteOutcome): void {
    // Who has its session back had read what was written here before it could be kept.
    if (this.session === undefined) this.#moved?.wasWritten(ticket, 'delivered')
    else this.session.wasWritten(ticket, outcome)
  }

  probe(): void {
    this.session?.ping()
  }

  /** The session is over and done with, or did not come about. */
  sessionFinished(): void {
    this.session = undefined
    this.#checkFinished()
  }

  sessionMoved(): void {
    this.#moved = this.session
    this.session = undefined
    this.stream.close(new StreamError('conflict', { text: 'the session goes on elsewhere' }))
    this.#checkFinished()
  }

  /** Ends the stream, and a session that waits for another one. */
  close(error: StreamError): void {
    this.stream.close(error)
    this.session?.end(error)
  }

  #checkFinished(): void {
    if (!this.#gone || this.session !== undefined) return
    this.#host?.dismiss(this)
    this.#deps.onFinished(this)
  }
}

/** Why a stream ended, in a few words for logs. */
function reasonOf({ by, clean, error, cause }: StreamEnd): string {
  if (error !== undefined) return `${error.condition} (${by})`
  if (clean) return `closed (${by})`
  return cause === undefined ? 'connection lost' : `connection lost: ${cause.message}`
}
