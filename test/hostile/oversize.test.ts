import { readerLimits } from '@xmppkit/xml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, expectFarewell, farewell, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const body = (bytes: number) => `<message><body>${'x'.repeat(bytes)}</body></message>`
const strangers = stages.filter(({ loggedIn, headerDue }) => !loggedIn && !headerDue)
const users = stages.filter(({ loggedIn, headerDue }) => loggedIn && !headerDue)

describe('one element too large', () => {
  test.each(strangers.map((stage) => [stage.name, stage] as const))(
    'SEC-2 X-12: 8 KiB are enough for a stranger, %s',
    async (_name, stage) => {
      await expectFarewell(scene, stage, body(readerLimits.beforeAuthentication.maxBytes), 'policy-violation')
    },
  )

  test.each(users.map((stage) => [stage.name, stage] as const))(
    'L-2 X-12: 256 KiB are enough for anybody, %s',
    async (_name, stage) => {
      await expectFarewell(scene, stage, body(readerLimits.afterAuthentication.maxBytes), 'policy-violation')
    },
  )

  test.each([
    ['a start tag', `<message id='${'x'.repeat(300_000)}`],
    ['text', `<message><body>${'x'.repeat(300_000)}`],
    ['a CDATA section', `<message><body><![CDATA[${'x'.repeat(300_000)}`],
    ['character references', `<message><body>${'&#120;'.repeat(50_000)}`],
    ['an end tag', `<message></message${' '.repeat(300_000)}`],
    ['a name', `<message><${'x'.repeat(300_000)}`],
  ])('X-12: it is counted while it comes, not when it is complete: %s', async (_what, xml) => {
    await expectFarewell(scene, stages.at(-1)!, xml, 'policy-violation')
  })

  test('X-12: a header too large', async () => {
    await expectFarewell(scene, stages[0]!, `<stream:stream to='${'x'.repeat(10_000)}`, 'policy-violation')
  })

  test('L-2: what is just within the limit passes unchanged', async () => {
    const mallory = await scene.person('mallory')
    const text = 'x'.repeat(250_000)
    mallory.send(`<message to='mallory@${domain}/r'><body>${text}</body></message>`)
    const message = await mallory.client.receive()
    expect(message.child('body', 'jabber:client')?.text()).toBe(text)
    mallory.client.cut()
  })

  test('S-12 SEC-2: white space between stanzas may go on for ever and is not kept', async () => {
    const mallory = await scene.person('mallory')
    for (let i = 0; i < 64; i++) mallory.send(' '.repeat(65_536))
    await mallory.client.expectNothing()
    mallory.client.cut()
  })

  test('SEC-2: limits that are set are the ones that count', async () => {
    await using small = await openScene({
      stream: { preAuthLimits: { maxBytes: 500 }, limits: { maxBytes: 1_000 } },
    })
    const stranger = small.line()
    await stranger.client.open()
    stranger.forget()
    stranger.send(body(500))
    expect(await stranger.gone).toMatch(farewell('policy-violation', { withHeader: false }))
    const mallory = await small.person('mallory')
    mallory.send(`<message to='mallory@${domain}/r'><body>${'x'.repeat(900)}</body></message>`)
    await mallory.client.expect('<message/>')
    mallory.forget()
    mallory.send(body(1_000))
    expect(await mallory.gone).toMatch(farewell('policy-violation', { withHeader: false }))
  })
})
