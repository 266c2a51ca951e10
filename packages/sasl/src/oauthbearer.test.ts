import { expect, test } from 'vitest'
import type { ServerStep } from './mechanism.js'
import { createSaslServer } from './sasl-server.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const conditions = { confidential: true }
const server = createSaslServer({
  verifyToken: (token) => {
    if (token === 'outage') throw new Error('the issuer is away')
    return token === 'dG9rZW4=' ? 'juliet' : undefined
  },
  isSameAccount: (username, authzid) => authzid === `${username}@example.org`,
})
const begin = (message: string) => server.begin('OAUTHBEARER', conditions).start(bytes(message))
const outcome = (step: ServerStep) =>
  step.kind === 'failure'
    ? step.condition
    : step.kind === 'success'
      ? step.username
      : new TextDecoder().decode(step.data)

test('SEC-7: is offered over TLS only, and only where tokens are known', () => {
  expect(server.names(conditions)).toEqual(['OAUTHBEARER'])
  expect(server.names({ confidential: false })).toEqual([])
  expect(createSaslServer({ verifyPassword: () => true }).names(conditions)).toEqual(['PLAIN'])
})

test.each([
  ['a token', 'n,,\u0001auth=Bearer dG9rZW4=\u0001\u0001', 'juliet'],
  [
    'the example of RFC 7628 §4.1',
    'n,a=juliet@example.org,\u0001host=server.example.com\u0001port=143\u0001auth=Bearer dG9rZW4=\u0001\u0001',
    'juliet',
  ],
  ['a scheme in lower case', 'n,,\u0001auth=bearer dG9rZW4=\u0001\u0001', 'juliet'],
  ['a client that would bind the channel', 'y,,\u0001auth=Bearer dG9rZW4=\u0001\u0001', 'juliet'],
  [
    'A-6: another identity',
    'n,a=romeo@example.org,\u0001auth=Bearer dG9rZW4=\u0001\u0001',
    'invalid-authzid',
  ],
  ['A-3: an issuer that is away', 'n,,\u0001auth=Bearer outage\u0001\u0001', 'temporary-auth-failure'],
  ['A-3: nothing', '', 'malformed-request'],
  ['A-3: no header', '\u0001auth=Bearer dG9rZW4=\u0001\u0001', 'malformed-request'],
  ['A-3: a channel binding', 'p=tls-exporter,,\u0001auth=Bearer dG9rZW4=\u0001\u0001', 'malformed-request'],
  ['A-3: no end', 'n,,\u0001auth=Bearer dG9rZW4=\u0001', 'malformed-request'],
  ['A-3: no token', 'n,,\u0001host=a\u0001\u0001', 'malformed-request'],
  ['A-3: two', 'n,,\u0001auth=Bearer a\u0001auth=Bearer b\u0001\u0001', 'malformed-request'],
  ['A-3: another scheme', 'n,,\u0001auth=Basic dG9rZW4=\u0001\u0001', 'malformed-request'],
  ['A-12: a stray equals sign', 'n,a=a=b,\u0001auth=Bearer dG9rZW4=\u0001\u0001', 'malformed-request'],
])('%s', async (_what, message, expected) => {
  expect(outcome(await begin(message))).toBe(expected)
})

test('RFC 7628 §3.2.3: a wrong token is explained, then fails whatever the client says', async () => {
  for (const answer of ['\u0001', 'n,,\u0001auth=Bearer dG9rZW4=\u0001\u0001']) {
    const exchange = server.begin('OAUTHBEARER', conditions)
    expect(outcome(await exchange.start(bytes('n,,\u0001auth=Bearer wrong\u0001\u0001')))).toBe(
      '{"status":"invalid_token"}',
    )
    expect(outcome(await exchange.next(bytes(answer)))).toBe('not-authorized')
  }
})

test('A-9: a client that was not shown the mechanisms that bind is told', async () => {
  const both = createSaslServer({ verifyToken: () => 'juliet', scramVerifier: () => undefined })
  const channelBindings = new Map([['tls-exporter', new Uint8Array(32)]])
  const exchange = both.begin('OAUTHBEARER', { confidential: true, channelBindings })
  expect(outcome(await exchange.start(bytes('y,,\u0001auth=Bearer t\u0001\u0001')))).toBe('malformed-request')
})
