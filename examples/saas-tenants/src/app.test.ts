import { createPipe, createWireClient } from '@xmppkit/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, startApp } from './app.js'

let app: App
const operator = 'a key of the operator'

beforeEach(async () => {
  app = await startApp({
    storage: 'memory',
    zone: 'chat.example',
    operatorKey: operator,
    host: '127.0.0.1',
    port: 0,
    trustedProxies: ['127.0.0.1'],
  })
})
afterEach(() => app.close())

async function ask(key: string, method: string, path: string, body?: object) {
  const response = await fetch(`http://127.0.0.1:${app.port}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  }
}

async function signUp(name: string, plan = 'free'): Promise<string> {
  const { status, json } = await ask(operator, 'POST', '/tenants', { name, plan })
  expect(status).toBe(201)
  return json.key
}

async function connect(username: string, domain: string) {
  const { client, server: end } = createPipe()
  end.attach(app.chat.accept(end))
  const wire = createWireClient({ transport: client }, { domain })
  await wire.login({ username, password: 'r0m30r0m30' })
  wire.send('<presence/>')
  return wire
}

test('tenants come while it runs, with users of their own, and do not see each other', async () => {
  const acme = await signUp('acme')
  const umbrella = await signUp('umbrella')
  expect((await ask(operator, 'POST', '/tenants', { name: 'acme', plan: 'free' })).status).toBe(409)
  for (const name of ['juliet', 'romeo']) {
    expect((await ask(acme, 'POST', '/users', { name, password: 'r0m30r0m30' })).status).toBe(201)
  }
  await ask(umbrella, 'POST', '/users', { name: 'juliet', password: 'r0m30r0m30' })
  expect((await ask(acme, 'GET', '/users')).json).toEqual(['juliet', 'romeo'])
  expect((await ask(umbrella, 'GET', '/users')).json).toEqual(['juliet'])

  const juliet = await connect('juliet', 'acme.chat.example')
  const romeo = await connect('romeo', 'acme.chat.example')
  romeo.send("<message to='juliet@acme.chat.example' type='chat'><body>hello</body></message>")
  await juliet.find("<message type='chat' from='{any}'><body>hello</body></message>")
  const other = await connect('juliet', 'umbrella.chat.example')
  await other.forget()
  await other.expectNothing()
  for (const client of [juliet, romeo, other]) client.cut()
})

test('a plan has limits, and another plan has others', async () => {
  const acme = await signUp('acme')
  const add = (n: number) => ask(acme, 'POST', '/users', { name: `user${n}`, password: 'r0m30r0m30' })
  for (let n = 0; n < 10; n += 1) expect((await add(n)).status).toBe(201)
  expect((await add(10)).status).toBe(409)
  expect((await ask(operator, 'PUT', '/tenants/acme/plan', { plan: 'team' })).status).toBe(204)
  expect((await add(10)).status).toBe(201)
})

test('a tenant that leaves is erased, and its key is worth nothing', async () => {
  const acme = await signUp('acme')
  await ask(acme, 'POST', '/users', { name: 'juliet', password: 'r0m30r0m30' })
  expect((await ask(operator, 'DELETE', '/tenants/acme')).status).toBe(202)
  await expect
    .poll(async () => (await ask(operator, 'GET', '/tenants/acme/erasure')).json.state)
    .toBe('finished')
  expect((await ask(acme, 'GET', '/users')).status).toBe(401)
  expect((await ask(await signUp('acme'), 'GET', '/users')).json).toEqual([])
})

test('who has no key gets nowhere', async () => {
  const acme = await signUp('acme')
  expect((await ask('made-up', 'GET', '/users')).status).toBe(401)
  expect((await ask(acme, 'POST', '/tenants', { name: 'other', plan: 'free' })).status).toBe(401)
  expect((await ask(operator, 'POST', '/tenants', { name: 'x.y', plan: 'free' })).status).toBe(400)
  expect((await ask(operator, 'POST', '/tenants', { name: 'xyz', plan: 'free of charge' })).status).toBe(400)
})
