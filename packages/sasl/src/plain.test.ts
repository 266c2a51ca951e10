import { describe, expect, test } from 'vitest'
import type { ServerStep } from './mechanism.js'
import { plainClient } from './plain.js'
import { createSaslServer } from './sasl-server.js'
import type { SaslServerDeps } from './server-exchange.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function start(message: Uint8Array | undefined, deps: SaslServerDeps = {}): Promise<ServerStep> {
  const server = createSaslServer({
    verifyPassword: (username, password) => username === 'user' && password === 'pencil',
    isSameAccount: (username, authzid) => authzid.toLowerCase() === `${username}@example.org`,
    ...deps,
  })
  return Promise.resolve(server.begin('PLAIN', { confidential: true }).start(message))
}

describe('the server', () => {
  test.each([
    ['without authzid', '\0user\0pencil', {}],
    ['with the own authzid', 'User@example.org\0user\0pencil', { authzid: 'User@example.org' }],
    ['with a username to be prepared', '\0us\u00ader\0pencil', {}],
  ])('accepts a message %s', async (_what, message, more) => {
    expect(await start(bytes(message))).toEqual({ kind: 'success', username: 'user', ...more })
  })

  test('without initial response asks for the message with an empty challenge', async () => {
    const server = createSaslServer({ verifyPassword: () => true })
    const mechanism = server.begin('PLAIN', { confidential: true })
    expect(await mechanism.start(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) })
    expect(await mechanism.next(bytes('\0user\0any'))).toMatchObject({ kind: 'success', username: 'user' })
  })

  test.each([
    ['an empty message', bytes('')],
    ['one NUL', bytes('user\0pencil')],
    ['three NULs', bytes('\0user\0pen\0cil')],
    ['an empty username', bytes('\0\0pencil')],
    ['an empty password', bytes('\0user\0')],
    ['an authzid only', bytes('user\0\0')],
    ['bytes that are not UTF-8', Uint8Array.of(0, 0x75, 0, 0xff)],
    ['an encoded surrogate', Uint8Array.of(0, 0x75, 0, 0xed, 0xa0, 0x80)],
    ['a username longer than a localpart', bytes(`\0${'é'.repeat(512)}\0pencil`)],
    ['a password longer than 1024 bytes', bytes(`\0user\0${'é'.repeat(513)}`)],
    ['a message longer than allowed', bytes(`${'a'.repeat(8192)}\0user\0pencil`)],
  ])('A-8: refuses %s', async (_what, message) => {
    const verifyPassword = (): boolean => {
      throw new Error('asked')
    }
    expect(await start(message, { verifyPassword })).toMatchObject({ condition: 'malformed-request' })
  })

  test('A-5: answers an unknown name, a wrong password and an impossible name alike', async () => {
    const asked: string[] = []
    const verifyPassword = (username: string): boolean => {
      asked.push(username)
      return false
    }
    const steps = [
      await start(bytes('\0user\0Pencil'), { verifyPassword }),
      await start(bytes('\0nobody\0pencil'), { verifyPassword }),
      await start(bytes('\0a\u0007b\0pencil'), { verifyPassword }),
    ]
    expect(new Set(steps.map((step) => step.kind === 'failure' && step.condition)).size).toBe(1)
    expect(steps[0]).toMatchObject({ condition: 'not-authorized', username: 'user' })
    expect(asked).toEqual(['user', 'nobody'])
  })

  test('never admits a name that cannot be prepared, whatever the verifier says', async () => {
    expect(await start(bytes('\0a\u0007b\0pencil'), { verifyPassword: () => true })).toMatchObject({
      condition: 'not-authorized',
    })
  })

  test('A-6: a foreign authzid is refused, but only after correct credentials', async () => {
    expect(await start(bytes('admin@example.org\0user\0pencil'))).toMatchObject({
      condition: 'invalid-authzid',
    })
    expect(await start(bytes('admin@example.org\0user\0wrong'))).toMatchObject({
      condition: 'not-authorized',
    })
  })

  test('A-20: a condition of the account shows only with correct credentials', async () => {
    const deps: SaslServerDeps = { admit: () => Promise.resolve('credentials-expired') }
    expect(await start(bytes('\0user\0pencil'), deps)).toMatchObject({ condition: 'credentials-expired' })
    expect(await start(bytes('\0user\0wrong'), deps)).toMatchObject({ condition: 'not-authorized' })
  })

  test('A-3: an outage is a temporary failure', async () => {
    const verifyPassword = (): Promise<boolean> => Promise.reject(new Error('LDAP is down'))
    expect(await start(bytes('\0user\0pencil'), { verifyPassword })).toMatchObject({
      condition: 'temporary-auth-failure',
    })
  })

  test('a verifier that answers something else than true does not let in', async () => {
    const verifyPassword = (): boolean => 'yes' as never
    expect(await start(bytes('\0user\0pencil'), { verifyPassword })).toMatchObject({
      condition: 'not-authorized',
    })
  })
})

describe('the client', () => {
  test('sends one message', async () => {
    const mechanism = plainClient({ username: 'user', password: 'pencil', authzid: 'a@b' })
    expect(await mechanism.start()).toEqual(bytes('a@b\0user\0pencil'))
    expect(() => mechanism.next(new Uint8Array(0))).toThrow(
      expect.objectContaining({ code: 'sasl/bad-challenge' }),
    )
    expect(() => mechanism.finish()).not.toThrow()
  })

  test.each([
    { username: 'us\0er', password: 'pencil' },
    { username: 'user', password: 'pen\0cil' },
    { username: 'user', password: 'pencil', authzid: 'a\0' },
  ])('refuses a NUL', (credentials) => {
    expect(() => plainClient(credentials)).toThrow(
      expect.objectContaining({ code: 'sasl/invalid-parameters' }),
    )
  })
})
