import { readerLimits } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { bindRequest, connect, hello, logIn, rig } from './fake-client.js'

const listed = (text: string) => /<limits xmlns="urn:xmpp:stream-limits:0">(.*?)<\/limits>/.exec(text)?.[1]

test('LIM-1 L-1: a stream says what it takes, before and after the login, and it is what it takes', async () => {
  const limits = { ...readerLimits.afterAuthentication, maxBytes: 20_000 }
  const preAuthLimits = { ...readerLimits.beforeAuthentication, maxBytes: 5_000 }
  const { port } = rig({ port: { limits, preAuthLimits, idleTimeoutMs: 90_500 } })
  const stranger = connect(port)
  stranger.feed(hello())
  expect(listed(await stranger.heard())).toBe('<max-bytes>5000</max-bytes>')
  stranger.feed(`<iq id='${'x'.repeat(5_000)}'/>`)
  expect(await stranger.heard()).toContain('<policy-violation')

  const ann = connect(port)
  ann.feed(hello())
  await ann.heard()
  const plain = Buffer.from('\0ann\0secret').toString('base64')
  ann.feed(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`)
  await ann.heard()
  ann.feed(hello())
  expect(listed(await ann.heard())).toBe('<max-bytes>20000</max-bytes><idle-seconds>90</idle-seconds>')
  ann.feed(bindRequest('r'))
  await ann.heard()
  const message = (bytes: number) =>
    `<message to='ann@example.com/r'><body>${'x'.repeat(bytes)}</body></message>`
  ann.feed(message(19_000))
  expect(await ann.heard()).toContain('xxx')
  ann.feed(message(20_000))
  expect(await ann.heard()).toContain('<policy-violation')
})

test('LIM-1: what is lifted is not listed', async () => {
  const limits = { ...readerLimits.afterAuthentication, maxBytes: Number.POSITIVE_INFINITY }
  const { port } = rig({ port: { limits, idleTimeoutMs: Number.POSITIVE_INFINITY } })
  const ann = connect(port)
  await logIn(ann, 'ann')
  ann.feed(bindRequest('r'))
  await ann.heard()
  const bob = connect(port)
  bob.feed(hello())
  bob.feed(
    `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>${Buffer.from('\0bob\0secret').toString('base64')}</initial-response></authenticate>`,
  )
  expect(await bob.heard()).toContain('<limits xmlns="urn:xmpp:stream-limits:0"/>')
})
