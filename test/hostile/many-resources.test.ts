import { afterAll, beforeAll, expect, test } from 'vitest'
import { domain, type Line, openScene, password, type Scene } from './scene.js'

let scene: Scene
beforeAll(async () => {
  scene = await openScene({ sessions: { maxPerAccount: 10 } })
})
afterAll(() => scene[Symbol.asyncDispose]())

async function bind(resource?: string): Promise<{ line: Line; condition: string | undefined }> {
  const line = scene.line()
  await line.client.authenticate({ username: 'mallory', password }, await line.client.secure())
  const wish = resource === undefined ? '' : `<resource>${resource}</resource>`
  line.send(`<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`)
  const answer = await line.client.receive()
  return { line, condition: answer.child('error', 'jabber:client')?.children[0]?.name }
}

test('B-5 L-1: one account has ten resources and no more; the others are refused and cost nothing', async () => {
  const kept: Line[] = []
  for (let i = 0; i < 10; i++) {
    const { line, condition } = await bind(`r${i}`)
    expect(condition).toBeUndefined()
    kept.push(line)
  }
  for (let i = 0; i < 50; i++) {
    const { line, condition } = await bind(i % 2 === 0 ? undefined : `more${i}`)
    expect(condition).toBe('resource-constraint')
    line.client.cut()
  }
  await scene.othersChat()
  for (const line of kept) await line.client.expectNothing()

  // One that leaves makes room for one.
  await kept.pop()!.client.close()
  const { line, condition } = await bind('another')
  expect(condition).toBeUndefined()
  kept.push(line)
  expect((await bind('eleventh')).condition).toBe('resource-constraint')
  for (const one of kept) one.client.cut()
})

test('B-2 J-1: resources nobody can have are refused, and another wish is heard', async () => {
  const { line, condition } = await bind('x'.repeat(1_024))
  expect(condition).toBe('bad-request')
  for (const wish of ['\u00ad', '\u2028', '\u0378', '']) {
    line.send(
      `<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${wish}</resource></bind></iq>`,
    )
    const answer = await line.client.receive()
    const refused = answer.child('error', 'jabber:client')?.children[0]?.name
    expect([wish, refused]).toEqual([wish, 'bad-request'])
  }
  line.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
  await line.client.expect("<iq type='result' id='b'/>")
  line.client.cut()
})

test('B-4: who takes the same resource again and again always has one session', async () => {
  let last: Line | undefined
  for (let i = 0; i < 20; i++) {
    const { line, condition } = await bind('same')
    expect(condition).toBeUndefined()
    if (last) expect(await last.gone).toContain('<conflict')
    last = line
  }
  expect(await scene.server.commands.call('user_resources', { account: `mallory@${domain}` })).toEqual([
    'same',
  ])
  last?.client.cut()
  await scene.othersChat()
})
