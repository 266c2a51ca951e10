import type { LoginAttempt } from '@xmppkit/auth'
import { event, filter } from '@xmppkit/hooks'
import type { Stanza } from '@xmppkit/stanza'
import type { C2sSession } from './session.js'

/** Whose stanza it is. */
export interface SessionContext {
  /** The session. */
  readonly session: C2sSession
}

/**
 * A stanza of a client, checked and stamped, before anything is done with it (ejabberd: `user_send_packet`).
 *
 * A handler may change it, drop it (then it has dealt with it, an answer included), or throw a StanzaError, which the
 * client gets. Presence without `to` is the client's broadcast; everything else has an addressee.
 */
export const userSendPacket = filter<Stanza, SessionContext>('c2s/user-send-packet')

/** Sequence numbers of {@link userSendPacket} others rely on; they are ejabberd's. */
export const userSendSeq = Object.freeze({
  /** What the user does not want to leave is refused. */
  privacy: 50,
  /** Capabilities are noted. */
  caps: 75,
  /** The archive takes it. */
  archive: 88,
  /** The account's other resources get copies. */
  carbons: 89,
})

/**
 * A stanza about to be written to a client (ejabberd: `user_receive_packet`).
 *
 * A handler may change it, drop it (then it counts as delivered), or throw a StanzaError, which the sender gets.
 */
export const userReceivePacket = filter<Stanza, SessionContext>('c2s/user-receive-packet')

/** Sequence numbers of {@link userReceivePacket} others rely on; they are ejabberd's. */
export const userReceiveSeq = Object.freeze({
  /** What the user does not want to see is refused. */
  block: 25,
  /** Capabilities are noted. */
  caps: 75,
  /** The archive takes it. */
  archive: 88,
  /** The account's other resources get copies. */
  carbons: 89,
})

/**
 * A client sent presence without `to`, available or unavailable, and the session manager has taken note of it (ejabberd:
 * `c2s_self_presence`). Whoever serves rosters spreads it. When a session ends without having said so, only
 * `sessionClosed` tells.
 */
export const selfPresence = event<{
  /** The session. */
  readonly session: C2sSession
  /** Its presence: `from` is its full JID, `to` is none. */
  readonly stanza: Stanza
  /** True if it was not available before (RFC 6121 §4.2.2). */
  readonly first: boolean
}>('c2s/self-presence')

/** A client sent available or unavailable presence to an address; it is about to be routed (RFC 6121 §4.6). */
export const directedPresence = event<{
  /** The session. */
  readonly session: C2sSession
  /** The presence, with its addressee. */
  readonly stanza: Stanza
}>('c2s/directed-presence')

/**
 * A message for a session that is there, but whose client will not see it now: the connection is lost and may be resumed
 * (XEP-0198). Also told of what the client had not confirmed when the connection was lost. It is kept for the session all the
 * same; who can wake the client does so. Fired by whoever holds the message.
 */
export const messageHeld = event<{
  /** Whose client sleeps. */
  readonly session: Pick<C2sSession, 'sid' | 'jid'>
  /** The message that waits. */
  readonly stanza: Stanza
}>('c2s/message-held')

/** A session was refused because of an access rule (ejabberd: `forbidden_session_hook`). */
export const forbiddenSession = event<{
  /** The address that was asked for. */
  readonly jid: C2sSession['jid']
  /** The client's network address. */
  readonly remoteAddress: string
}>('c2s/forbidden-session')

/** Somebody tried to log in, with success or without (ejabberd: `c2s_auth_result`). Nothing in it is a secret. */
export const c2sAuthResult = event<LoginAttempt>('c2s/auth-result')

/**
 * A message has reached a client: it was written to its connection, or, where stream management is on, the client has
 * acknowledged it. Told for every resource that got it. Costs nothing while nobody listens.
 */
export const delivered = event<{
  /** The message. */
  readonly stanza: Stanza
  /** The session that got it. */
  readonly session: C2sSession
}>('c2s/delivered')

/** A session has lost its connection and waits for another one (ejabberd: `c2s_session_pending`). */
export const sessionPending = event<{
  /** The session. */
  readonly session: C2sSession
}>('c2s/session-pending')

/**
 * A session that waited, or was connected elsewhere, has a new connection (ejabberd: `c2s_session_resumed`). What belonged
 * to the old connection alone, such as whether the client is active (XEP-0352), is to be forgotten.
 */
export const sessionResumed = event<{
  /** The session. */
  readonly session: C2sSession
}>('c2s/session-resumed')

/**
 * The client of a session gets what it missed from the archive: whoever keeps messages for it sends it none (OFF-1). The
 * archive says so when it takes part in a binding (XEP-0386 §3.2), or when a client asks for a page before its initial presence.
 */
export const syncsFromArchive = event<{
  /** Whose client it is. */
  readonly session: Pick<C2sSession, 'sid' | 'jid'>
}>('c2s/syncs-from-archive')
