import { readerLimits } from '@xmppkit/xml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { domain, expectFarewell, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const declarations = (count: number) =>
  Array.from({ length: count }, (_, n) => ` xmlns:n${n}='urn:n'`).join('')
const streaming = stages.filter(({ headerDue }) => !headerDue)

test.each(streaming.map((stage) => [stage.name, stage] as const))(
  'X-12 SEC-4: a flood of namespaces ends the stream, %s',
  async (_name, stage) => {
    const { maxNamespaces } = stage.loggedIn
      ? readerLimits.afterAuthentication
      : readerLimits.beforeAuthentication
    await expectFarewell(scene, stage, `<message${declarations(maxNamespaces + 1)}/>`, 'policy-violation')
  },
)

test('X-12: those of nested elements add up while they are in force', async () => {
  const levels = Array.from({ length: 60 }, (_, n) => `<a xmlns:p${n}='urn:p' xmlns:q${n}='urn:q'>`).join('')
  await expectFarewell(scene, stages.at(-1)!, `<message>${levels}`, 'policy-violation')
})

test('X-12: those of siblings do not', async () => {
  const mallory = await scene.person('mallory')
  const siblings = Array.from({ length: 200 }, (_, n) => `<p:a xmlns:p='urn:p${n}'/>`).join('')
  mallory.send(`<message to='mallory@${domain}/r'>${siblings}</message>`)
  const message = await mallory.client.receive()
  expect(message.children.map(({ ns }) => ns)).toEqual(Array.from({ length: 200 }, (_, n) => `urn:p${n}`))
  mallory.client.cut()
})
