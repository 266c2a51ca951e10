import { createHash, X509Certificate } from 'node:crypto'
import { generate } from 'selfsigned'
import { describe, expect, test } from 'vitest'
import { endPointHash } from './end-point-hash.js'

const sequence = (...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts)
  return Buffer.concat([Uint8Array.of(0x30, content.length), content])
}
const oid = (hex: string): Buffer => {
  const bytes = Buffer.from(hex, 'hex')
  return Buffer.concat([Uint8Array.of(0x06, bytes.length), bytes])
}
const signedWith = (algorithm: Uint8Array): Buffer => sequence(sequence(), sequence(algorithm))

describe('A-16: the hash of a certificate is that of its signature', () => {
  test.each([
    ['ec', 'sha256', 'sha256'],
    ['ec', 'sha384', 'sha384'],
    ['ec', 'sha512', 'sha512'],
    ['rsa', 'sha256', 'sha256'],
    ['rsa', 'sha384', 'sha384'],
    ['rsa', 'sha1', 'sha256'],
  ] as const)('%s with %s: %s', async (keyType, algorithm, expected) => {
    const pems = await generate([{ name: 'commonName', value: 'a.test' }], { keyType, algorithm })
    const { raw } = new X509Certificate(pems.cert)
    expect(endPointHash(raw)).toEqual(createHash(expected).update(raw).digest())
  })

  test.each([
    ['MD5', '2a864886f70d010104', true],
    ['Ed25519, which has no hash function of its own', '2b6570', false],
    ['something unknown', '2a0304', false],
  ])('%s', (_what, algorithm, defined) => {
    const der = signedWith(oid(algorithm))
    expect(endPointHash(der)).toEqual(defined ? createHash('sha256').update(der).digest() : undefined)
  })
})

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a length without end', Buffer.from('30ff', 'hex')],
  ['more than there is', Buffer.from('3084ffffffff3000', 'hex')],
  ['no algorithm', sequence(sequence(), sequence())],
  ['no sequence', Buffer.from('0403020100', 'hex')],
])('of what is no certificate there is none: %s', (_what, der) => {
  expect(endPointHash(der)).toBeUndefined()
})
