import { userSendPacket } from '@xmppkit/c2s'
import { IqService } from '@xmppkit/iq/module'
import { createJsonLogger } from '@xmppkit/runtime'
import { defineIq, element, type Stanza } from '@xmppkit/stanza'
import { createTestServer, type TestServer, type WireClient } from '@xmppkit/testing'
import { wireFromBytes } from '@xmppkit/xml'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

const streams = 'http://etherx.jabber.org/streams'
const log: string[] = []
let server: TestServer
let juliet: WireClient
let romeo: WireClient

beforeAll(async () => {
  server = await createTestServer({ logger: createJsonLogger((line) => log.push(line), { level: 'debug' }) })
  juliet = await server.connect('juliet@example.org/balcony')
  juliet.send('<presence/>')
  await juliet.receive()
})
beforeEach(async () => {
  romeo = await server.connect('romeo@example.org')
})
afterAll(() => server.close())

/** Juliet still gets what others send: no fault of one stream is felt on another. */
async function julietIsWell(): Promise<void> {
  const other = await server.connect('nurse@example.org')
  other.send("<message to='juliet@example.org/balcony'><body>well?</body></message>")
  await juliet.expect('<message><body>well?</body></message>')
  await juliet.expectNothing()
  other.cut()
}

/** Bytes that are no text: the client takes them as the wire form of a stanza. */
function sendBytes(client: WireClient, bytes: Uint8Array): void {
  client.send({ toWire: () => wireFromBytes(bytes) } as unknown as Stanza)
}

describe('faults that end a stream, and only that one', () => {
  test.each([
    ['X-1: a comment inside a stanza', '<message><!-- --></message>', 'restricted-xml'],
    [
      'L-2 X-12: a stanza too large',
      `<message><body>${'x'.repeat(300_000)}</body></message>`,
      'policy-violation',
    ],
    ['X-12: a stanza too deep', `<message>${'<a>'.repeat(200)}`, 'policy-violation'],
    ['X-3: bytes that are not UTF-8', '<message><body>', 'unsupported-encoding'],
    [
      'D-1: a foreign from',
      "<message from='juliet@example.org/balcony' to='juliet@example.org'/>",
      'invalid-from',
    ],
    ['S-10: an element that is no stanza', "<unknown xmlns='urn:x'/>", 'unsupported-stanza-type'],
    [
      'A-21: a second login',
      "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>",
      'policy-violation',
    ],
  ])('%s', async (what, xml, condition) => {
    romeo.send(xml)
    if (what.startsWith('X-3')) sendBytes(romeo, Uint8Array.of(0xc0, 0x80))
    const error = await romeo.find(`<error xmlns='${streams}'/>`)
    expect(error.children[0]!.name).toBe(condition)
    await romeo.ended
    await julietIsWell()
  })
})

describe('faults that are answered, with the stream up', () => {
  test.each([
    ['D-5: a malformed addressee', "<message id='1' to='a@@b'/>", 'jid-malformed'],
    [
      'Q-5: an iq without type',
      "<iq id='1' to='example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
      'bad-request',
    ],
    [
      'Q-1: an iq with two children',
      "<iq type='get' id='1' to='example.org'><a xmlns='u'/><b xmlns='u'/></iq>",
      'bad-request',
    ],
    ['N-6: a priority that is none', '<presence id="1"><priority>high</priority></presence>', 'bad-request'],
    ['Q-9: a presence type nobody knows', "<presence id='1' type='dancing'/>", 'bad-request'],
    ['D-9: a domain nobody knows', "<message id='1' to='a@elsewhere.example'/>", 'remote-server-not-found'],
  ])('%s', async (_what, xml, condition) => {
    romeo.send(xml)
    const reply = await romeo.receive()
    expect(reply.attr('type')).toBe('error')
    expect(reply.child('error', 'jabber:client')?.children[0]?.name).toBe(condition)
    await romeo.expectNothing()
    romeo.cut()
  })

  test('X-14 SEC-5: stream framing inside a stanza is data', async () => {
    romeo.send(
      `<message to='juliet@example.org/balcony'><x xmlns='urn:x'><stream:stream xmlns:stream='${streams}'><stream:error/></stream:stream></x></message>`,
    )
    const message = await juliet.receive()
    expect(message.child('x', 'urn:x')?.child('stream', streams)?.has('error', streams)).toBe(true)
    await juliet.expectNothing()
    romeo.cut()
  })

  test('Q-3 SEC-16: an answer to a question nobody asked goes nowhere', async () => {
    romeo.send("<iq type='result' id='bind' to='juliet@example.org'/>")
    romeo.send("<iq type='result' id='1' to='example.org'/>")
    await romeo.expectNothing()
    await juliet.expectNothing()
    romeo.cut()
  })
})

describe('NODE-3: code of the embedder that fails', () => {
  test('NODE-3: a hook that throws answers its stanza, is logged, and nothing else notices', async () => {
    const handler = server.host.hooks.on(userSendPacket, (stanza) => {
      if (stanza.text('body') === 'boom') throw new Error('secret detail')
      return stanza
    })
    romeo.send("<message id='m' to='juliet@example.org/balcony'><body>boom</body></message>")
    const reply = await romeo.expect("<message id='m' type='error'/>")
    expect(reply.child('error', 'jabber:client')?.children[0]?.name).toBe('internal-server-error')
    expect(String(reply.toElement())).not.toContain('secret detail')
    expect(log.join('')).toContain('secret detail')
    handler[Symbol.dispose]()
    await julietIsWell()
    romeo.cut()
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ] as const)('NODE-3 Q-1: an iq handler that %s is answered for', async (_how, handler) => {
    const boom = defineIq({ type: 'get', request: element('boom', 'urn:example:boom', {}) })
    const registration = server.host.get(IqService).handle(boom, 'server', handler)
    romeo.send("<iq type='get' id='b' to='example.org'><boom xmlns='urn:example:boom'/></iq>")
    const reply = await romeo.expect("<iq id='b' type='error'/>")
    expect(reply.child('error', 'jabber:client')?.children[0]?.name).toBe('internal-server-error')
    registration[Symbol.dispose]()
    romeo.cut()
  })
})

test('SEC-33: nothing secret is in the log of registrations, logins and conversations', async () => {
  romeo.send(
    "<iq type='set' id='p' to='example.org'><query xmlns='jabber:iq:register'><username>romeo</username><password>n3w-s3cr3t</password></query></iq>",
  )
  await romeo.expect("<iq type='result' id='p'/>")
  romeo.send("<message to='juliet@example.org/balcony'><body>between-us</body></message>")
  await juliet.expect('<message><body>between-us</body></message>')
  const all = log.join('')
  for (const secret of ['n3w-s3cr3t', 'between-us', 'biws', '"romeo@example.org","password"']) {
    expect(all).not.toContain(secret)
  }
  romeo.cut()
})
