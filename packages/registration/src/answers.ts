import { AuthError, type AuthErrorCode } from '@xmppkit/auth'
import { type BareJid, JidError, makeJid } from '@xmppkit/jid'
import { StanzaError, type StanzaErrorCondition } from '@xmppkit/stanza'

/**
 * The account a username means.
 *
 * @throws StanzaError `jid-malformed` for what cannot be one
 */
export function accountNamed(username: string, domain: string): BareJid {
  try {
    return makeJid({ local: username, domain }).bare
  } catch (cause) {
    if (!(cause instanceof JidError)) throw cause
    throw new StanzaError('jid-malformed', { text: 'This cannot be a username.' })
  }
}

const answers: Partial<Record<AuthErrorCode, readonly [StanzaErrorCondition, string]>> = {
  'auth/exists': ['conflict', 'This name is taken.'],
  'auth/full': ['resource-constraint', 'There is no room for another account.'],
  'auth/refused': ['not-acceptable', 'This name or password is not accepted.'],
  'auth/invalid-account': ['jid-malformed', 'This cannot be a username.'],
  'auth/invalid-password': ['not-acceptable', 'This cannot be a password.'],
  'auth/read-only': ['not-allowed', 'Accounts are managed elsewhere.'],
  'auth/unknown-account': ['registration-required', 'There is no such account.'],
}

/** Throws what the client is told of an error of the accounts; one that is not its doing stays as it is. */
export function refuse(error: unknown): never {
  const answer = error instanceof AuthError ? answers[error.code] : undefined
  if (!answer) throw error
  throw new StanzaError(answer[0], { text: answer[1] })
}
