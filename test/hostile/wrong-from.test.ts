import { afterAll, beforeAll, expect, test } from 'vitest'
import { domain, expectFarewell, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const others = [
  `romeo@${domain}`,
  `romeo@${domain}/r`,
  `mallory@${domain}/another`,
  `mallory@${domain}.evil.test/r`,
  domain,
  'romeo@elsewhere.test/r',
]

test.each(others)(
  'D-1: from %s, which is somebody else, ends the stream and reaches nobody',
  async (from) => {
    const session = stages.at(-1)!
    const stanzas = [
      `<message from='${from}' to='juliet@${domain}/r'><body>I am somebody else</body></message>`,
      `<presence from='${from}' to='juliet@${domain}' type='subscribed'/>`,
      `<iq from='${from}' type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='a@b' subscription='remove'/></query></iq>`,
    ]
    for (const stanza of stanzas) await expectFarewell(scene, session, stanza, 'invalid-from')
  },
)

test.each([
  [`mallory@${domain}`, 'its own account'],
  [`mallory@${domain}/r`, 'its own resource'],
  [`MALLORY@${domain.toUpperCase()}/r`, 'its own name in capitals'],
])('D-1: from %s is %s, and is stamped with the whole address', async (from) => {
  const mallory = await scene.person('mallory')
  mallory.send(`<message from='${from}' to='mallory@${domain}/r'/>`)
  await mallory.client.expect(`<message from='mallory@${domain}/r'/>`)
  mallory.client.cut()
})

test('D-5: a from that is no address is refused or ends the stream, and reaches nobody', async () => {
  for (const from of ['', '@', '/', 'a@b@c', `romeo@${domain}/${'x'.repeat(1_100)}`, 'ro meo@b']) {
    const mallory = await scene.person('mallory')
    mallory.send(`<message from='${from}' to='juliet@${domain}/r' id='x'><body>x</body></message>`)
    const answer = await mallory.client.receive()
    expect(['message', 'error']).toContain(answer.name)
    await scene.othersChat()
    mallory.client.cut()
  }
})

test('S-8: a name in the header binds nobody, and gives nothing away', async () => {
  const line = scene.line()
  await line.client.open(
    `<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='juliet@${domain}' to='${domain}' version='1.0'>`,
  )
  line.client.cut()
  const mallory = scene.line()
  await mallory.client.login({ username: 'mallory', password: 'correct horse battery staple' })
  expect(mallory.client.jid.local).toBe('mallory')
  mallory.client.cut()
})
