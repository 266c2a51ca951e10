import { expect, test } from 'vitest'
import { advertisedHash, tlsVersionNumber } from './downgrade-protection.js'
import { createSaslServer } from './sasl-server.js'
import { createScramHasher } from './scram-hasher.js'

const text = (data: Uint8Array): string => new TextDecoder().decode(data)
const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)

test('CB-2 SEC-8: the hash is that of the example in XEP-0474 §5.3, whatever the order of the lists', () => {
  const bindings = ['tls-server-end-point', 'tls-exporter']
  const example = 'G6k/rBLDqgOhRRaCuuatSDFkJ08='
  expect(advertisedHash('SHA-1', ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'], bindings)).toBe(example)
  expect(advertisedHash('SHA-1', ['SCRAM-SHA-1'], bindings)).not.toBe(example)
  expect(advertisedHash('SHA-1', ['SCRAM-SHA-1', 'SCRAM-SHA-1-PLUS'], undefined)).not.toBe(example)
})

test.each([
  ['TLSv1.3', '0304'],
  ['TLSv1.2', '0303'],
  ['QUIC', undefined],
  [undefined, undefined],
])('the number of %s is %s', (version, number) => {
  expect(tlsVersionNumber(version)).toBe(number)
})

test('CB-2 SEC-8: server-first carries what was advertised and the version of TLS', async () => {
  const hasher = createScramHasher({ iterations: 4096 })
  const server = createSaslServer({
    scramVerifier: (_user, hash) => hasher.derive('pencil', { hash }),
    nonce: () => 'server',
  })
  const channelBindings = new Map([['tls-exporter', new Uint8Array(32)]])
  const conditions = { confidential: true, channelBindings, tlsVersion: 'TLSv1.3' }
  const offered = server.names(conditions)
  const step = await server.begin('SCRAM-SHA-256', conditions).start(bytes('n,,n=user,r=client'))
  if (step.kind !== 'challenge') throw new Error('no challenge')
  const hash = advertisedHash('SHA-256', offered, ['tls-exporter'])
  expect(text(step.data)).toMatch(/^r=clientserver,s=[^,]+,i=4096,h=/)
  expect(text(step.data).split(',').slice(3)).toEqual([`h=${hash}`, 't=0304'])
})
