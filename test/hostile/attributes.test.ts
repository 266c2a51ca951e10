import { readerLimits } from '@xmppkit/xml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { domain, expectFarewell, header, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const attributes = (count: number) => Array.from({ length: count }, (_, n) => ` a${n}='x'`).join('')
const streaming = stages.filter(({ headerDue }) => !headerDue)

test.each(streaming.map((stage) => [stage.name, stage] as const))(
  'X-12 SEC-4: a flood of attributes ends the stream, %s',
  async (_name, stage) => {
    const { maxAttributes } = stage.loggedIn
      ? readerLimits.afterAuthentication
      : readerLimits.beforeAuthentication
    await expectFarewell(scene, stage, `<message${attributes(maxAttributes + 1)}/>`, 'policy-violation')
  },
)

test.each([
  ['in a payload', `<message><x xmlns='urn:x'${attributes(129)}/></message>`],
  ['not waiting for the end of the tag', `<message${attributes(1_000)}`],
  ['with a name too long', `<message ${'a'.repeat(2_000)}='x'/>`],
])('X-12: a flood of attributes, %s', async (_what, xml) => {
  await expectFarewell(scene, stages.at(-1)!, xml, 'policy-violation')
})

test('X-12 S-1: in a header', async () => {
  await expectFarewell(
    scene,
    stages[0]!,
    header.replace(' to=', `${attributes(200)} to=`),
    'policy-violation',
  )
})

test('X-13 SEC-36: names that mean something in JavaScript are names like any other', async () => {
  const mallory = await scene.person('mallory')
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then']
  const inert = `<x xmlns='urn:x'${names.map((name) => ` ${name}='1'`).join('')}>${names.map((name) => `<${name}/>`).join('')}</x>`
  mallory.send(`<message to='mallory@${domain}/r' id='__proto__' type='constructor'>${inert}</message>`)
  const message = await mallory.client.expect("<message id='__proto__'/>")
  const payload = message.child('x', 'urn:x')!
  expect(payload.children.map(({ name }) => name)).toEqual(names)
  expect(names.map((name) => payload.attr(name))).toEqual(names.map(() => '1'))
  expect(Object.keys(Object.prototype)).toEqual([])
  mallory.send("<iq type='__proto__' id='constructor'><__proto__ xmlns='toString'/></iq>")
  await mallory.client.expect("<iq type='error' id='constructor'/>")
  mallory.send(`<iq type='get' id='1' to='${domain}'><constructor xmlns='__proto__'/></iq>`)
  await mallory.client.expect("<iq type='error' id='1'/>")
  await scene.othersChat()
  expect(scene.errors()).toEqual([])
  mallory.client.cut()
})
