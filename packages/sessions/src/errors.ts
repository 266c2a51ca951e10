import { XmppkitError } from '@xmppkit/runtime'
import { StanzaError } from '@xmppkit/stanza'

/** Codes of {@link SessionError}. */
export type SessionErrorCode = 'session/conflict' | 'session/limit' | 'session/duplicate'

/**
 * A session that cannot be opened: its resource is taken (`session/conflict`), the account or its domain has too many
 * (`session/limit`), or a session with its sid is open already (`session/duplicate`, a mistake of the caller).
 */
export class SessionError extends XmppkitError<SessionErrorCode> {}

/** The error a client is answered with when its resource cannot be bound (RFC 6120 §7.6.2, §7.7.2). */
export function sessionErrorAnswer(error: SessionError): StanzaError {
  if (error.code === 'session/conflict')
    return new StanzaError('conflict', { text: 'the resource is in use' })
  if (error.code === 'session/limit') {
    return new StanzaError('resource-constraint', { text: 'there are too many sessions' })
  }
  return new StanzaError('internal-server-error')
}
