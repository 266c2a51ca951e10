import type { BareJid, FullJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'
import type { Stanza, StreamError } from '@xmppkit/stanza'

/** What became of a stanza handed to a session: written to the client's connection, or not before the session ended. */
export type DeliveryOutcome = 'delivered' | 'failed'

/** The client's end of a session, as whoever owns the connection provides it. */
export interface SessionHandle {
  /** Unguessable, unique id of this session. */
  readonly sid: string
  /** The address bound to it. */
  readonly jid: FullJid
  /**
   * Takes a stanza over and writes it in order. Returns a promise only if it has to wait before it has it safe.
   *
   * A session that has ended calls {@link Sessions.close} before it reports or hands back anything, so that it is not
   * found again.
   *
   * @param stanza - what to write
   * @param done - told once what became of it; whoever passes it owns the stanza if the session fails. Without it the
   * session hands the stanza back when it ends, see {@link Sessions.close} and {@link Sessions.reroute}
   * @throws StanzaError if the receiver's policy refuses it; the sender is told
   */
  deliver(stanza: Stanza, done?: (outcome: DeliveryOutcome) => void): Awaitable<void>
  /** Ends the stream with an error; {@link Sessions.close} follows. */
  close(error: StreamError): Awaitable<void>
}

/** How a session came about; for administrators and logs. */
export interface SessionInfo {
  /** Address of the client, without port. */
  readonly remoteAddress?: string
  /** How it is connected, such as `tcp`, `tls` or `websocket`. */
  readonly transport?: string
  /** Whether the connection is encrypted. */
  readonly secure?: boolean
  /** How the client proved who it is. */
  readonly mechanism?: string
  /** Which installation of a client it is, if it said so (XEP-0388 §2.3). Never shown to other entities. */
  readonly clientId?: string
  /**
   * Whether its client acknowledges what it gets (XEP-0198): what it has not acknowledged yet is in the memory of this process
   * alone. @default false
   */
  readonly acknowledges?: boolean
  /** When the session was opened, in milliseconds since 1970. */
  readonly openedAt: number
}

/** One session as others see it. It does not change; a later state is another record. */
export interface SessionRecord {
  /** Id of the session. */
  readonly sid: string
  /** The address bound to it. */
  readonly jid: FullJid
  /** Unique, and grows from session to session: of two with one address the later counts. */
  readonly order: number
  /** Priority of its available presence; undefined while it has none. */
  readonly priority: number | undefined
  /** Its available presence. */
  readonly presence: Stanza | undefined
  /** How it came about. */
  readonly info: SessionInfo
}

/** A record together with the client's end. */
export interface SessionEntry extends SessionRecord {
  /** The client's end; in a cluster, one that sends to the node it is on. */
  readonly handle: SessionHandle
}

/** Which sessions to list. */
export interface SessionPageRequest {
  /** Where the page before ended. */
  readonly after?: number
  /** At most so many. */
  readonly limit: number
  /** Only of this domain, prepared. */
  readonly domain?: string
}

/** Some sessions, oldest first. */
export interface SessionPage<R extends SessionRecord = SessionRecord> {
  /** The sessions. */
  readonly sessions: readonly R[]
  /** Pass it as `after` for the next page; absent on the last. */
  readonly next?: number
}

/**
 * Knows all sessions. Reads are answered at once, from memory; a registry shared by several machines keeps a copy of
 * what the others told it.
 */
export interface SessionRegistry {
  /** Adds an entry, or replaces the one with its sid. */
  put(entry: SessionEntry): Awaitable<void>
  /** Removes the entry with this sid; does nothing if there is none. */
  remove(sid: string): Awaitable<void>
  /** The entry with this sid. */
  get(sid: string): SessionEntry | undefined
  /** All entries of an account, oldest first; the array is never changed afterwards. */
  list(account: BareJid): readonly SessionEntry[]
  /** How many sessions there are, of one domain or of all. */
  count(domain?: string): number
  /** Some of them, oldest first. */
  page(request: SessionPageRequest): SessionPage<SessionEntry>
}
