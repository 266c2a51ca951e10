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
import type { RawElement } from '@xmppkit/xml'
import type { ClientSession } from './client-session.js'
import type { Ticket } from './outgoing.js'

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
export class ClientConnection implements ServerStreamDeps<Ticket> {
  readonly transport: Transport
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  readonly stream: ServerStream<Ticket>
  /** The session, from the moment its resource is being bound. */
  session: ClientSession | undefined
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

  onEstablished(): void {
    this.session?.open()
  }

  onElement(el: RawElement): Awaitable<void> {
    if (this.session === undefined) throw new StreamError('not-authorized')
    return this.session.receive(el)
  }

  onClosed(end: StreamEnd): void {
    this.#ended = true
    this.session?.streamEnded(reasonOf(end))
  }

  onGone(): void {
    this.#gone = true
    this.session?.connectionGone()
    this.#checkFinished()
  }

  onSettled(ticket: Ticket, outcome: WriteOutcome): void {
    this.session?.wasWritten(ticket, outcome)
  }

  probe(): void {
    this.session?.ping()
  }

  /** The session is over and done with, or did not come about. */
  sessionFinished(): void {
    this.session = undefined
    this.#checkFinished()
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
