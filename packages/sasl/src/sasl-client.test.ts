import { describe, expect, test } from 'vitest'
import type { ServerStep } from './mechanism.js'
import { passwordPreparation } from './password-preparation.js'
import { clientMechanisms, createSaslClient, type SaslClientDeps } from './sasl-client.js'
import { createSaslServer } from './sasl-server.js'
import { createScramHasher } from './scram-hasher.js'

const hasher = createScramHasher({ iterations: 4096 })
const channelBindings = new Map([['tls-exporter', Uint8Array.of(1, 2, 3)]])
const bindingsFor = (name: string) => (name.endsWith('-PLUS') ? { channelBindings } : {})
const prepare = passwordPreparation((password) => password.normalize('NFC'))

function serverFor(username: string, password: string) {
  return createSaslServer(
    {
      scramVerifier: (name, hash) =>
        name === username ? hasher.derive(prepare(password), { hash }) : undefined,
      verifyPassword: (name, sent) => name === username && prepare(sent) === prepare(password),
    },
    { mechanisms: clientMechanisms.map(({ name }) => name) },
  )
}

/** Runs a whole exchange; the last step, and whether the client accepted the server. */
async function login(
  server: ReturnType<typeof serverFor>,
  name: string,
  deps: SaslClientDeps,
): Promise<ServerStep> {
  const client = createSaslClient(deps, { mechanisms: [name], allowCleartext: true }).begin(name)
  if (client === undefined) throw new Error(`no client mechanism ${name}`)
  const mechanism = server.begin(name, { confidential: true, channelBindings })
  let step = await mechanism.start(await client.start())
  while (step.kind === 'challenge') step = await mechanism.next(await client.next(step.data))
  if (step.kind === 'success') client.finish(step.data)
  return step
}

describe('client and server', () => {
  const credentials: readonly (readonly [string, string])[] = [
    ['juliet', 'r0m30myr0m30'],
    ['a=b,c', 'p=a,s=s,=2C'],
    ['ju\u00adliet', 'I\u00adX pass\u00a0word'],
    ['Zoë', 'ünïcödé ﬁ'],
    ['x', '🐎🔋'],
  ]
  const names = clientMechanisms.map(({ name }) => name).filter((name) => name !== 'ANONYMOUS')

  test.each(names)('A-17: %s round trip with all sorts of names and passwords', async (name) => {
    for (const [username, password] of credentials) {
      const stored = username.replace('\u00ad', '')
      const deps = { username, password, preparePassword: prepare, hasher, ...bindingsFor(name) }
      expect(await login(serverFor(stored, password), name, deps)).toMatchObject({
        kind: 'success',
        username: stored,
      })
      expect(await login(serverFor(stored, `${password}x`), name, deps)).toMatchObject({
        condition: 'not-authorized',
      })
    }
  })

  test.each(names)('A-6: %s with the own authzid, and with a foreign one', async (name) => {
    const deps = { username: 'juliet', password: 'pencil', hasher, ...bindingsFor(name) }
    const server = serverFor('juliet', 'pencil')
    expect(await login(server, name, { ...deps, authzid: 'juliet' })).toMatchObject({ authzid: 'juliet' })
    expect(await login(server, name, { ...deps, authzid: 'ro=meo,' })).toMatchObject({
      condition: 'invalid-authzid',
    })
  })

  test.each(['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    'A-9: %s refuses a client that could bind the channel and was shown no -PLUS',
    async (name) => {
      const server = serverFor('juliet', 'pencil')
      const client = createSaslClient({ username: 'juliet', password: 'pencil', channelBindings }).begin(name)
      const initial = await client?.start()
      expect(new TextDecoder().decode(initial)).toMatch(/^y,,/)
      expect(await server.begin(name, { confidential: true, channelBindings }).start(initial)).toMatchObject({
        condition: 'malformed-request',
      })
    },
  )

  test('ANONYMOUS round trip', async () => {
    expect(await login(serverFor('a', 'b'), 'ANONYMOUS', {})).toMatchObject({ kind: 'success' })
  })
})

describe('choosing a mechanism', () => {
  const offered = ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'ANONYMOUS', 'X']
  const account = { username: 'juliet', password: 'pencil' }

  test.each([
    ['the strongest', account, {}, offered, 'SCRAM-SHA-256'],
    [
      'the strongest with channel binding',
      { ...account, channelBindings },
      {},
      offered,
      'SCRAM-SHA-256-PLUS',
    ],
    ['PLAIN only if allowed', account, { allowCleartext: true }, ['PLAIN'], 'PLAIN'],
    ['nothing if only PLAIN is offered', account, {}, ['PLAIN'], undefined],
    ['nothing without credentials', {}, {}, offered, undefined],
    ['ANONYMOUS if asked for', {}, { mechanisms: ['ANONYMOUS'] }, offered, 'ANONYMOUS'],
    ['the own order', account, { mechanisms: ['SCRAM-SHA-1', 'SCRAM-SHA-256'] }, offered, 'SCRAM-SHA-1'],
    ['nothing of an empty list', account, {}, [], undefined],
  ])('takes %s', (_what, deps, options, list, expected) => {
    expect(createSaslClient(deps, options).choose(list)).toBe(expected)
  })

  test('does not begin what it would not choose', () => {
    expect(createSaslClient(account).begin('PLAIN')).toBeUndefined()
    expect(createSaslClient(account).begin('X')).toBeUndefined()
    expect(() => createSaslClient(account, { mechanisms: ['X'] })).toThrow(
      expect.objectContaining({ code: 'sasl/unknown-mechanism' }),
    )
  })

  test('takes mechanisms of the caller', () => {
    const own = { name: 'X', cleartext: false, supported: () => true, begin: () => ({}) as never }
    const client = createSaslClient({ definitions: [own] }, { mechanisms: ['X'] })
    expect(client.choose(offered)).toBe('X')
    expect(client.begin('X')).toEqual({})
  })
})
