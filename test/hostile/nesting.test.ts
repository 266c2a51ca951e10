import { readerLimits } from '@xmppkit/xml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { domain, expectFarewell, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const nested = (levels: number) =>
  `<message>${'<a>'.repeat(levels - 1)}${'</a>'.repeat(levels - 1)}</message>`
const streaming = stages.filter(({ headerDue }) => !headerDue)

test.each(streaming.map((stage) => [stage.name, stage] as const))(
  'X-12 SEC-4: elements within elements end the stream, %s',
  async (_name, stage) => {
    const { maxDepth } = stage.loggedIn ? readerLimits.afterAuthentication : readerLimits.beforeAuthentication
    await expectFarewell(scene, stage, nested(maxDepth + 1), 'policy-violation')
  },
)

test('X-12: the innermost end tag is not waited for', async () => {
  await expectFarewell(scene, stages.at(-1)!, '<a>'.repeat(1_000), 'policy-violation')
})

test('X-12 X-10: as deep as allowed passes unchanged', async () => {
  const { maxDepth } = readerLimits.afterAuthentication
  const mallory = await scene.person('mallory')
  mallory.send(nested(maxDepth).replace('<message', `<message to='mallory@${domain}/r'`))
  const message = await mallory.client.receive()
  expect(message.toElement().toString().split('<a').length - 1).toBe(maxDepth - 1)
  mallory.client.cut()
})
