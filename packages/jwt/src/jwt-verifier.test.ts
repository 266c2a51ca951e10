import { createManualClock } from '@xmppkit/runtime'
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
} from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createJwtVerifier, type JwtVerifierOptions } from './jwt-verifier.js'

type Key = CryptoKey | Uint8Array

const issuer = 'https://id.test'
const audience = 'xmpp:example.org'
const secret = new Uint8Array(32).fill(7)
const clock = createManualClock()
const seconds = Math.floor(clock.now() / 1000)
let jwks: JSONWebKeySet
let privateKey: CryptoKey
let publicKey: CryptoKey
let stranger: CryptoKey

beforeAll(async () => {
  const pair = await generateKeyPair('ES256')
  privateKey = pair.privateKey
  publicKey = pair.publicKey
  jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }
  stranger = (await generateKeyPair('ES256')).privateKey
})

const good: JWTPayload = { sub: 'juliet', iss: issuer, aud: audience, exp: seconds + 60 }
const sign = (payload: JWTPayload, key: Key = privateKey, alg = 'ES256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(key)

async function accountOf(
  token: string,
  options: Partial<JwtVerifierOptions> = {},
): Promise<string | undefined> {
  const verifier = createJwtVerifier({ keys: { jwks }, clock }, { issuer, audience, ...options })
  return (await verifier.verifyToken(token, 'example.org'))?.toString()
}

describe('a token', () => {
  test.each([
    ['juliet', 'juliet@example.org'],
    ['Juliet', 'juliet@example.org'],
    ['juliet@example.org', 'juliet@example.org'],
    ['juliet@other.example', 'juliet@other.example'],
  ])('names its account: %s', async (sub, expected) => {
    expect(await accountOf(await sign({ ...good, sub }))).toBe(expected)
  })

  test('names it in a claim of your choice', async () => {
    expect(await accountOf(await sign({ ...good, name: 'romeo' }), { accountClaim: 'name' })).toBe(
      'romeo@example.org',
    )
  })

  test('may be signed with a shared secret', async () => {
    const verifier = createJwtVerifier({ keys: { secret }, clock }, { issuer, audience })
    const account = await verifier.verifyToken(await sign(good, secret, 'HS256'), 'example.org')
    expect(account?.toString()).toBe('juliet@example.org')
  })
})

describe('SEC-32: no token is', () => {
  test.each<[string, JWTPayload]>([
    ['one that has expired', { ...good, exp: seconds - 31 }],
    ['one without an end', { sub: 'juliet', iss: issuer, aud: audience }],
    ['one that begins later', { ...good, nbf: seconds + 31 }],
    ['one for another service', { ...good, aud: 'https://shop.test' }],
    ['one for nobody', { sub: 'juliet', iss: issuer, exp: seconds + 60 }],
    ['one of another issuer', { ...good, iss: 'https://evil.test' }],
    ['one without an account', { iss: issuer, aud: audience, exp: seconds + 60 }],
    ['one for an account nobody can have', { ...good, sub: 'ju liet' }],
    ['one for a session', { ...good, sub: 'juliet@example.org/balcony' }],
    ['one for a number', { ...good, sub: 7 as never }],
  ])('%s', async (_what, payload) => {
    expect(await accountOf(await sign(payload))).toBeUndefined()
  })

  test('one that somebody else signed', async () => {
    expect(await accountOf(await sign(good, stranger))).toBeUndefined()
  })

  test('one that nobody signed', async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    expect(await accountOf(`${part({ alg: 'none' })}.${part(good)}.`)).toBeUndefined()
  })

  test('one signed with the public key as if it were a secret', async () => {
    const asSecret = new TextEncoder().encode(await exportSPKI(publicKey))
    expect(await accountOf(await sign(good, asSecret, 'HS256'))).toBeUndefined()
  })

  test.each(['', 'x', 'a.b.c', '..', `${'a'.repeat(9_000)}.b.c`])('this: %#', async (token) => {
    expect(await accountOf(token)).toBeUndefined()
  })
})

test('A-3: keys that cannot be fetched are no wrong token', async () => {
  // Nothing listens on the port of discard.
  const keys = { jwksUrl: 'https://127.0.0.1:9/jwks.json' }
  const verifier = createJwtVerifier({ keys, clock }, { issuer, audience })
  await expect(verifier.verifyToken(await sign(good), 'example.org')).rejects.toMatchObject({
    code: 'jwt/no-keys',
  })
})

test.each([
  ['no key', {}, {}],
  ['two kinds of keys', { secret, jwksUrl: 'https://id.test/' }, {}],
  ['a short secret', { secret: new Uint8Array(31) }, {}],
  ['keys over http', { jwksUrl: 'http://id.test/jwks.json' }, {}],
  ['a secret with an algorithm of public keys', { secret }, { algorithms: ['RS256'] }],
  [
    'public keys with an algorithm of secrets',
    { jwksUrl: 'https://id.test/' },
    { algorithms: ['ES256', 'HS256'] },
  ],
  ['no signature', { jwksUrl: 'https://id.test/' }, { algorithms: ['none'] }],
  ['no algorithm', { secret }, { algorithms: [] }],
  ['no audience', { secret }, { audience: '' }],
])('SEC-32: %s is a mistake found at once', (_what, keys, options) => {
  expect(() => createJwtVerifier({ keys, clock }, { issuer, audience, ...options })).toThrow(
    expect.objectContaining({ code: 'jwt/bad-options' }),
  )
})
