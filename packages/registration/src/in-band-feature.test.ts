import { parseJid } from '@xmppkit/jid'
import type { StreamState } from '@xmppkit/stream'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { inBandFeature } from './in-band-feature.js'

const feature = inBandFeature({ register: async () => {} }, { instructions: '', allowInsecure: false })
const request = parseElement(
  "<iq xmlns='jabber:client' type='set' id='1'><query xmlns='jabber:iq:register'><remove/></query></iq>",
)
const stranger: StreamState = {
  domain: 'example.org',
  from: undefined,
  lang: 'en',
  id: 's1',
  secure: true,
  tls: undefined,
  authenticated: undefined,
  mechanism: undefined,
  bound: undefined,
  remoteAddress: '192.0.2.1',
  framing: 'stream',
  canStartTls: false,
}

test('requests of strangers are for the form, those of people who have logged in for their account', () => {
  const juliet = { ...stranger, authenticated: parseJid('juliet@example.org').bare }
  expect(feature.handles?.(request, stranger)).toBe(true)
  expect(feature.handles?.(request, juliet)).toBe(false)
})

test('the form is offered over TLS, and to strangers only', () => {
  expect(feature.offered(stranger)).toBe(true)
  expect(feature.offered({ ...stranger, secure: false })).toBe(false)
  expect(feature.offered({ ...stranger, authenticated: parseJid('juliet@example.org').bare })).toBe(false)
})
