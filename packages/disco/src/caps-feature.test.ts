import { NS } from '@xmppkit/stanza'
import type { StreamState } from '@xmppkit/stream'
import { parseElement, textFromWire, writeElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { capsFeature } from './caps-feature.js'

test('CAPS-1: XEP-0115 §6.3: the capabilities of the domain are announced and cannot be picked', () => {
  const feature = capsFeature({
    caps: (domain) => ({ hash: 'sha-1', node: 'http://jabberd.example', ver: `of ${domain}` }),
  })
  const state: StreamState = {
    domain: 'capulet.example',
    from: undefined,
    lang: undefined,
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
  expect(feature.offered(state)).toBe(true)
  expect(textFromWire(writeElement(feature.advertise(state)!))).toBe(
    '<c xmlns="http://jabber.org/protocol/caps" hash="sha-1" node="http://jabberd.example" ver="of capulet.example"/>',
  )
  expect(feature.handles?.(parseElement(`<c xmlns='${NS.caps}'/>`), state)).toBe(false)
})
