import type { Awaitable } from '@xmppkit/runtime'
import type { Stanza } from '@xmppkit/stanza'
import type { StreamEnd, TurnWriter } from '@xmppkit/stream'
import type { RawElement } from '@xmppkit/xml'
import type { C2sSession } from './session.js'
import { stanzaOf, type Ticket } from './ticket.js'

/** A stanza a client was sent, or will be, and has not confirmed yet. */
export interface KeptStanza {
  /** What goes over the wire. */
  readonly raw: RawElement
  /** When it was taken over, in milliseconds since 1970. */
  readonly at: number
  /** @internal Whose it is if it does not arrive; nobody's for what the server itself has answered. */
  readonly ticket: Ticket | undefined
}

/**
 * Keeps what a session sends until the client has confirmed it, and may keep the session beyond its connection: what
 * stream management (XEP-0198) is to a session. A session without one settles stanzas once they are written.
 *
 * No method may throw.
 */
export interface SessionKeeper {
  /** Takes the next stanza for the client over; writing it is the keeper's task. Called in order, connected or not. */
  keep(stanza: KeptStanza): void
  /** The server has taken responsibility for one more stanza of the client. */
  handled(): void
  /** The stream has ended. True if the session waits for another one; otherwise it ends now. */
  outlives(end: StreamEnd): boolean
  /** The session has another stream, and its client is ready: what it has not confirmed is to be written again. */
  reconnected(): void
  /** The session has ended. Answers with what was not confirmed, in order; each then finds another way. */
  release(): readonly KeptStanza[]
}

/** A session as its {@link SessionKeeper} sees it. */
export interface KeptSession extends C2sSession {
  /** From here on everything for the client goes through the keeper. Once per session. */
  keepWith(keeper: SessionKeeper): void
  /** Writes a stanza, or writes it again; nothing happens without a connection. */
  write(stanza: RawElement): void
  /** Writes an element that is no stanza; nothing happens without a connection. */
  writeControl(el: RawElement): void
  /** Calls the writer at the end of the turn, before what was written in it leaves. */
  beforeWrite(writer: TurnWriter): void
  /** The client has confirmed a stanza. */
  confirm(stanza: KeptStanza): void
  /** Counts an element of the client that is no stanza towards how fast it may send. */
  charge(bytes: number): void
  /** True while the client is not listened to, because it sends too much: it may have confirmed more than is known. */
  readonly suspended: boolean
  /** Resolves once nothing the client has said is being handled; `undefined` if nothing is. */
  idle(): Awaitable<void>
}

/** The message that is kept, as it came; `undefined` for other stanzas and for answers of the server's own. */
export function keptMessage({ ticket }: KeptStanza): Stanza | undefined {
  if (ticket === undefined) return undefined
  const stanza = stanzaOf(ticket)
  return stanza.kind === 'message' ? stanza : undefined
}
