import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { hashedTokenClient, hashedTokenServer, type TokenBinding, tokenBindingOf } from './hashed-token.js'
import type { SaslCondition, ServerStep } from './mechanism.js'
import { createSaslServer } from './sasl-server.js'
import type { SaslConditions } from './server-exchange.js'

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const exporter = Uint8Array.from({ length: 32 }, (_, i) => i)
const channelBindings = new Map([
  ['tls-exporter', exporter],
  ['tls-server-end-point', Uint8Array.of(1)],
])

interface Setup {
  readonly binding?: TokenBinding
  readonly tokens?: readonly string[]
  readonly refused?: SaslCondition
  readonly conditions?: Partial<SaslConditions>
  readonly admit?: SaslCondition
  readonly accepted?: string[]
}

function start(message: Uint8Array | undefined, setup: Setup = {}) {
  const { binding = 'EXPR', tokens = ['secret'], accepted = [] } = setup
  const server = createSaslServer({ verifyPassword: () => false, admit: () => setup.admit })
  const source = {
    candidates: (username: string) =>
      username !== 'juliet'
        ? []
        : tokens.map((token) => ({
            token: bytes(token),
            accept() {
              accepted.push(token)
              return setup.refused
            },
          })),
  }
  const conditions = { confidential: true, channelBindings, ...setup.conditions }
  return server.beginWith(hashedTokenServer(binding, source), conditions).start(message)
}

const condition = (step: ServerStep): string => (step.kind === 'failure' ? step.condition : step.kind)

async function login(setup: Setup & { username?: string; token?: string } = {}): Promise<string> {
  const { username = 'juliet', token = 'secret', binding = 'EXPR' } = setup
  const client = hashedTokenClient({ username, token, binding, channelBindings })
  const step = await start(await client.start(), setup)
  if (step.kind === 'success') client.finish(step.data)
  return condition(step)
}

test.each(['NONE', 'ENDP', 'EXPR'] as const)(
  'HT-SHA-256-%s: client and server convince each other',
  async (binding) => {
    expect(await login({ binding })).toBe('success')
    expect(tokenBindingOf(`HT-SHA-256-${binding}`)).toBe(binding)
  },
)

test('the hashes are those of the draft', async () => {
  const hash = (role: string) => createHmac('sha256', 'secret').update(role).update(exporter).digest()
  const step = await start(Buffer.concat([bytes('juliet\0'), hash('Initiator')]))
  expect(step).toMatchObject({ kind: 'success', username: 'juliet' })
  expect(step.kind === 'success' && Buffer.from(step.data ?? [])).toEqual(hash('Responder'))
})

test('any of several tokens will do, and only the one used is accepted', async () => {
  const accepted: string[] = []
  expect(await login({ tokens: ['newer', 'secret'], accepted })).toBe('success')
  expect(accepted).toEqual(['secret'])
})

test.each([
  ['another token', { token: 'guess' }, 'not-authorized'],
  ['another account', { username: 'romeo' }, 'not-authorized'],
  ['an account that has none', { tokens: [] }, 'not-authorized'],
  ['a refused token', { refused: 'credentials-expired' }, 'credentials-expired'],
  ['a disabled account', { admit: 'account-disabled' }, 'account-disabled'],
] as const)('SEC-32: %s is refused', async (_what, setup, expected) => {
  expect(await login(setup)).toBe(expected)
})

test('SEC-32: a disabled account does not use its token up', async () => {
  const accepted: string[] = []
  await login({ admit: 'account-disabled', accepted })
  expect(accepted).toEqual([])
})

test('SEC-32: a message made on another channel is refused', async () => {
  const other = new Map([['tls-exporter', new Uint8Array(32)]])
  const client = hashedTokenClient({
    username: 'juliet',
    token: 'secret',
    binding: 'EXPR',
    channelBindings: other,
  })
  expect(condition(await start(await client.start()))).toBe('not-authorized')
})

test.each([
  ['nothing', bytes('')],
  ['no NUL', bytes('juliet')],
  ['no name', Buffer.concat([bytes('\0'), new Uint8Array(32)])],
  ['a short hash', Buffer.concat([bytes('juliet\0'), new Uint8Array(31)])],
  ['a long hash', Buffer.concat([bytes('juliet\0'), new Uint8Array(33)])],
  ['a name that is not UTF-8', Buffer.concat([Uint8Array.of(0xff, 0), new Uint8Array(32)])],
])('A-3: %s is malformed', async (_what, message) => {
  expect(condition(await start(message))).toBe('malformed-request')
})

test('is not to be had without its binding, nor where others can read', async () => {
  expect(condition(await start(bytes(''), { binding: 'UNIQ' }))).toBe('invalid-mechanism')
  expect(condition(await start(bytes(''), { binding: 'NONE', conditions: { confidential: false } }))).toBe(
    'invalid-mechanism',
  )
  expect(() => hashedTokenClient({ username: 'a', token: 'b', binding: 'EXPR' })).toThrow(
    expect.objectContaining({ code: 'sasl/invalid-parameters' }),
  )
})

test('A-13: a client believes no server that does not know its token', () => {
  const client = hashedTokenClient({ username: 'juliet', token: 'secret', binding: 'NONE' })
  for (const data of [undefined, new Uint8Array(32)]) {
    expect(() => client.finish(data)).toThrow(expect.objectContaining({ code: 'sasl/server-not-verified' }))
  }
})
