import { XmppkitError } from '@xmppkit/runtime'

/** What can go wrong with accounts. */
export type AuthErrorCode =
  | 'auth/exists'
  | 'auth/unknown-account'
  | 'auth/refused'
  | 'auth/full'
  | 'auth/invalid-account'
  | 'auth/invalid-password'
  | 'auth/read-only'
  | 'auth/no-source'
  | 'auth/timeout'
  | 'auth/throttled'

/** An error of the accounts. Its message never holds a password. */
export class AuthError extends XmppkitError<AuthErrorCode> {}
