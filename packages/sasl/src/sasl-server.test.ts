import { describe, expect, test } from 'vitest'
import { failure } from './mechanism.js'
import { createSaslServer, saslServerDefaults } from './sasl-server.js'
import type { SaslConditions, SaslServerDeps, ServerMechanismDefinition } from './server-exchange.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const everything: SaslServerDeps = { scramVerifier: () => undefined, verifyPassword: () => true }
const clear = { confidential: false }
const secret = { confidential: true }
const bound = { confidential: true, channelBindings: new Map([['tls-exporter', new Uint8Array(32)]]) }

describe('the advertised list', () => {
  const all = ['SCRAM-SHA-256-PLUS', 'PLAIN', 'SCRAM-SHA-1', 'ANONYMOUS']

  test.each([
    [
      'the default where everything is to be had',
      { ...everything, verifyToken: () => undefined },
      undefined,
      { ...bound, externalNames: ['juliet'] },
      saslServerDefaults.mechanisms,
    ],
    [
      'no -PLUS where TLS gives no binding',
      everything,
      undefined,
      secret,
      ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'],
    ],
    ['no PLAIN without TLS', everything, undefined, clear, ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1']],
    ['the order given', everything, all, bound, all],
    ['no -PLUS without binding data', everything, all, secret, ['PLAIN', 'SCRAM-SHA-1', 'ANONYMOUS']],
    ['no SCRAM without verifiers', { verifyPassword: () => true }, undefined, secret, ['PLAIN']],
    [
      'no PLAIN without password check',
      { scramVerifier: () => undefined },
      ['PLAIN', 'SCRAM-SHA-1'],
      secret,
      ['SCRAM-SHA-1'],
    ],
    ['a name once', everything, ['PLAIN', 'PLAIN'], secret, ['PLAIN']],
    ['nothing', {}, undefined, secret, []],
  ] as const)('is %s', (_what, deps, mechanisms, conditions, expected) => {
    const server = createSaslServer(deps, mechanisms === undefined ? {} : { mechanisms })
    expect(server.names(conditions)).toEqual(expected)
  })

  test('a mechanism nobody declares is a mistake found at once', () => {
    expect(() => createSaslServer(everything, { mechanisms: ['scram-sha-1'] })).toThrow(
      expect.objectContaining({ code: 'sasl/unknown-mechanism' }),
    )
  })
})

describe('a mechanism that is not advertised', () => {
  test.each([
    ['is unknown', 'GSSAPI', secret],
    ['is in other case', 'plain', secret],
    ['is implemented but not configured', 'ANONYMOUS', secret],
    ['lacks its binding data', 'SCRAM-SHA-1-PLUS', secret],
    ['is a name of every object', '__proto__', secret],
    ['is empty', '', secret],
  ])('A-1 SEC-9: fails when it %s', async (_what, name, conditions) => {
    const server = createSaslServer(everything, { mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS', 'PLAIN'] })
    const mechanism = server.begin(name, conditions)
    expect(await mechanism.start(bytes('\0a\0b'))).toMatchObject({ condition: 'invalid-mechanism' })
    expect(await mechanism.next(bytes('\0a\0b'))).toMatchObject({ condition: 'invalid-mechanism' })
  })

  test('T-9 SEC-7: is told what it lacks when that is encryption', async () => {
    const server = createSaslServer(everything)
    expect(await server.begin('PLAIN', clear).start(bytes('\0a\0b'))).toMatchObject({
      condition: 'encryption-required',
    })
  })
})

test('a mechanism of your own is used before one of the same name', async () => {
  const own: ServerMechanismDefinition = {
    name: 'PLAIN',
    cleartext: false,
    supported: () => true,
    begin: () => ({
      name: 'PLAIN',
      start: () => failure('mechanism-too-weak', 'no'),
      next: () => failure('mechanism-too-weak', 'no'),
    }),
  }
  const server = createSaslServer({ ...everything, definitions: [own] }, { mechanisms: ['PLAIN'] })
  expect(await server.begin('PLAIN', clear).start(undefined)).toMatchObject({
    condition: 'mechanism-too-weak',
  })
})

test('exchanges do not share state', async () => {
  const server = createSaslServer(everything)
  const one = server.begin('SCRAM-SHA-1', secret)
  const other = server.begin('SCRAM-SHA-1', secret)
  expect(await one.start(bytes('n,,n=a,r=one'))).toMatchObject({ kind: 'challenge' })
  expect(await other.next(bytes('c=biws,r=one,p=AAAA'))).toMatchObject({ condition: 'malformed-request' })
  expect(await other.start(bytes('n,,n=a,r=two'))).toMatchObject({ kind: 'challenge' })
})

test('a response while another is being worked on is refused', async () => {
  const server = createSaslServer(everything)
  const mechanism = server.begin('SCRAM-SHA-1', secret)
  const first = mechanism.start(bytes('n,,n=a,r=one'))
  expect(await mechanism.next(bytes('c=biws,r=one,p=AAAA'))).toMatchObject({ condition: 'malformed-request' })
  expect(await first).toMatchObject({ kind: 'challenge' })
})

test('collaborators keep their own this', async () => {
  class Directory {
    readonly #password = 'pencil'
    verifyPassword(_username: string, password: string): boolean {
      return password === this.#password
    }
  }
  const server = createSaslServer(new Directory())
  expect(await server.begin('PLAIN', secret).start(bytes('\0user\0pencil'))).toMatchObject({
    kind: 'success',
  })
})

test('collaborators see the conditions of the exchange, with what the caller added', async () => {
  interface Where extends SaslConditions {
    readonly domain: string
  }
  const server = createSaslServer<Where>({
    verifyPassword: (username, password, { domain }) => password === `${username}@${domain}`,
    isSameAccount: (username, authzid, { domain }) => authzid === `${username}@${domain}`,
    admit: (_username, { domain }) => (domain === 'closed.example' ? 'account-disabled' : undefined),
  })
  const login = (domain: string) =>
    server.begin('PLAIN', { confidential: true, domain }).start(bytes(`a@${domain}\0a\0a@${domain}`))
  expect(await login('open.example')).toMatchObject({ kind: 'success', username: 'a' })
  expect(await login('closed.example')).toMatchObject({ condition: 'account-disabled', username: 'a' })
})

test('SEC-9: for any authcid and authzid the session belongs to the authcid or to nobody', async () => {
  const names = ['a', 'b', 'A', '', 'a@example.org', 'b@example.org', 'a\u00ad', 'a/b', '\ufeff']
  const server = createSaslServer({
    verifyPassword: (username, password) => password === `password of ${username}`,
    prepareUsername: (username) => username.toLowerCase() || undefined,
    isSameAccount: (username, authzid) => authzid === `${username}@example.org`,
  })
  let admitted = 0
  for (const authcid of names) {
    for (const authzid of names) {
      for (const owner of ['a', 'b']) {
        const message = bytes(`${authzid}\0${authcid}\0password of ${owner}`)
        const step = await server.begin('PLAIN', secret).start(message)
        if (step.kind !== 'success') continue
        admitted++
        expect(step.username).toBe(owner)
        expect(authcid.toLowerCase()).toBe(owner)
        expect([undefined, `${owner}@example.org`]).toContain(step.authzid)
      }
    }
  }
  expect(admitted).toBe(6) // a and A, b: each without authzid and with the own one
})
