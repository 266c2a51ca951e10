import { type BareJid, type FullJid, JidError } from '@xmppkit/jid'
import { SessionError, type SessionInfo, type Sessions, sessionErrorAnswer } from '@xmppkit/sessions'
import { StanzaError, StreamError } from '@xmppkit/stanza'
import type { AccountWatch } from './account-watch.js'
import type { ClientSession } from './client-session.js'
import type { ClientConnection } from './connection.js'

/**
 * The address to bind for a resource.
 *
 * @throws StanzaError if it cannot be had
 */
export function resourceFor(
  sessions: Pick<Sessions, 'resourceFor'>,
  account: BareJid,
  resource: string,
): FullJid {
  try {
    return sessions.resourceFor(account, resource)
  } catch (error) {
    throw bindAnswer(error)
  }
}

/** What {@link openSession} needs. */
export interface SessionOpeningDeps {
  readonly sessions: Pick<Sessions, 'open' | 'close'>
  readonly accounts: Pick<AccountWatch, 'checkLogin'>
}

/**
 * Opens a session on a connection.
 *
 * @throws StanzaError if it is refused
 * @throws StreamError `not-authorized` if the account has changed since its login began; `reset` if the stream has ended, which
 * nobody hears: it ends the binding
 */
export async function openSession(
  { sessions, accounts }: SessionOpeningDeps,
  session: ClientSession,
  connection: ClientConnection,
  info: Partial<SessionInfo>,
): Promise<void> {
  accounts.checkLogin(session.account, connection)
  // Nobody would tell the session that its stream has ended.
  if (connection.ended) throw streamEnded()
  connection.session = session
  try {
    await sessions.open(session, info)
  } catch (error) {
    session.streamEnded('it could not be opened')
    session.connectionGone()
    throw bindAnswer(error)
  }
  // The client may have gone while an older session was ending, and then nobody closes this one any more.
  if (connection.ended) {
    await sessions.close(session, 'connection lost while it was opened')
    throw streamEnded()
  }
  // Who ended the sessions of the account may not have found this one yet.
  accounts.checkLogin(session.account, connection)
}

/** Ends a binding whose stream has ended meanwhile; nobody hears it. */
export function streamEnded(): StreamError {
  return new StreamError('reset', { text: 'the stream has ended' })
}

function bindAnswer(error: unknown): unknown {
  if (error instanceof SessionError) return sessionErrorAnswer(error)
  if (error instanceof JidError) return new StanzaError('bad-request', { text: 'the resource is not usable' })
  return error
}
