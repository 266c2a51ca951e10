import { createHooks } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock } from '@xmppkit/runtime'
import { createSaslClient, encodeBase64, type SaslClientDeps } from '@xmppkit/sasl'
import { StreamError } from '@xmppkit/stanza'
import { starttlsFeature } from '@xmppkit/stream'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Accounts, createAccounts } from './accounts.js'
import type { LoginAttempt } from './login-report.js'
import { createLoginThrottle } from './login-throttle.js'
import type { SaslFeatureDeps, SaslFeatureOptions } from './logins.js'
import { createMemoryAccountStore } from './memory-store.js'
import type { CredentialSources } from './ports.js'
import { saslFeature } from './sasl-feature.js'
import { type StreamRig, type StreamRigSetup, streamRig } from './stream-rig.js'

const ns = 'urn:ietf:params:xml:ns:xmpp-sasl'
const jid = (text: string): BareJid => parseJid(text) as BareJid
const password = 'r0m30 my=r0,m30'
let accounts: Accounts

beforeAll(async () => {
  const hooks = createHooks({ onError: () => {} })
  const deps = {
    store: createMemoryAccountStore(),
    hooks,
    clock: createManualClock(),
    ids: createCountingIds('id'),
  }
  accounts = createAccounts(deps, { iterations: 4096 })
  await accounts.register(jid('juliet@example.org'), password)
  await accounts.register(jid('romeo@example.org'), 'other')
  await accounts.register(jid('banned@example.org'), password)
  await accounts.setDisabled(jid('banned@example.org'), 'spam')
})

interface Setup extends Partial<Omit<StreamRigSetup, 'features'>> {
  readonly deps?: Partial<SaslFeatureDeps>
  readonly options?: SaslFeatureOptions
  readonly requireTls?: boolean
  readonly attempts?: LoginAttempt[]
}

function rig({ deps, options, requireTls, attempts = [], ...setup }: Setup = {}): StreamRig {
  return streamRig({
    ...setup,
    features: ({ clock, logger }) => [
      starttlsFeature({ required: requireTls ?? false }),
      saslFeature(
        {
          credentials: accounts.credentials,
          clock,
          logger,
          onAttempt: (attempt) => attempts.push(attempt),
          ...deps,
        },
        options,
      ),
    ],
  })
}

const settledSasl = /<(success|failure|challenge)[\s\S]*?(\/>|<\/(success|failure|challenge)>)/
const plain = (username: string, secret: string, authzid = ''): string =>
  encodeBase64(new TextEncoder().encode(`${authzid}\0${username}\0${secret}`))
const auth = (mechanism: string, data = ''): string =>
  `<auth xmlns='${ns}' mechanism='${mechanism}'>${data}</auth>`
const condition = (answer: string): string =>
  /^<failure xmlns=["']urn:ietf:params:xml:ns:xmpp-sasl["']><([a-z-]+)\/><\/failure>/.exec(answer)?.[1] ??
  answer

/** Sends one auth and gives the condition of the failure, or the whole answer. */
async function attempt(stream: StreamRig, mechanism: string, data = ''): Promise<string> {
  return condition(await stream.say(auth(mechanism, data), settledSasl))
}

/** A whole SCRAM login; the condition, or the whole `<success/>`. */
async function scram(stream: StreamRig, mechanism: string, deps: SaslClientDeps): Promise<string> {
  const client = createSaslClient(deps, { mechanisms: [mechanism] }).begin(mechanism)
  if (client === undefined) throw new Error('no such mechanism')
  let answer = await stream.say(
    auth(mechanism, encodeBase64((await client.start()) ?? new Uint8Array(0))),
    settledSasl,
  )
  const challenge = /<challenge[^>]*>([^<]*)</.exec(answer)?.[1]
  if (challenge === undefined) return condition(answer)
  const response = await client.next(Buffer.from(challenge, 'base64'))
  answer = await stream.say(`<response xmlns='${ns}'>${encodeBase64(response)}</response>`, settledSasl)
  const data = /<success[^>]*>([^<]*)</.exec(answer)?.[1]
  if (data !== undefined) client.finish(Buffer.from(data, 'base64'))
  return condition(answer)
}

describe('the offer', () => {
  const offered = (features: string): string[] =>
    [...features.matchAll(/<mechanism>([^<]*)<\/mechanism>/g)].map(([, name]) => name ?? '')

  test('lists every mechanism on a stream with TLS', async () => {
    expect(offered(await rig().open())).toEqual(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN'])
  })

  test('A-1: lists no SCRAM that no account has a verifier for', async () => {
    const credentials = { ...accounts.credentials, scramHashes: ['SHA-1'] as const }
    expect(offered(await rig({ deps: { credentials } }).open())).toEqual(['SCRAM-SHA-1', 'PLAIN'])
  })

  test('SEC-7: lists no mechanism that reveals the password without TLS', async () => {
    expect(offered(await rig({ tls: 'none' }).open())).toEqual([
      'SCRAM-SHA-512',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
    ])
  })

  test('lists nothing before TLS where TLS is required', async () => {
    const features = await rig({ tls: 'none', canStartTls: true, requireTls: true }).open()
    expect(features).toContain('<required/>')
    expect(offered(features)).toEqual([])
  })

  test.each([
    ['127.0.0.1', true, true],
    ['127.8.8.8', true, true],
    ['::1', true, true],
    ['::ffff:127.0.0.1', true, true],
    ['192.0.2.7', true, false],
    ['localhost', true, false],
    ['127.0.0.1', false, false],
  ])(
    'SEC-7: PLAIN without TLS from %s, allowed on loopback %s: %s',
    async (remoteAddress, allow, expected) => {
      const stream = rig({ tls: 'none', remoteAddress, options: { allowPlainOnLoopback: allow } })
      expect(offered(await stream.open()).includes('PLAIN')).toBe(expected)
      expect((await attempt(stream, 'PLAIN', plain('juliet', password))).startsWith('<success')).toBe(
        expected,
      )
    },
  )

  test('follows what the credential sources can do', async () => {
    const passwords = { verifyPassword: () => true }
    expect(offered(await rig({ deps: { credentials: { passwords } } }).open())).toEqual(['PLAIN'])
    const scramOnly = { scram: { scramVerifier: () => undefined } }
    expect(offered(await rig({ deps: { credentials: scramOnly } }).open())).not.toContain('PLAIN')
    expect(await rig({ tls: 'none', deps: { credentials: { passwords } } }).open()).toMatch(
      /<stream:features\/>$/,
    )
  })

  test('CB-1: channel binding comes with its data, once its mechanisms are named', async () => {
    const tls = { protocol: 'TLSv1.3', exporter: Uint8Array.of(1, 2, 3), endPointHash: Uint8Array.of(4) }
    const mechanisms = ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']
    expect(offered(await rig({ options: { mechanisms } }).open())).toEqual(['SCRAM-SHA-256'])
    for (const type of ['tls-exporter', 'tls-server-end-point']) {
      const stream = rig({ options: { mechanisms }, tls })
      expect(offered(await stream.open())).toEqual(mechanisms)
      const data = type === 'tls-exporter' ? tls.exporter : tls.endPointHash
      const deps = { username: 'juliet', password, channelBindings: new Map([[type, data]]) }
      expect(await scram(stream, 'SCRAM-SHA-256-PLUS', deps)).toMatch(/^<success/)
    }
    const downgraded = rig({ options: { mechanisms }, tls })
    await downgraded.open()
    const deps = { username: 'juliet', password, channelBindings: new Map([['tls-exporter', tls.exporter]]) }
    expect(await scram(downgraded, 'SCRAM-SHA-256', deps)).toBe('malformed-request')
  })

  test('a mechanism nobody knows is a mistake found at once', () => {
    expect(() => rig({ options: { mechanisms: ['SCRAM-SHA-3'] } })).toThrow(
      expect.objectContaining({ code: 'sasl/unknown-mechanism' }),
    )
  })
})

describe('a login', () => {
  test.each(['SCRAM-SHA-512', 'SCRAM-SHA-256', 'SCRAM-SHA-1'])(
    'A-7 A-13: with %s: success carries the server signature, then nothing is sent before a new header',
    async (mechanism) => {
      const attempts: LoginAttempt[] = []
      const stream = rig({ attempts })
      await stream.open()
      expect(await scram(stream, mechanism, { username: 'Juliet', password })).toMatch(
        /^<success[^>]*>[^<]+<\/success>$/,
      )
      expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
      expect(stream.stream.state.mechanism).toBe(mechanism)
      expect(stream.transcript.at(-1)).toMatch(/<\/success>$/)
      expect(await stream.open()).not.toContain('<mechanism')
      expect(attempts).toEqual([
        { account: jid('juliet@example.org'), mechanism, remoteAddress: '192.0.2.7' },
      ])
    },
  )

  test('with PLAIN, with and without the own authzid', async () => {
    for (const authzid of ['', 'juliet@example.org', 'JULIET@EXAMPLE.ORG']) {
      const stream = rig()
      await stream.open()
      expect(await attempt(stream, 'PLAIN', plain('juliet', password, authzid))).toMatch(/^<success[^>]*\/>$/)
      expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
    }
  })

  test('without initial response asks for one', async () => {
    const stream = rig()
    await stream.open()
    expect(await stream.say(auth('PLAIN'), settledSasl)).toMatch(/^<challenge[^>]*\/>$/)
    const answer = `<response xmlns='${ns}'>${plain('juliet', password)}</response>`
    expect(await stream.say(answer, settledSasl)).toMatch(/^<success/)
  })

  test('A-18: ANONYMOUS gives a new unguessable account each time, needs no account store, and is not offered unasked', async () => {
    const names = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const stream = rig({ options: { mechanisms: ['ANONYMOUS'] } })
      await stream.open()
      expect(await attempt(stream, 'ANONYMOUS')).toMatch(/^<success/)
      const { authenticated, mechanism } = stream.stream.state
      expect(authenticated?.toString()).toMatch(/^[0-9a-f]{32}@example\.org$/)
      expect(mechanism).toBe('ANONYMOUS')
      names.add(authenticated?.local ?? '')
    }
    expect(names.size).toBe(3)
    const unasked = rig()
    await unasked.open()
    expect(await attempt(unasked, 'ANONYMOUS')).toBe('invalid-mechanism')
  })

  test('works after failures on the same stream', async () => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, 'PLAIN', plain('juliet', 'wrong'))).toBe('not-authorized')
    expect(await scram(stream, 'SCRAM-SHA-1', { username: 'juliet', password: 'wrong' })).toBe(
      'not-authorized',
    )
    expect(await scram(stream, 'SCRAM-SHA-256', { username: 'juliet', password })).toMatch(/^<success/)
  })
})

describe('a login that is refused', () => {
  const ok = plain('juliet', password)

  test.each([
    ['A-1: an unknown mechanism', 'GSSAPI', '', 'invalid-mechanism'],
    ['A-1: one that is known but not configured', 'ANONYMOUS', '', 'invalid-mechanism'],
    [
      'A-1: a -PLUS mechanism without binding data',
      'SCRAM-SHA-1-PLUS',
      'cCwsbj1hLHI9Yg==',
      'invalid-mechanism',
    ],
    ['A-1: no mechanism', '', '', 'invalid-mechanism'],
    ['A-2: a line break in the base64', 'PLAIN', `${ok.slice(0, 8)}\n${ok.slice(8)}`, 'incorrect-encoding'],
    ['A-2: space around the base64', 'PLAIN', ` ${ok} `, 'incorrect-encoding'],
    ['A-2: base64 without its padding', 'PLAIN', 'AGEAYg', 'incorrect-encoding'],
    ['A-2: base64 with loose bits', 'PLAIN', 'AGEAYh==', 'incorrect-encoding'],
    ['A-2: "==", which is no empty response', 'PLAIN', '==', 'incorrect-encoding'],
    ['A-2: "=", an empty message where PLAIN wants one', 'PLAIN', '=', 'malformed-request'],
    ['A-2: "=", an empty message where SCRAM wants one', 'SCRAM-SHA-1', '=', 'malformed-request'],
    ['A-3: garbage inside PLAIN', 'PLAIN', encodeBase64(Buffer.from('garbage')), 'malformed-request'],
    ['A-3: garbage inside SCRAM', 'SCRAM-SHA-256', encodeBase64(Buffer.from('garbage')), 'malformed-request'],
    ['A-8: an empty password', 'PLAIN', plain('juliet', ''), 'malformed-request'],
    ['A-8: an empty username', 'PLAIN', plain('', password), 'malformed-request'],
    [
      'A-8: bytes that are not UTF-8',
      'PLAIN',
      encodeBase64(Uint8Array.of(0, 0xff, 0, 0x61)),
      'malformed-request',
    ],
    ['A-5: a wrong password', 'PLAIN', plain('juliet', 'wrong'), 'not-authorized'],
    ['A-5: an unknown account', 'PLAIN', plain('nobody', password), 'not-authorized'],
    ['A-5: a name nobody can have', 'PLAIN', plain('a b', password), 'not-authorized'],
    [
      'A-5: a whole address as the username',
      'PLAIN',
      plain('juliet@example.org', password),
      'not-authorized',
    ],
    [
      'A-6: another account as authzid',
      'PLAIN',
      plain('juliet', password, 'romeo@example.org'),
      'invalid-authzid',
    ],
    [
      'A-6: the name at another domain as authzid',
      'PLAIN',
      plain('juliet', password, 'juliet@example.net'),
      'invalid-authzid',
    ],
    [
      'A-6: a full address as authzid',
      'PLAIN',
      plain('juliet', password, 'juliet@example.org/x'),
      'invalid-authzid',
    ],
    ['A-6: a domain as authzid', 'PLAIN', plain('juliet', password, 'example.org'), 'invalid-authzid'],
    ['A-6: no address as authzid', 'PLAIN', plain('juliet', password, '@'), 'invalid-authzid'],
    [
      'A-6: a foreign authzid with a wrong password',
      'PLAIN',
      plain('juliet', 'wrong', 'romeo@example.org'),
      'not-authorized',
    ],
    ['A-20: a disabled account, with its password', 'PLAIN', plain('banned', password), 'account-disabled'],
    ['A-20: a disabled account, without its password', 'PLAIN', plain('banned', 'wrong'), 'not-authorized'],
  ])('%s', async (_what, mechanism, data, expected) => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, mechanism, data)).toBe(expected)
    expect(stream.stream.state.authenticated).toBeUndefined()
    expect(stream.ends).toEqual([])
  })

  test('A-6: another account as SCRAM authzid', async () => {
    const stream = rig()
    await stream.open()
    const deps = { username: 'juliet', password }
    expect(await scram(stream, 'SCRAM-SHA-256', { ...deps, authzid: 'romeo@example.org' })).toBe(
      'invalid-authzid',
    )
    expect(await scram(stream, 'SCRAM-SHA-256', { ...deps, authzid: 'juliet@example.org' })).toMatch(
      /^<success/,
    )
  })

  test('A-20: a disabled account with SCRAM, with and without its password', async () => {
    const stream = rig()
    await stream.open()
    expect(await scram(stream, 'SCRAM-SHA-1', { username: 'banned', password })).toBe('account-disabled')
    expect(await scram(stream, 'SCRAM-SHA-1', { username: 'banned', password: 'wrong' })).toBe(
      'not-authorized',
    )
  })

  test('A-5: SCRAM runs to the same end, in the same shape, for an unknown account', async () => {
    const talk = async (username: string): Promise<string[]> => {
      const stream = rig()
      await stream.open()
      await scram(stream, 'SCRAM-SHA-256', { username, password: 'wrong', nonce: () => 'client' })
      return stream.transcript
        .slice(1)
        .map((text) => text.replace(/>([A-Za-z0-9+/=]+)</, (_, data) => `>${Buffer.from(data, 'base64')}<`))
        .map((text) => text.replace(/r=client[^,]+,s=[^,]+/, (found) => `${found.length} characters`))
    }
    const known = await talk('juliet')
    expect(known).toHaveLength(2)
    for (const name of ['nobody', 'a b']) expect(await talk(name)).toEqual(known)
  })

  test('A-3: aborted, in the middle and out of place', async () => {
    const stream = rig()
    await stream.open()
    const abort = `<abort xmlns='${ns}'/>`
    expect(await attempt(stream, 'SCRAM-SHA-1', 'biwsbj1qdWxpZXQscj1hYmM=')).toMatch(/^<challenge/)
    expect(condition(await stream.say(abort, settledSasl))).toBe('aborted')
    expect(condition(await stream.say(abort, settledSasl))).toBe('aborted')
    expect(await attempt(stream, 'PLAIN', ok)).toMatch(/^<success/)
  })

  test.each([
    ['a response nobody asked for', `<response xmlns='${ns}'>AAAA</response>`],
    ['a challenge from the client', `<challenge xmlns='${ns}'/>`],
    ['children in auth', `<auth xmlns='${ns}' mechanism='PLAIN'><x/></auth>`],
  ])('A-3: %s is malformed', async (_what, element) => {
    const stream = rig()
    await stream.open()
    expect(condition(await stream.say(element, settledSasl))).toBe('malformed-request')
  })

  test.each([
    ['another auth', auth('PLAIN', ok), 'malformed-request'],
    ['children in a response', `<response xmlns='${ns}'><x/></response>`, 'malformed-request'],
    ['loose base64', `<response xmlns='${ns}'>A A=</response>`, 'incorrect-encoding'],
    ['an empty response', `<response xmlns='${ns}'/>`, 'malformed-request'],
    ['an empty response, written "="', `<response xmlns='${ns}'>=</response>`, 'malformed-request'],
  ])('A-3: %s in the middle ends the exchange', async (_what, element, expected) => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, 'SCRAM-SHA-1', 'biwsbj1qdWxpZXQscj1hYmM=')).toMatch(/^<challenge/)
    expect(condition(await stream.say(element, settledSasl))).toBe(expected)
  })

  test('anything but SASL in the middle ends the stream', async () => {
    const stream = rig()
    await stream.open()
    expect(await attempt(stream, 'SCRAM-SHA-1', 'biwsbj1qdWxpZXQscj1hYmM=')).toMatch(/^<challenge/)
    expect(await stream.say("<message to='romeo@example.org'/>", /<\/stream:stream>/)).toContain(
      '<not-authorized',
    )
    expect(stream.ends).toHaveLength(1)
  })

  test('T-9: a mechanism that reveals the password without TLS is told to encrypt', async () => {
    const stream = rig({ tls: 'none' })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', ok)).toBe('encryption-required')
    expect(stream.stream.state.authenticated).toBeUndefined()
  })

  test('T-9: so is everything where TLS comes first', async () => {
    const stream = rig({ tls: 'none', canStartTls: true, requireTls: true })
    await stream.open()
    expect(await attempt(stream, 'SCRAM-SHA-1', 'biwsbj1qdWxpZXQscj1hYmM=')).toBe('encryption-required')
    expect(await attempt(stream, 'PLAIN', ok)).toBe('encryption-required')
  })
})

test('A-4: the fifth failure closes the stream with policy-violation', async () => {
  const stream = rig()
  await stream.open()
  for (let i = 0; i < 4; i++)
    expect(await attempt(stream, 'PLAIN', plain('juliet', `guess ${i}`))).toBe('not-authorized')
  expect(stream.ends).toEqual([])
  const last = await stream.say(auth('PLAIN', plain('juliet', 'guess 5')), /<\/stream:stream>/)
  expect(last).toMatch(/^<failure[^>]*><not-authorized\/><\/failure><stream:error[^>]*><policy-violation/)
  expect(stream.ends).toHaveLength(1)
})

test('A-4: failures to agree on a mechanism count for a third, and for no guess of the address', async () => {
  const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAddress: 1 })
  const tls = { protocol: 'TLSv1.3', exporter: Uint8Array.of(1, 2, 3) }
  const stream = rig({ deps: { throttle }, tls })
  await stream.open()
  // A client that knows tls-unique only and will not say that it knows none, as some do.
  for (const [flag, suffix] of [
    ['p=tls-unique', '-PLUS'],
    ['y', ''],
  ]) {
    const first = encodeBase64(Buffer.from(`${flag},,n=juliet,r=abcdefgh`))
    for (const hash of ['SHA-512', 'SHA-256', 'SHA-1']) {
      expect(await attempt(stream, `SCRAM-${hash}${suffix}`, first)).toBe('malformed-request')
    }
  }
  expect(await attempt(stream, 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
  const other = rig({ deps: { throttle } })
  await other.open()
  for (let i = 0; i < 14; i++) expect(await attempt(other, 'NONSENSE')).toBe('invalid-mechanism')
  expect(await other.say(auth('NONSENSE'), /<\/stream:stream>/)).toContain('policy-violation')
})

test('A-4: the number is an option, and another stream has its own', async () => {
  const options = { maxAttempts: 2 }
  const features = (tools: Parameters<StreamRigSetup['features']>[0]) => [
    saslFeature({ credentials: accounts.credentials, ...tools }, options),
  ]
  const shared = features({
    clock: createManualClock(),
    logger: { info: () => {}, error: () => {} } as never,
  })
  const [one, two] = [streamRig({ features: () => shared }), streamRig({ features: () => shared })]
  await one.open()
  await two.open()
  expect(await attempt(one, 'PLAIN', plain('juliet', 'wrong'))).toBe('not-authorized')
  expect(await attempt(two, 'PLAIN', plain('juliet', 'wrong'))).toBe('not-authorized')
  expect(await one.say(auth('PLAIN', plain('juliet', 'wrong')), /<\/stream:stream>/)).toContain(
    'policy-violation',
  )
  expect(await attempt(two, 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
})

test('A-21: after success another auth ends the stream and changes nothing', async () => {
  const stream = rig()
  await stream.open()
  expect(await attempt(stream, 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
  await stream.open()
  expect(await stream.say(auth('PLAIN', plain('romeo', 'other')), /<\/stream:stream>/)).toContain(
    'policy-violation',
  )
  expect(stream.stream.state.authenticated?.toString()).toBe('juliet@example.org')
})

describe('a credential source that cannot answer', () => {
  const broken = (): Promise<never> => Promise.reject(new Error('LDAP is down'))

  test.each<[string, CredentialSources]>([
    ['rejects', { passwords: { verifyPassword: broken } }],
    [
      'throws',
      {
        passwords: {
          verifyPassword: () => {
            throw new Error('LDAP is down')
          },
        },
      },
    ],
    ['fails after the password was right', { passwords: { verifyPassword: () => true }, admit: broken }],
  ])('A-3: is a temporary failure when it %s, and is logged', async (_what, credentials) => {
    const stream = rig({ deps: { credentials } })
    await stream.open()
    expect(await attempt(stream, 'PLAIN', plain('juliet', password))).toBe('temporary-auth-failure')
    expect(stream.transcript.join('')).not.toContain('LDAP')
    expect(stream.log.filter((line) => line.includes('LDAP is down'))).toHaveLength(1)
  })

  test('A-3: SCRAM likewise', async () => {
    const stream = rig({ deps: { credentials: { scram: { scramVerifier: broken } } } })
    await stream.open()
    expect(await scram(stream, 'SCRAM-SHA-1', { username: 'juliet', password })).toBe(
      'temporary-auth-failure',
    )
  })

  test('A-3: one that never answers is given up after the time limit, and told so', async () => {
    let signal: AbortSignal | undefined
    let asked = (): void => {}
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const passwords = {
      verifyPassword: (_account: BareJid, _password: string, wait?: { signal?: AbortSignal }) => {
        signal = wait?.signal
        asked()
        return new Promise<boolean>(() => {})
      },
    }
    const stream = rig({ deps: { credentials: { passwords } }, options: { credentialTimeoutMs: 5000 } })
    await stream.open()
    const answer = attempt(stream, 'PLAIN', plain('juliet', password))
    await wasAsked
    await stream.clock.advance(4999)
    expect(signal?.aborted).toBe(false)
    await stream.clock.advance(1)
    expect(await answer).toBe('temporary-auth-failure')
    expect(signal?.aborted).toBe(true)
  })

  test('a stream that ends meanwhile tells the source', async () => {
    let signal: AbortSignal | undefined
    const passwords = {
      verifyPassword: (_account: BareJid, _password: string, wait?: { signal?: AbortSignal }) =>
        new Promise<boolean>((resolve) => {
          signal = wait?.signal
          signal?.addEventListener('abort', () => resolve(true))
          queueMicrotask(() => stream.stream.close(new StreamError('system-shutdown')))
        }),
    }
    const stream = rig({ deps: { credentials: { passwords } } })
    await stream.open()
    await stream.say(auth('PLAIN', plain('juliet', password)), /<\/stream:stream>/)
    expect(signal?.aborted).toBe(true)
    expect(stream.stream.state.authenticated).toBeUndefined()
  })
})

describe('throttling', () => {
  test('an address that failed too often is refused alike, with the right password too, on any stream', async () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAddress: 3 })
    const guesser = rig({ deps: { throttle } })
    await guesser.open()
    for (let i = 0; i < 3; i++)
      expect(await attempt(guesser, 'PLAIN', plain('juliet', 'wrong'))).toBe('not-authorized')
    const next = rig({ deps: { throttle } })
    await next.open()
    expect(await attempt(next, 'PLAIN', plain('juliet', password))).toBe('temporary-auth-failure')
    expect(await attempt(next, 'PLAIN', plain('nobody', 'x'))).toBe('temporary-auth-failure')
    expect(await scram(next, 'SCRAM-SHA-1', { username: 'juliet', password })).toBe('temporary-auth-failure')
    const elsewhere = rig({ deps: { throttle }, remoteAddress: '198.51.100.1' })
    await elsewhere.open()
    expect(await attempt(elsewhere, 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
  })

  test('L-6: an account guessed at from everywhere answers like one that does not exist, except to its owner', async () => {
    const throttle = createLoginThrottle({ clock: createManualClock() }, { maxFailuresPerAccount: 3 })
    const from = async (remoteAddress: string): Promise<StreamRig> => {
      const stream = rig({ deps: { throttle }, remoteAddress })
      await stream.open()
      return stream
    }
    expect(await attempt(await from('203.0.113.9'), 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
    for (const username of ['juliet', 'nobody']) {
      for (let i = 1; i <= 3; i++) {
        expect(await attempt(await from(`198.51.100.${i}`), 'PLAIN', plain(username, 'wrong'))).toBe(
          'not-authorized',
        )
      }
      const stranger = await from('198.51.100.9')
      expect(await attempt(stranger, 'PLAIN', plain(username, 'wrong'))).toBe('temporary-auth-failure')
      expect(await attempt(stranger, 'PLAIN', plain(username, password))).toBe('temporary-auth-failure')
      expect(await scram(stranger, 'SCRAM-SHA-1', { username, password })).toBe('temporary-auth-failure')
    }
    expect(await attempt(await from('203.0.113.9'), 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
    expect(await attempt(await from('198.51.100.9'), 'PLAIN', plain('romeo', 'other'))).toMatch(/^<success/)
  })

  test('outages and aborted exchanges count against nobody', async () => {
    const throttle = createLoginThrottle(
      { clock: createManualClock() },
      { maxFailuresPerAddress: 1, maxFailuresPerAccount: 1 },
    )
    const broken = { passwords: { verifyPassword: () => Promise.reject(new Error('down')) } }
    const stream = rig({ deps: { throttle, credentials: broken } })
    await stream.open()
    for (let i = 0; i < 2; i++) {
      expect(await attempt(stream, 'PLAIN', plain('juliet', password))).toBe('temporary-auth-failure')
    }
    const other = rig({ deps: { throttle } })
    await other.open()
    await other.say(`<abort xmlns='${ns}'/>`, settledSasl)
    expect(await attempt(other, 'PLAIN', plain('juliet', password))).toMatch(/^<success/)
  })
})

test('SEC-33: nothing secret of a login is logged or reported, whatever becomes of it', async () => {
  const attempts: LoginAttempt[] = []
  const stream = rig({ attempts })
  await stream.open()
  const proofs: string[] = []
  await attempt(stream, 'PLAIN', plain('juliet', 'battery staple'))
  await attempt(stream, 'PLAIN', plain('juliet', password, 'romeo@example.org'))
  await scram(stream, 'SCRAM-SHA-256', { username: 'juliet', password: 'battery staple' })
  await scram(stream, 'SCRAM-SHA-256', { username: 'juliet', password, nonce: () => 'clientnonce' })
  for (const text of stream.transcript) {
    for (const [, data] of text.matchAll(/<(?:challenge|success)[^>]*>([^<]+)</g)) proofs.push(data ?? '')
  }
  const said = [...stream.log, JSON.stringify(attempts)].join('\n')
  expect(proofs.length).toBeGreaterThan(2)
  expect(said).toContain('juliet@example.org')
  for (const secret of [
    password,
    'battery staple',
    'clientnonce',
    plain('juliet', 'battery staple'),
    ...proofs,
  ]) {
    expect(said).not.toContain(secret)
  }
})

test('a mechanism name is cut before it is logged', async () => {
  const attempts: LoginAttempt[] = []
  const stream = rig({ attempts })
  await stream.open()
  expect(await attempt(stream, 'X'.repeat(5000))).toBe('invalid-mechanism')
  expect(attempts[0]?.mechanism).toHaveLength(64)
})
