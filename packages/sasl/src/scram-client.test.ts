import { describe, expect, test } from 'vitest'
import type { ClientMechanism } from './mechanism.js'
import { scramClient } from './scram-client.js'
import { createScramHasher } from './scram-hasher.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)

const clientNonce = 'rOprNGfwEbeRWgbNEkqO'
const combined = `${clientNonce}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0`
const serverFirst = `r=${combined},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

const client = (hasher = createScramHasher()): ClientMechanism =>
  scramClient('SHA-256', { username: 'user', password: 'pencil', hasher, nonce: () => clientNonce })

const failing = (code: string) => expect.objectContaining({ code })

test('RFC 7677 §3: the client half', async () => {
  const mechanism = client()
  expect(text(await mechanism.start())).toBe(`n,,n=user,r=${clientNonce}`)
  expect(text(await mechanism.next(bytes(serverFirst)))).toBe(
    `c=biws,r=${combined},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  )
  expect(() => mechanism.finish(bytes(serverFinal))).not.toThrow()
})

test('RFC 5802 §5: the client half', async () => {
  const mechanism = scramClient('SHA-1', {
    username: 'user',
    password: 'pencil',
    hasher: createScramHasher(),
    nonce: () => 'fyko+d2lbbFgONRv9qkxdawL',
  })
  expect(text(await mechanism.start())).toBe('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL')
  expect(
    text(
      await mechanism.next(bytes('r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096')),
    ),
  ).toBe('c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=')
  expect(() => mechanism.finish(bytes('v=rmF9pqV8S7suAoZWja4dJRkFsKQ='))).not.toThrow()
})

test('the signature may come as a last challenge', async () => {
  const mechanism = client()
  await mechanism.start()
  await mechanism.next(bytes(serverFirst))
  expect(await mechanism.next(bytes(serverFinal))).toEqual(new Uint8Array(0))
  expect(() => mechanism.finish()).not.toThrow()
})

describe('a server that does not prove itself', () => {
  test.each([
    ['no data', undefined],
    ['empty data', ''],
    ['an error', 'e=other-error'],
    ['another signature', 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ='],
    ['a signature with one bit changed', serverFinal.replace('6rri', '7rri')],
    ['bytes that are no UTF-8', '\xff'],
  ])('A-13: is refused: %s', async (_what, data) => {
    const mechanism = client()
    await mechanism.start()
    await mechanism.next(bytes(serverFirst))
    const message = data === undefined ? undefined : Buffer.from(data, 'latin1')
    expect(() => mechanism.finish(message)).toThrow(failing('sasl/server-not-verified'))
  })

  test('A-13: success before the proof was even asked for is refused', async () => {
    const mechanism = client()
    await mechanism.start()
    expect(() => mechanism.finish(bytes(serverFinal))).toThrow(failing('sasl/server-not-verified'))
  })
})

describe('a hostile challenge', () => {
  test.each([
    ['no SCRAM', ''],
    ['a foreign nonce', serverFirst.replace(clientNonce, 'A'.repeat(clientNonce.length))],
    ['nothing added to the nonce', serverFirst.replace(combined, clientNonce)],
    ['too few iterations', serverFirst.replace('i=4096', 'i=4095')],
    ['one iteration', serverFirst.replace('i=4096', 'i=1')],
    ['too many iterations', serverFirst.replace('i=4096', 'i=1000001')],
    ['the most iterations a number can say', serverFirst.replace('i=4096', 'i=2147483647')],
    ['an empty salt', serverFirst.replace(/s=[^,]*/, 's=')],
    ['a mandatory extension', `m=x,${serverFirst}`],
  ])('SEC-12: is refused at once: %s', async (_what, challenge) => {
    const mechanism = client()
    await mechanism.start()
    await expect(mechanism.next(bytes(challenge))).rejects.toThrow(failing('sasl/bad-challenge'))
  })

  test('SEC-12: the cap is an option, and the wait can be aborted', async () => {
    const strict = client(createScramHasher({ iterations: 4096, maxIterations: 4096 }))
    await strict.start()
    await expect(strict.next(bytes(serverFirst.replace('4096', '4097')))).rejects.toThrow(
      failing('sasl/bad-challenge'),
    )
    const aborted = scramClient('SHA-256', {
      username: 'user',
      password: 'pencil',
      hasher: createScramHasher(),
      nonce: () => clientNonce,
      signal: AbortSignal.abort(new Error('gone')),
    })
    await expect(aborted.next(bytes(serverFirst))).rejects.toThrow('gone')
  })
})

test('a binding type without data is a mistake of the caller', async () => {
  const mechanism = scramClient('SHA-256', {
    username: 'user',
    password: 'pencil',
    hasher: createScramHasher(),
    nonce: () => clientNonce,
    bindingType: 'tls-exporter',
  })
  expect(text(await mechanism.start())).toMatch(/^p=tls-exporter,,/)
  await expect(mechanism.next(bytes(serverFirst))).rejects.toThrow(failing('sasl/invalid-parameters'))
})
