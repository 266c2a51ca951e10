import { readerLimits } from '@xmppkit/xml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { domain, expectFarewell, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const crowded = (count: number) => `<message>${'<a/>'.repeat(count - 1)}</message>`
const streaming = stages.filter(({ headerDue }) => !headerDue)

test.each(streaming.map((stage) => [stage.name, stage] as const))(
  'X-12 SEC-2: many small elements in one end the stream, %s',
  async (_name, stage) => {
    const { maxElements } = stage.loggedIn
      ? readerLimits.afterAuthentication
      : readerLimits.beforeAuthentication
    await expectFarewell(scene, stage, crowded(maxElements + 1), 'policy-violation')
  },
)

test('X-12: as many as allowed pass', async () => {
  const { maxElements } = readerLimits.afterAuthentication
  const mallory = await scene.person('mallory')
  mallory.send(crowded(maxElements).replace('<message', `<message to='mallory@${domain}/r'`))
  const message = await mallory.client.receive()
  expect(message.children.length).toBe(maxElements - 1)
  mallory.client.cut()
})

test('SEC-4 L-3: the largest stanza, a byte at a time, takes no longer than its bytes', async () => {
  const mallory = await scene.person('mallory')
  const stanza = Buffer.from(crowded(8_000).replace('<message', `<message to='mallory@${domain}/r'`))
  expect(stanza.length).toBeGreaterThan(32_000)
  const before = performance.now()
  for (let at = 0; at < stanza.length; at++) mallory.send(stanza.subarray(at, at + 1))
  await mallory.client.receive()
  // Quadratic work on 32 KiB would be seconds.
  expect(performance.now() - before).toBeLessThan(5_000)
  mallory.client.cut()
})
