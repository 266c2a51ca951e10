import { expect, test } from 'vitest'
import { anonymousClient } from './anonymous.js'
import type { ServerStep } from './mechanism.js'
import { createSaslServer } from './sasl-server.js'
import type { SaslServerDeps } from './server-exchange.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function start(message: Uint8Array | undefined, deps: SaslServerDeps = {}): Promise<ServerStep> {
  const server = createSaslServer(deps, { mechanisms: ['ANONYMOUS'] })
  return Promise.resolve(server.begin('ANONYMOUS', { confidential: false }).start(message))
}

test('A-18: each login gets another unguessable name, whatever trace is sent', async () => {
  const names = new Set<string>()
  for (const message of [
    undefined,
    bytes(''),
    bytes('sirhc'),
    bytes('é'.repeat(255)),
    bytes('x'),
    undefined,
  ]) {
    const step = await start(message)
    expect(step).toMatchObject({ kind: 'success', username: expect.stringMatching(/^[0-9a-f]{32}$/) })
    names.add(step.kind === 'success' ? step.username : '')
  }
  expect(names.size).toBe(6)
})

test('the name can come from elsewhere, and admission still holds', async () => {
  expect(await start(undefined, { anonymousName: () => 'guest-1' })).toEqual({
    kind: 'success',
    username: 'guest-1',
  })
  expect(await start(undefined, { admit: () => 'temporary-auth-failure' })).toMatchObject({
    condition: 'temporary-auth-failure',
  })
})

test.each([
  ['longer than 255 characters', bytes('é'.repeat(256))],
  ['that is not UTF-8', Uint8Array.of(0xff)],
])('A-3: a trace %s is malformed', async (_what, message) => {
  expect(await start(message)).toMatchObject({ condition: 'malformed-request' })
})

test('A-18: is not offered unless asked for', () => {
  expect(createSaslServer({ verifyPassword: () => true }).names({ confidential: true })).toEqual(['PLAIN'])
})

test('the client sends its trace or nothing', async () => {
  expect(await anonymousClient().start()).toBeUndefined()
  expect(await anonymousClient('me').start()).toEqual(bytes('me'))
  expect(() => anonymousClient().next(new Uint8Array(0))).toThrow(
    expect.objectContaining({ code: 'sasl/bad-challenge' }),
  )
  expect(() => anonymousClient().finish()).not.toThrow()
})
