import type { TokenVerifier } from '@xmppkit/auth'
import { type BareJid, makeJid, tryParseJid } from '@xmppkit/jid'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { JwtError } from './errors.js'

/** The keys tokens are signed with: exactly one of these. */
export interface JwtKeys {
  /** Public keys. */
  readonly jwks?: JSONWebKeySet
  /** Where the issuer publishes them; `https`, fetched when needed, kept for ten minutes. */
  readonly jwksUrl?: string
  /** A secret shared with the issuer, at least 32 bytes. */
  readonly secret?: Uint8Array
}

/** Which tokens are taken. */
export interface JwtVerifierOptions {
  /** Who must have issued them (`iss`). */
  readonly issuer: string
  /** Whom they must be for (`aud`): this service, so that a token for another one is none for us. */
  readonly audience: string
  /**
   * Algorithms of their signatures. Those of the other kind of key are never taken, so that a public key cannot pass for a
   * secret.
   * @default ['RS256', 'PS256', 'ES256', 'EdDSA'] with public keys, ['HS256'] with a secret
   */
  readonly algorithms?: readonly string[]
  /**
   * The claim that names the account: a localpart of the domain the client logs in to, or a whole bare JID.
   * @default 'sub'
   */
  readonly accountClaim?: string
  /**
   * How far clocks may be apart, in seconds.
   * @default 30
   */
  readonly clockToleranceSeconds?: number
  /**
   * Longest token, in characters.
   * @default 8192
   */
  readonly maxLength?: number
}

/** What {@link JwtVerifierOptions} are when left out. */
export const jwtVerifierDefaults = Object.freeze({
  accountClaim: 'sub',
  clockToleranceSeconds: 30,
  maxLength: 8192,
})

const asymmetric = ['RS256', 'PS256', 'ES256', 'EdDSA']
const symmetric = ['HS256', 'HS384', 'HS512']

/** What {@link createJwtVerifier} needs. */
export interface JwtVerifierDeps {
  /** The keys. */
  readonly keys: JwtKeys
  /** Says what time it is. */
  readonly clock: { now(): number }
}

/**
 * Makes a verifier of JSON Web Tokens (RFC 7519) for OAUTHBEARER: signature, issuer, audience and expiry are all checked, and
 * a token without one of them is none (SEC-32).
 *
 * @throws JwtError `jwt/bad-options`
 * @example
 * ```ts
 * const tokens = createJwtVerifier(
 *   { keys: { jwksUrl: 'https://id.example/jwks.json' }, clock: systemClock },
 *   { issuer: 'https://id.example', audience: 'xmpp:example.com' },
 * )
 * const accounts = createAccounts({ store, hooks, clock, ids, tokens })
 * ```
 */
export function createJwtVerifier(deps: JwtVerifierDeps, options: JwtVerifierOptions): TokenVerifier {
  const settings = Object.freeze({ ...jwtVerifierDefaults, ...options })
  const algorithms = algorithmsOf(deps.keys, options.algorithms)
  const key = keyOf(deps.keys)
  if (settings.issuer === '' || settings.audience === '') {
    throw new JwtError(
      'jwt/bad-options',
      'name the issuer and the audience: tokens for others are not for us',
    )
  }

  const verified = async (token: string): Promise<JWTPayload | undefined> => {
    const { issuer, audience, clockToleranceSeconds: clockTolerance } = settings
    const check = { issuer, audience, algorithms: [...algorithms], clockTolerance }
    const terms = { ...check, requiredClaims: ['exp'], currentDate: new Date(deps.clock.now()) }
    try {
      const { payload } = await (key instanceof Uint8Array
        ? jwtVerify(token, key, terms)
        : jwtVerify(token, key, terms))
      return payload
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw new JwtError('jwt/no-keys', 'the keys of the issuer could not be had', { cause: error })
    }
  }

  return {
    async verifyToken(token, domain) {
      if (token.length > settings.maxLength) return undefined
      const payload = await verified(token)
      return payload && accountIn(payload[settings.accountClaim], domain)
    },
  }
}

function algorithmsOf({ secret }: JwtKeys, wanted: readonly string[] | undefined): readonly string[] {
  const chosen = wanted ?? (secret === undefined ? asymmetric : ['HS256'])
  const forbidden = chosen.filter(
    (name) => name === 'none' || symmetric.includes(name) !== (secret !== undefined),
  )
  if (chosen.length > 0 && forbidden.length === 0) return chosen
  throw new JwtError(
    'jwt/bad-options',
    `these algorithms do not go with that kind of key: ${forbidden.join(' ')}`,
  )
}

function keyOf({ jwks, jwksUrl, secret }: JwtKeys): JWTVerifyGetKey | Uint8Array {
  const given = [jwks, jwksUrl, secret].filter((source) => source !== undefined)
  if (given.length !== 1)
    throw new JwtError('jwt/bad-options', 'give exactly one of jwks, jwksUrl and secret')
  if (jwks !== undefined) return createLocalJWKSet(jwks)
  if (secret !== undefined) {
    if (secret.byteLength < 32) throw new JwtError('jwt/bad-options', 'the secret is shorter than 32 bytes')
    return secret
  }
  const url = new URL(jwksUrl ?? '')
  if (url.protocol === 'https:') return createRemoteJWKSet(url)
  throw new JwtError('jwt/bad-options', 'keys are fetched over https only')
}

// Everything that says something about the token; the rest says something about the way to its keys.
function isRefusal(error: unknown): boolean {
  return (
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  )
}

function accountIn(claim: unknown, domain: string): BareJid | undefined {
  if (typeof claim !== 'string' || claim === '') return undefined
  if (claim.includes('@')) {
    const jid = tryParseJid(claim)
    return jid?.isBare === true ? jid.bare : undefined
  }
  try {
    return makeJid({ local: claim, domain }).bare
  } catch {
    return undefined
  }
}
