import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { domain, header, type Line, openScene, type Scene } from './scene.js'

const streams = 'http://etherx.jabber.org/streams'
let scene: Scene
let mallory: Line
beforeAll(async () => {
  scene = await openScene()
})
beforeEach(async () => {
  mallory = await scene.person('mallory')
})
afterAll(() => scene[Symbol.asyncDispose]())

const toSelf = (inner: string) => `<message to='mallory@${domain}/r'>${inner}</message>`

test.each([
  ['a whole stream', `<stream:stream to='${domain}' version='1.0'><message/></stream:stream>`],
  ['the end of ours, as an element', '<stream:stream/>'],
  ['a stream error', '<stream:error><conflict xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>'],
  ['features', '<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/></stream:features>'],
  [
    'a stanza in a stanza',
    `<message from='juliet@${domain}/r' to='romeo@${domain}/r'><body>x</body></message>`,
  ],
])('X-14 SEC-5: %s inside a stanza is content, for us and for who receives it', async (_what, inner) => {
  mallory.send(toSelf(`${inner}<body>after</body>`))
  const message = await mallory.client.expect('<message><body>after</body></message>')
  // Everything a reader needs to tell it from framing travels with it.
  expect(message.childAt(0).name).toBe(/<(?:stream:)?(\w+)/.exec(inner)![1])
  if (inner.startsWith('<stream:')) expect(message.childAt(0).ns).toBe(streams)
  await mallory.client.expectNothing()
  await scene.othersChat()
  mallory.client.cut()
})

test.each([
  ['the closing tag inside a stanza', `<message to='juliet@${domain}/r'><body></stream:stream>`],
  ['a header inside a start tag', `<message ${header}`],
])('X-14 SEC-5: %s is an error', async (_what, attack) => {
  mallory.send(attack)
  expect(await mallory.gone).toContain('<not-well-formed')
  await scene.othersChat()
})

test('X-14 S-10: a second header within a stream is refused', async () => {
  mallory.send(header.replace(/^<\?.*?\?>/, '').replace('>', '/>'))
  expect(await mallory.gone).toContain('<unsupported-stanza-type')
  await scene.othersChat()
})

test.each([
  ['character references', '&lt;/message&gt;&lt;message to="romeo"/&gt;'],
  ['CDATA', '<![CDATA[</message><message to="romeo"/>]]>'],
])('SEC-5 X-7: what is text for us is text for who receives it: %s', async (_what, text) => {
  mallory.send(toSelf(`<body>${text}</body>`))
  const message = await mallory.client.receive()
  expect(message.child('body', 'jabber:client')?.text()).toBe('</message><message to="romeo"/>')
  await mallory.client.expectNothing()
  await scene.othersChat()
  mallory.client.cut()
})
