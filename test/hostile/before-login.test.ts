import { createManualClock } from '@xmppkit/runtime'
import { createTestServer, streamHeader, type TestServer, type WireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const streams = 'http://etherx.jabber.org/streams'
const header = streamHeader('example.org')
const clock = createManualClock()
let server: TestServer
let juliet: WireClient

beforeAll(async () => {
  server = await createTestServer({ clock })
  juliet = await server.connect('juliet@example.org/balcony')
})
// Whatever strangers did, somebody who is logged in never noticed.
afterAll(async () => {
  await juliet.expectNothing()
  await server.close()
})

/** The condition of the stream error the server ends with, after its own header. */
async function conditionOf(stranger: WireClient): Promise<string> {
  const error = await stranger.find(`<error xmlns='${streams}'/>`)
  await stranger.ended
  return error.children[0]!.name
}

async function opened(): Promise<WireClient> {
  const stranger = server.dial()
  await stranger.open(header)
  return stranger
}

const auth = (content: string) =>
  `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${content}</auth>`

describe('hostile XML before anybody has logged in', () => {
  test.each([
    ['X-1: a comment', '<!-- hello -->', 'restricted-xml'],
    ['X-1: a processing instruction', '<?php exec() ?>', 'restricted-xml'],
    ['X-1 SEC-1: a DTD with entities', '<!DOCTYPE x [<!ENTITY a "aaaa">]>', 'restricted-xml'],
    ['X-1: an entity nobody defined', '<auth>&lol;</auth>', 'restricted-xml'],
    ['X-2: a reference to NUL', '<auth>&#0;</auth>', 'not-well-formed'],
    ['X-5: a prefix nobody declared', '<x:auth/>', 'bad-namespace-prefix'],
    ['X-5: an attribute twice', "<auth a='1' a='2'/>", 'not-well-formed'],
    ['X-6: an end tag that does not match', '<auth></auht>', 'not-well-formed'],
    ['S-12: text between elements', 'hello', 'not-well-formed'],
    ['X-12: an element too large', auth('A'.repeat(9_000)), 'policy-violation'],
    ['X-12: elements too deep', '<a>'.repeat(100), 'policy-violation'],
    ['X-12: too many elements', `<a>${'<b/>'.repeat(100)}</a>`, 'policy-violation'],
    [
      'X-12: too many attributes',
      `<a ${Array.from({ length: 200 }, (_, n) => `a${n}=''`).join(' ')}/>`,
      'policy-violation',
    ],
    [
      'X-12: too many namespaces',
      `<a ${Array.from({ length: 100 }, (_, n) => `xmlns:n${n}='u'`).join(' ')}/>`,
      'policy-violation',
    ],
    ['X-12: a name too long', `<${'a'.repeat(2_000)}/>`, 'policy-violation'],
    [
      'B-1 S-10: a stanza',
      "<message to='juliet@example.org/balcony'><body>hi</body></message>",
      'not-authorized',
    ],
    ['S-10: an element nobody knows', "<unknown xmlns='urn:x'/>", 'unsupported-stanza-type'],
  ])('%s', async (_what, xml, condition) => {
    const stranger = await opened()
    stranger.send(xml)
    expect(await conditionOf(stranger)).toBe(condition)
  })

  test('S-9: nothing after the fault takes effect', async () => {
    const stranger = await opened()
    stranger.send(
      "<!-- --><iq type='set' id='1'><query xmlns='jabber:iq:register'><username>mallory</username><password>x</password></query></iq>",
    )
    expect(await conditionOf(stranger)).toBe('restricted-xml')
    await expect(server.register('mallory@example.org')).resolves.toBeDefined()
  })
})

describe('slow strangers', () => {
  test('SEC-30 S-14: whoever drips a header is cut off at the deadline, however busy it is', async () => {
    const stranger = server.dial()
    for (const character of header.slice(0, 29)) {
      stranger.send(character)
      await clock.advance(1_000)
    }
    await clock.advance(1_000)
    await stranger.ended
  })

  test('SEC-30: whoever goes on talking without logging in is cut off too', async () => {
    const stranger = await opened()
    for (let second = 0; second < 29; second += 1) {
      stranger.send(' ')
      await clock.advance(1_000)
    }
    await clock.advance(1_000)
    expect(await conditionOf(stranger)).toBe('connection-timeout')
  })

  test('SEC-30: a connection that says nothing at all is cut off', async () => {
    const stranger = server.dial()
    await clock.advance(30_000)
    await stranger.ended
  })
})
