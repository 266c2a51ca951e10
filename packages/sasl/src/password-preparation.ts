import { SaslError } from './errors.js'
import { saslPrep } from './saslprep.js'

/** Turns a password as typed into the text that is hashed; throws if it cannot be used as a password. */
export type PreparePassword = (password: string) => string

/**
 * Makes the one password preparation of a server, used wherever a password comes in: registration, PLAIN
 * login, password change, commands (RFC 5802 §2.2, XEP-0438).
 *
 * The rule: SASLprep if it can carry the password, because SCRAM clients do the same; otherwise `fallback`,
 * meant for OpaqueString (RFC 8265), because SASLprep knows no character younger than 2002, no emoji for
 * instance. An ASCII password is never altered, an empty one is refused.
 *
 * @param fallback prepares what SASLprep refuses; without one such passwords are refused
 * @throws SaslError (the returned function) `sasl/unpreparable` for a password neither can carry
 * @example
 * ```ts
 * const prepare = passwordPreparation((password) => preparePassword(password)) // from @xmppkit/jid
 * prepare('pass\u00a0word') // 'pass word'
 * prepare('🐎🔋')           // '🐎🔋'
 * ```
 */
export function passwordPreparation(fallback?: PreparePassword): PreparePassword {
  return (password) => {
    const prepared = prepareWith(password, fallback)
    if (prepared === '') throw new SaslError('sasl/unpreparable', 'the password is empty')
    return prepared
  }
}

function prepareWith(password: string, fallback: PreparePassword | undefined): string {
  try {
    return saslPrep(password)
  } catch (error) {
    if (fallback === undefined) throw error
  }
  try {
    return fallback(password)
  } catch {
    // The fallback's own message may quote the password (SEC-33).
    throw new SaslError('sasl/unpreparable', 'the password has characters no preparation can carry')
  }
}
