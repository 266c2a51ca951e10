/**
 * Logins with JSON Web Tokens: OAUTHBEARER over the keys of your own issuer.
 *
 * @packageDocumentation
 */
export { JwtError } from './errors.js'
export {
  createJwtVerifier,
  type JwtKeys,
  type JwtVerifierDeps,
  type JwtVerifierOptions,
  jwtVerifierDefaults,
} from './jwt-verifier.js'
