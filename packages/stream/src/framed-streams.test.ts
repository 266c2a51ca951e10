import { wireFromText } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { fakeTransport, settled } from './fake-transport.js'
import { bindIq, bye, error, login, open } from './server-rig.js'
import { frameKind } from './stream-header.js'

describe('framed streams (RFC 7395)', () => {
  const framing = 'urn:ietf:params:xml:ns:xmpp-framing'
  const openFrame = `<open xmlns='${framing}' to='example.com' version='1.0'/>`
  const closeFrame = `<close xmlns='${framing}'/>`
  const streams = "xmlns:stream='http://etherx.jabber.org/streams'"
  const rigFor = () => open({ transport: fakeTransport({ framing: 'framed', tls: { protocol: 'TLSv1.3' } }) })

  test('W-2 W-3 W-5: headers, features, restarts and goodbyes are frames of their own', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await settled()
    expect(rig.transport.writes.splice(0)).toEqual([
      `<open xmlns='${framing}' id='s1' from='example.com' version='1.0' xml:lang='en'/>`,
      `<stream:features ${streams}><mechanisms xmlns="${login}"/></stream:features>`,
    ])
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await settled()
    expect(rig.transport.writes.splice(0)).toEqual([`<success xmlns="${login}"/>`])
    rig.feed(openFrame)
    rig.feed(bindIq.replace('<iq', "<iq xmlns='jabber:client'"))
    await settled()
    expect(rig.stream.phase).toBe('established')
    expect(rig.stream.form).toEqual({ ns: 'jabber:client', declare: true })
    rig.transport.taken()
    rig.feed("<message xmlns='jabber:client'/>")
    rig.feed(closeFrame)
    expect(rig.elements).toEqual(['message'])
    expect(rig.transport.writes).toEqual([closeFrame])
    expect(rig.ends).toEqual([{ by: 'peer', clean: true }])
  })

  test('W-5: errors come before the closing frame', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await rig.heard()
    rig.feed("<message xmlns='jabber:client'/>")
    await settled()
    expect(rig.transport.writes).toEqual([error('not-authorized').replace(bye, ''), closeFrame])
  })

  test('BO-3: frames say what they are, for who has other words for it', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await settled()
    rig.feed("<message xmlns='jabber:client'/>")
    await settled()
    const kinds = rig.transport.writes.map((frame) => frameKind(wireFromText(frame)))
    expect(kinds).toEqual(['open', 'element', 'error', 'close'])
  })

  test('S-6: a first frame that opens nothing is refused, header first', async () => {
    const rig = rigFor()
    rig.feed("<message xmlns='jabber:client'/>")
    await settled()
    expect(rig.transport.writes).toEqual([
      `<open xmlns='${framing}' id='s1' version='1.0' xml:lang='en'/>`,
      error('invalid-namespace').replace(bye, ''),
      closeFrame,
    ])
  })

  test('S-10: a header nobody waits for is refused', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await rig.heard()
    rig.feed(openFrame)
    expect(await rig.heard()).toContain('unsupported-stanza-type')
  })

  test('SEC-10: a new frame header cannot move the session to another domain', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await rig.heard()
    rig.feed(openFrame.replace('example.com', 'other.example'))
    expect(await rig.heard()).toContain('not-authorized')
  })

  test('W-2: idle peers are not sent whitespace', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await settled()
    rig.feed(openFrame)
    rig.feed(bindIq.replace('<iq', "<iq xmlns='jabber:client'"))
    await rig.heard()
    expect(rig.stream.phase).toBe('established')
    await rig.clock.advance(3_600_000)
    expect(await rig.heard()).toBe('')
  })
})
