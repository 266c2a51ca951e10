import { beforeAll, describe, expect, test } from 'vitest'
import { createDecoyVerifiers } from './decoy-verifiers.js'
import type { ServerMechanism, ServerStep } from './mechanism.js'
import { createSaslServer } from './sasl-server.js'
import { createScramHasher } from './scram-hasher.js'
import { type ScramHash, type ScramVerifier, scramHashes } from './scram-verifier.js'
import type { SaslConditions, SaslServerDeps } from './server-exchange.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)

const shaOneSalt = Buffer.from('QSXCR+Q6sek8bf92', 'base64')
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const verifiers = new Map<string, ScramVerifier>()
const hasher = createScramHasher({ iterations: 4096 })

beforeAll(async () => {
  for (const hash of scramHashes) {
    const verifier = await hasher.derive('pencil', { hash, salt: hash === 'SHA-1' ? shaOneSalt : salt })
    verifiers.set(hash, verifier)
  }
})

const decoys = createDecoyVerifiers({ secret: bytes('store secret'), iterations: 4096 })

interface Setup {
  readonly hash?: ScramHash
  readonly nonce?: string
  readonly plus?: boolean
  readonly mechanisms?: readonly string[]
  readonly deps?: SaslServerDeps
  readonly conditions?: Partial<SaslConditions>
}

const clientNonce = 'rOprNGfwEbeRWgbNEkqO'
const serverNonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const binding = Uint8Array.from({ length: 32 }, (_, i) => i)
const bound: Partial<SaslConditions> = { channelBindings: new Map([['tls-exporter', binding]]) }

function begin(setup: Setup = {}): ServerMechanism {
  const { hash = 'SHA-256', plus = false } = setup
  const name = `SCRAM-${hash}${plus ? '-PLUS' : ''}`
  const server = createSaslServer(
    {
      scramVerifier: (username, wanted) => (username === 'user' ? verifiers.get(wanted) : undefined),
      nonce: () => setup.nonce ?? serverNonce,
      decoyVerifier: decoys.verifier,
      ...setup.deps,
    },
    // The vectors of the RFCs know no further attributes.
    { mechanisms: setup.mechanisms ?? [name], downgradeProtection: false },
  )
  return server.begin(name, { confidential: true, ...setup.conditions })
}

/** Runs client messages through an exchange and gives the last step. */
async function exchange(mechanism: ServerMechanism, first: string, ...more: string[]): Promise<ServerStep> {
  let step = await mechanism.start(bytes(first))
  for (const message of more) step = await mechanism.next(bytes(message))
  return step
}

const finalOf = (proof: string): string => `c=biws,r=${clientNonce}${serverNonce},p=${proof}`
const first256 = `n,,n=user,r=${clientNonce}`
const proof256 = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='

describe('vectors', () => {
  test('RFC 5802 §5: the SCRAM-SHA-1 exchange', async () => {
    const mechanism = begin({ hash: 'SHA-1', nonce: '3rfcNHYJY1ZVvWVs7j' })
    const challenge = await mechanism.start(bytes('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL'))
    expect(challenge).toMatchObject({ kind: 'challenge' })
    expect(text(challenge.kind === 'challenge' ? challenge.data : undefined)).toBe(
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    )
    const success = await mechanism.next(
      bytes('c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts='),
    )
    expect(success).toMatchObject({ kind: 'success', username: 'user' })
    expect(text(success.kind === 'success' ? success.data : undefined)).toBe('v=rmF9pqV8S7suAoZWja4dJRkFsKQ=')
  })

  test('RFC 7677 §3: the SCRAM-SHA-256 exchange', async () => {
    const mechanism = begin()
    const challenge = await mechanism.start(bytes(first256))
    expect(text(challenge.kind === 'challenge' ? challenge.data : undefined)).toBe(
      `r=${clientNonce}${serverNonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
    )
    const success = await mechanism.next(bytes(finalOf(proof256)))
    expect(success).toMatchObject({ kind: 'success', username: 'user' })
    expect(text(success.kind === 'success' ? success.data : undefined)).toBe(
      'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    )
  })

  test('the same exchange with SHA-512, as Python computes it', async () => {
    const proof = 'gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ=='
    const success = await exchange(begin({ hash: 'SHA-512' }), first256, finalOf(proof))
    expect(text(success.kind === 'success' ? success.data : undefined)).toBe(
      'v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==',
    )
  })

  test('A-10: the same exchange bound to its channel, as Python computes it', async () => {
    const cbind = 'cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f'
    const success = await exchange(
      begin({ plus: true, conditions: bound }),
      `p=tls-exporter,,n=user,r=${clientNonce}`,
      `c=${cbind},r=${clientNonce}${serverNonce},p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=`,
    )
    expect(text(success.kind === 'success' ? success.data : undefined)).toBe(
      'v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=',
    )
  })
})

test('without initial response asks for the first message with an empty challenge', async () => {
  const mechanism = begin()
  expect(await mechanism.start(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) })
  expect(await mechanism.next(bytes(first256))).toMatchObject({ kind: 'challenge' })
  expect(await mechanism.next(bytes(finalOf(proof256)))).toMatchObject({ kind: 'success' })
})

describe('channel binding', () => {
  const malformed = { kind: 'failure', condition: 'malformed-request' }
  const plusToo = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']

  test('A-9: "y" fails where a -PLUS mechanism is advertised: somebody removed it from the list', async () => {
    const first = `y,,n=user,r=${clientNonce}`
    expect(await exchange(begin({ mechanisms: plusToo, conditions: bound }), first)).toMatchObject(malformed)
    expect(await exchange(begin({ mechanisms: plusToo }), first)).toMatchObject({ kind: 'challenge' })
  })

  test('A-9: "n" is a client without channel binding, wherever it comes', async () => {
    const mechanism = begin({ mechanisms: plusToo, conditions: bound })
    expect(await exchange(mechanism, first256)).toMatchObject({ kind: 'challenge' })
  })

  test('A-9: "p=" fails with a mechanism without -PLUS', async () => {
    const first = `p=tls-exporter,,n=user,r=${clientNonce}`
    expect(await exchange(begin({ mechanisms: plusToo, conditions: bound }), first)).toMatchObject(malformed)
  })

  test.each(['n', 'y'])('A-9: %j fails with a -PLUS mechanism', async (flag) => {
    const mechanism = begin({ plus: true, conditions: bound })
    expect(await exchange(mechanism, `${flag},,n=user,r=${clientNonce}`)).toMatchObject(malformed)
  })

  test('A-9: a binding type that is not offered fails', async () => {
    const mechanism = begin({ plus: true, conditions: bound })
    expect(await exchange(mechanism, `p=tls-unique,,n=user,r=${clientNonce}`)).toMatchObject(malformed)
  })

  test('A-10: "c=" must be the header as received and our own data', async () => {
    const first = `p=tls-exporter,,n=user,r=${clientNonce}`
    const wrong = Buffer.concat([bytes('p=tls-exporter,,'), binding.map((byte) => byte ^ 1)])
    for (const data of [wrong, Buffer.from('p=tls-exporter,,'), Buffer.from('n,,')]) {
      const final = `c=${data.toString('base64')},r=${clientNonce}${serverNonce},p=${proof256}`
      expect(await exchange(begin({ plus: true, conditions: bound }), first, final)).toEqual({
        kind: 'failure',
        condition: 'not-authorized',
        reason: 'the channel binding data differ',
        username: 'user',
      })
    }
  })

  test('A-10: "c=" of another header fails before the proof is looked at', async () => {
    for (const header of ['y,,', 'n,a=user,', 'n,']) {
      const final = finalOf(proof256).replace('biws', Buffer.from(header).toString('base64'))
      expect(await exchange(begin(), first256, final)).toMatchObject({
        condition: 'not-authorized',
        reason: 'the channel binding data differ',
      })
    }
  })
})

describe('the nonce', () => {
  test.each([
    ['shortened', `${clientNonce}${serverNonce}`.slice(0, -1)],
    ['extended', `${clientNonce}${serverNonce}x`],
    ['without the server part', clientNonce],
    ['without the client part', serverNonce],
    ['in other case', `${clientNonce}${serverNonce}`.toLowerCase()],
  ])('A-11: %s in the final message fails', async (_what, nonce) => {
    const final = `c=biws,r=${nonce},p=${proof256}`
    expect(await exchange(begin(), first256, final)).toMatchObject({ condition: 'not-authorized' })
  })

  test('A-11: the server part is new each time, long enough, printable and without comma', async () => {
    const server = createSaslServer({ scramVerifier: () => verifiers.get('SHA-256') })
    const seen = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const step = await server.begin('SCRAM-SHA-256', { confidential: true }).start(bytes('n,,n=user,r=abc'))
      const nonce = /^r=abc([\x21-\x2b\x2d-\x7e]+),s=/.exec(
        text(step.kind === 'challenge' ? step.data : undefined),
      )
      seen.add(nonce?.[1] ?? '')
    }
    expect(seen.size).toBe(50)
    for (const nonce of seen) expect(Buffer.from(nonce, 'base64').byteLength).toBeGreaterThanOrEqual(16)
  })
})

describe('malformed messages', () => {
  test.each([
    ['an empty one', new Uint8Array(0)],
    ['bytes that are not UTF-8', Uint8Array.of(0x6e, 0x2c, 0x2c, 0xff)],
    ['an overlong encoding', Uint8Array.of(...bytes('n,,n=us'), 0xc0, 0xaf, ...bytes(',r=abc'))],
    ['no SCRAM', bytes('\0user\0pencil')],
    ['a mandatory extension', bytes('n,,m=1,n=user,r=abc')],
    ['a username longer than a localpart', bytes(`n,,n=${'a'.repeat(1024)},r=abc`)],
    ['a message longer than allowed', bytes(`n,,n=user,r=${'a'.repeat(8192)}`)],
  ])('A-3 A-12: %s as first message', async (_what, message) => {
    expect(await begin().start(message)).toMatchObject({ kind: 'failure', condition: 'malformed-request' })
  })

  test.each([
    ['an empty one', ''],
    ['no proof', `c=biws,r=${clientNonce}${serverNonce}`],
    ['a proof of another length', finalOf('AAAA')],
    ['a proof of another hash', finalOf('v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=')],
    ['an empty proof', `c=biws,r=${clientNonce}${serverNonce},p=`],
    ['loose base64', finalOf(proof256.replace('=', ''))],
    ['the first message again', first256],
  ])('A-3 A-13: %s as final message', async (_what, message) => {
    expect(await exchange(begin(), first256, message)).toMatchObject({ condition: 'malformed-request' })
  })

  test('A-3: a response after the end', async () => {
    const mechanism = begin()
    await exchange(mechanism, first256, finalOf(proof256))
    expect(await mechanism.next(bytes(finalOf(proof256)))).toMatchObject({ condition: 'malformed-request' })
    expect(await mechanism.start(bytes(first256))).toMatchObject({ condition: 'malformed-request' })
  })

  test('A-12: an optional extension is signed and otherwise ignored', async () => {
    // The proof was made without the extension: it is part of what is signed, so the same proof fails.
    expect(await exchange(begin(), `${first256},x=1`, finalOf(proof256))).toMatchObject({
      reason: 'the proof is wrong',
    })
  })
})

describe('unknown accounts', () => {
  const run = (username: string, deps?: SaslServerDeps): Promise<ServerStep[]> => {
    const mechanism = begin(deps === undefined ? {} : { deps })
    const steps: ServerStep[] = []
    return (async () => {
      steps.push(await mechanism.start(bytes(`n,,n=${username},r=${clientNonce}`)))
      steps.push(await mechanism.next(bytes(finalOf(Buffer.alloc(32).toString('base64')))))
      return steps
    })()
  }
  const shape = (step: ServerStep | undefined): string =>
    step?.kind === 'challenge'
      ? text(step.data).replace(/s=[^,]+/, (value) => `s[${value.length}]`)
      : step?.kind === 'failure'
        ? step.condition
        : 'success'

  test('A-5: run to the same end in the same number of messages as a wrong password', async () => {
    const known = (await run('user')).map(shape)
    const unknown = (await run('nobody')).map(shape)
    expect(known[1]).toBe('not-authorized')
    expect(unknown).toEqual(known.map((line) => line))
  })

  test('A-5: have a salt that stays the same, differs by name and hash, and depends on the secret', async () => {
    const salts = (secret: string): string[] =>
      ['nobody', 'nobody', 'noone'].map((name) =>
        Buffer.from(createDecoyVerifiers({ secret: bytes(secret) }).verifier(name, 'SHA-256').salt).toString(
          'hex',
        ),
      )
    const [one, again, other] = salts('a')
    expect(again).toBe(one)
    expect(other).not.toBe(one)
    expect(salts('b')[0]).not.toBe(one)
    const decoys = createDecoyVerifiers({ secret: bytes('a') })
    expect(decoys.verifier('nobody', 'SHA-1').salt).not.toEqual(decoys.verifier('nobody', 'SHA-512').salt)
    expect(decoys.verifier('nobody', 'SHA-1').iterations).toBe(10_000)
    expect(decoys.verifier('nobody', 'SHA-512').storedKey.byteLength).toBe(64)
  })

  test('A-5: a name nobody can have is such an account too', async () => {
    const steps = await run('nobody', { prepareUsername: () => undefined })
    expect(steps.map(shape)).toEqual((await run('user')).map(shape))
  })

  test('A-5: an account without a verifier of this hash is such an account too', async () => {
    const steps = await run('user', { scramVerifier: () => undefined })
    expect(steps.map(shape)).toEqual((await run('user')).map(shape))
  })

  test('A-5: stay unknown even if the proof fits the invented verifier', async () => {
    // The keys of the real account, as if an attacker could choose the decoy.
    const verifier = verifiers.get('SHA-256')
    if (verifier === undefined) throw new Error('no verifier')
    const deps = { scramVerifier: () => undefined, decoyVerifier: () => verifier }
    expect(await exchange(begin({ deps }), first256, finalOf(proof256))).toMatchObject({
      condition: 'not-authorized',
    })
  })
})

describe('after the proof', () => {
  const asked = `n,a=juliet@example.org,n=user,r=${clientNonce}`
  const header = Buffer.from('n,a=juliet@example.org,').toString('base64')

  test('A-20: a condition of the account shows only with correct credentials', async () => {
    const deps: SaslServerDeps = { admit: () => 'account-disabled' }
    expect(await exchange(begin({ deps }), first256, finalOf(proof256))).toMatchObject({
      condition: 'account-disabled',
    })
    const wrong = finalOf(Buffer.alloc(32).toString('base64'))
    expect(await exchange(begin({ deps }), first256, wrong)).toMatchObject({ condition: 'not-authorized' })
  })

  test('A-6: a foreign authzid is not looked at before the proof', async () => {
    const final = `c=${header},r=${clientNonce}${serverNonce},p=${Buffer.alloc(32).toString('base64')}`
    expect(await exchange(begin(), asked, final)).toMatchObject({ condition: 'not-authorized' })
  })
})

test('A-3: a store that cannot answer is a temporary failure with its cause', async () => {
  const cause = new Error('connection refused')
  const deps: SaslServerDeps = { scramVerifier: () => Promise.reject(cause) }
  expect(await exchange(begin({ deps }), first256)).toEqual({
    kind: 'failure',
    condition: 'temporary-auth-failure',
    reason: 'a credential source could not answer',
    cause,
  })
  const throwing: SaslServerDeps = {
    admit: () => {
      throw cause
    },
  }
  expect(await exchange(begin({ deps: throwing }), first256, finalOf(proof256))).toMatchObject({
    condition: 'temporary-auth-failure',
  })
})

test('A-3 A-12: no change of a single byte anywhere in an exchange leads to success, and none throws', async () => {
  const final256 = finalOf(proof256)
  // Every byte once, to a neighbour, to a separator, to NUL and to a byte that is never valid in UTF-8.
  const mutants = (message: string): Uint8Array[] =>
    [...bytes(message)].flatMap((byte, at) =>
      [byte ^ 1, 0x2c, 0, 0xff]
        .filter((other) => other !== byte)
        .map((other) => bytes(message).with(at, other)),
    )
  const outcomes = new Set<string>()
  for (const first of mutants(first256)) {
    const mechanism = begin()
    const challenge = await mechanism.start(first)
    const end = challenge.kind === 'challenge' ? await mechanism.next(bytes(final256)) : challenge
    outcomes.add(end.kind === 'failure' ? end.condition : end.kind)
  }
  for (const final of mutants(final256)) {
    const mechanism = begin()
    await mechanism.start(bytes(first256))
    const end = await mechanism.next(final)
    outcomes.add(end.kind === 'failure' ? end.condition : end.kind)
  }
  expect([...outcomes].sort()).toEqual(['malformed-request', 'not-authorized'])
})
