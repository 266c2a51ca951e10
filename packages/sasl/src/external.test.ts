import { expect, test } from 'vitest'
import { createSaslServer } from './sasl-server.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const server = createSaslServer({
  isSameAccount: (username, authzid) => authzid === `${username}@example.org`,
  admit: (username) => (username === 'banned' ? 'account-disabled' : undefined),
})

test('A-1: is offered to clients with a certificate only', () => {
  expect(server.names({ confidential: true, externalNames: ['juliet'] })).toEqual(['EXTERNAL'])
  expect(server.names({ confidential: true, externalNames: [] })).toEqual([])
  expect(server.names({ confidential: true })).toEqual([])
})

test.each([
  ['one name, none wanted', ['juliet'], '', 'juliet'],
  ['one name, wanted too', ['juliet'], 'juliet@example.org', 'juliet'],
  ['A-6: one name, another wanted', ['juliet'], 'romeo@example.org', 'invalid-authzid'],
  ['A-19: two names, none wanted', ['juliet', 'nurse'], '', 'invalid-authzid'],
  ['A-19: two names, the second wanted', ['juliet', 'nurse'], 'nurse@example.org', 'nurse'],
  ['A-20: a disabled account', ['banned'], '', 'account-disabled'],
  ['A-3: a NUL', ['juliet'], 'juliet\0', 'malformed-request'],
])('%s', async (_what, externalNames, authzid, expected) => {
  const exchange = server.begin('EXTERNAL', { confidential: true, externalNames })
  const step = await exchange.start(bytes(authzid))
  expect(step.kind === 'success' ? step.username : step.kind === 'failure' && step.condition).toBe(expected)
})

test('without an initial response asks for the identity', async () => {
  const exchange = server.begin('EXTERNAL', { confidential: true, externalNames: ['juliet'] })
  expect(await exchange.start(undefined)).toMatchObject({ kind: 'challenge' })
  expect(await exchange.next(bytes(''))).toMatchObject({ kind: 'success', username: 'juliet' })
})
