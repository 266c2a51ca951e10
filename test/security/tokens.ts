import { TokenVerifierService } from '@xmppkit/auth/module'
import { createJwtVerifier } from '@xmppkit/jwt'
import { type Provided, provide } from '@xmppkit/module'
import { createManualClock } from '@xmppkit/runtime'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { domain } from './scene.js'

/** Who issues tokens here, and for whom. */
const issuer = 'https://id.test'
export const audience = `xmpp:${domain}`

/** The seconds at which the clocks of all scenes stand when they begin. */
export const startSeconds = Math.floor(createManualClock().now() / 1000)

/** An issuer of tokens that a server trusts. */
export interface Issuer {
  /** For the server: whose tokens it takes. The clock is that of its scene, whose hands stand still. */
  readonly service: Provided
  /** Its public key as everybody can read it, PEM. */
  readonly publicPem: string
  /** Signs what it would never sign: claims are as given. */
  sign(payload: JWTPayload, header?: Readonly<Record<string, unknown>>): Promise<string>
}

/** What a good token says. */
export function claims(about: Partial<JWTPayload> = {}): JWTPayload {
  return { sub: 'mallory', iss: issuer, aud: audience, exp: startSeconds + 300, ...about }
}

/** Makes an issuer with a key pair of its own. */
export async function createIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'ours' }] }
  const now = () => startSeconds * 1000
  return {
    service: provide(
      TokenVerifierService,
      createJwtVerifier({ keys: { jwks }, clock: { now } }, { issuer, audience }),
    ),
    publicPem: await exportSPKI(publicKey),
    sign: (payload, header) => signed(payload, privateKey, 'RS256', header),
  }
}

/** Signs claims with any key. */
export function signed(
  payload: JWTPayload,
  key: CryptoKey | Uint8Array,
  alg: string,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg, ...header }).sign(key)
}
