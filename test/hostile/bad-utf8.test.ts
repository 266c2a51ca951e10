import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, expectFarewell, header, openScene, type Scene, stages } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

const broken: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ['a byte that begins nothing', [0x80]],
  ['a byte that is never used', [0xff]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong NUL', [0xc0, 0x80]],
  ['an overlong euro sign', [0xf0, 0x82, 0x82, 0xac]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
  ['a sequence cut short', [0xe2, 0x82, 0x3c]],
  ['a start within a sequence', [0xe2, 0xc3, 0xa9]],
]

const around = (before: string, bytes: readonly number[], after: string) =>
  Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])

const streaming = stages.filter(({ headerDue }) => !headerDue)

describe.each(streaming.map((stage) => [stage.name, stage] as const))('%s', (_name, stage) => {
  test.each(broken)('X-3 NODE-4 S-20: %s, in text', async (_what, bytes) => {
    const attack = around('<message><body>', bytes, '</body></message>')
    await expectFarewell(scene, stage, attack, 'unsupported-encoding')
  })
})

describe('elsewhere', () => {
  test.each(broken)('X-3: %s, in a value', async (_what, bytes) => {
    const attack = around("<message id='", bytes, "'/>")
    await expectFarewell(scene, stages.at(-1)!, attack, 'unsupported-encoding')
  })

  test.each(broken)('X-3 S-1: %s, in a header', async (_what, bytes) => {
    const [before, after] = header.split('hostile') as [string, string]
    await expectFarewell(scene, stages[0]!, around(before, bytes, after), 'unsupported-encoding')
  })
})

test('X-3: characters split between any two bytes are whole again', async () => {
  const line = scene.line()
  await line.client.login({ username: 'mallory', password: 'correct horse battery staple', resource: 'r' })
  const text = 'é€😀\u{10ffff}'
  for (const byte of Buffer.from(`<message to='mallory@${domain}/r'><body>${text}</body></message>`)) {
    line.send(Uint8Array.of(byte))
  }
  const message = await line.client.receive()
  expect(message.child('body', 'jabber:client')?.text()).toBe(text)
  line.client.cut()
})
