import { XmppkitError } from '@xmppkit/runtime'

/**
 * What a verifier of JSON Web Tokens refuses.
 *
 * - `jwt/bad-options`: the options would let tokens in that nobody meant, or none at all.
 * - `jwt/no-keys`: the keys could not be fetched.
 */
export class JwtError extends XmppkitError<'jwt/bad-options' | 'jwt/no-keys'> {}
