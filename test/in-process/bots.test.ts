import { createServer } from '@xmppkit/server'
import { createPipe, createWireClient } from '@xmppkit/testing'
import { expect, test } from 'vitest'

const domain = 'chat.test'

async function scene(inProcess: object) {
  const server = await createServer({
    domains: [domain],
    accounts: { hashes: ['SHA-1'], iterations: 4096 },
    inProcess,
  })
  for (const user of ['juliet', 'helper']) {
    await server.commands.call('register', { account: `${user}@${domain}`, password: 'pw' })
  }
  const { client, server: end } = createPipe()
  end.attach(server.accept(end))
  const juliet = createWireClient({ transport: client }, { domain })
  await juliet.login({ username: 'juliet', password: 'pw', resource: 'r' })
  const waiting = () => server.commands.call('get_offline_count', { account: `helper@${domain}` })
  return { server, juliet, waiting, [Symbol.asyncDispose]: () => server.close() }
}

const says = (n: number) => `<message to='helper@${domain}' type='chat' id='${n}'><body>${n}</body></message>`

test('X-CONS M-7: a bot that cannot keep up gets everything, once and in order, and no sender is told otherwise', async () => {
  await using one = await scene({ maxInbox: 2, roomTimeoutMs: 20 })
  const heard: (string | undefined)[] = []
  let goOn = () => {}
  const blocked = new Promise<void>((resolve) => (goOn = resolve))
  let told = () => {}
  const all = new Promise<void>((resolve) => (told = resolve))
  const bot = await one.server.bot(`helper@${domain}/main`, {
    async onMessage({ body }) {
      if (heard.length === 0) await blocked
      heard.push(body)
      if (heard.length === 40) told()
    },
  })
  for (let n = 1; n <= 20; n += 1) one.juliet.send(says(n))
  // What there is no room for is stored: the bot has two, one of them in its hands.
  await expect.poll(one.waiting).toBe(18)
  goOn()
  for (let n = 21; n <= 40; n += 1) one.juliet.send(says(n))
  await all
  expect(heard).toEqual(Array.from({ length: 40 }, (_, n) => String(n + 1)))
  await one.juliet.expectNothing()
  await expect.poll(one.waiting).toBe(0)
  await bot.close()
})

test('M-7: what waited while a bot was away comes when it is there, and goes elsewhere when it leaves', async () => {
  await using one = await scene({})
  for (let n = 1; n <= 3; n += 1) one.juliet.send(says(n))
  await one.juliet.settle()
  expect(await one.waiting()).toBe(3)
  const heard: (string | undefined)[] = []
  let told = () => {}
  const all = new Promise<void>((resolve) => (told = resolve))
  const bot = await one.server.bot(`helper@${domain}/main`, {
    onMessage({ body }) {
      heard.push(body)
      if (heard.length === 3) told()
    },
  })
  await all
  expect(heard).toEqual(['1', '2', '3'])
  await expect.poll(one.waiting).toBe(0)
  await bot.close()
  one.juliet.send(says(4))
  await one.juliet.settle()
  expect(await one.waiting()).toBe(1)
})

test('E-6: an administrator sees a bot like anybody, and can end it', async () => {
  await using one = await scene({})
  const bot = await one.server.bot(`helper@${domain}/main`, { presence: { show: 'chat', priority: 3 } })
  expect(await one.server.commands.call('user_sessions_info', { account: `helper@${domain}` })).toMatchObject(
    [{ resource: 'main', connection: 'in-process', priority: 3, show: 'chat' }],
  )
  await one.server.commands.call('kick_user', { account: `helper@${domain}`, reason: 'enough' })
  expect(await bot.ended).toContain('policy-violation')
})
