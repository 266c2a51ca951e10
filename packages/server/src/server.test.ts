import { createMemoryArchiveStore } from '@xmppkit/archive'
import { ArchiveStoreService } from '@xmppkit/archive/module'
import { createMemoryAccountStore } from '@xmppkit/auth'
import { AccountStoreService } from '@xmppkit/auth/module'
import { createMemoryInboxStore } from '@xmppkit/inbox'
import { InboxService, InboxStoreService } from '@xmppkit/inbox/module'
import { defineModule, provide, service, use } from '@xmppkit/module'
import { message } from '@xmppkit/stanza'
import { createPipe, createWireClient } from '@xmppkit/testing'
import { afterEach, expect, test } from 'vitest'
import { createServer, type Server } from './server.js'
import type { ServerOptions } from './server-options.js'

const cheap = { accounts: { hashes: ['SHA-1' as const], iterations: 4096 } }
let server: Server | undefined
afterEach(() => server?.close())

async function start(options: Partial<ServerOptions> = {}): Promise<Server> {
  server = await createServer({ domains: ['one.test'], ...cheap, ...options })
  return server
}

async function connect(to: Server, username: string, domain: string) {
  const pipe = createPipe()
  pipe.server.attach(to.accept(pipe.server))
  const client = createWireClient({ transport: pipe.client }, { domain })
  await client.login({ username, password: 'pw', resource: 'r' })
  return client
}

test('a server opens no socket unless asked, and closes twice without a word', async () => {
  const { listeners, close } = await start()
  expect(listeners).toEqual([])
  await Promise.all([close(), close()])
})

test('domains come and go while it runs', async () => {
  const one = await start()
  await one.addDomain('two.test')
  await one.commands.call('register', { account: 'juliet@two.test', password: 'pw' })
  const juliet = await connect(one, 'juliet', 'two.test')
  await one.removeDomain('two.test')
  await juliet.ended
  expect(one.host().domains.list()).toEqual(['one.test'])
  await one.removeDomain('two.test')
})

test('two hosts share nothing but storage, router and listeners', async () => {
  const one = await start({ hosts: [{ name: 'other', domains: ['other.test'], ...cheap }] })
  await expect(one.addDomain('one.test', 'other')).rejects.toMatchObject({ code: 'server/domain-taken' })
  await expect(one.addDomain('x.test', 'nobody')).rejects.toMatchObject({ code: 'server/no-host' })
  expect(one.host('other').hooks).not.toBe(one.host().hooks)
})

test.each([
  [{ hosts: [{ domains: ['b.test'] }] }, 'server/options'],
  [{ hosts: [{ name: 'b', domains: ['one.test'] }] }, 'server/domain-taken'],
])('what cannot start is undone: %j', async (options, code) => {
  await expect(start(options)).rejects.toMatchObject({ code })
})

test('commands find their host by the domain they are about, and all hosts when they are about none', async () => {
  const one = await start({ hosts: [{ name: 'other', domains: ['other.test'], ...cheap }] })
  const { call } = one.commands
  await call('register', { account: 'a@one.test', password: 'pw' })
  await call('register', { account: 'b@other.test', password: 'pw' })
  expect(await call('stats', { name: 'registeredusers' })).toBe(2)
  expect(await call('stats', { name: 'registeredusers', host: 'other.test' })).toBe(1)
  expect(await call('registered_users', { host: 'one.test' })).toEqual(['a'])
  await expect(call('register', { account: 'c@three.test', password: 'pw' })).rejects.toMatchObject({
    code: 'commands/not-found',
  })
  await connect(one, 'a', 'one.test')
  await connect(one, 'b', 'other.test')
  expect(await call('connected_users_number', {})).toBe(2)
  expect(await call('connected_users', {})).toHaveLength(2)
  expect(await call('stats', { name: 'onlineusers' })).toBe(2)
  expect(await call('status', {})).toMatchObject({ domains: ['one.test', 'other.test'], crashed: 0 })
  expect(await call('commands', { tag: 'server' })).toContainEqual(
    expect.objectContaining({ name: 'status' }),
  )
})

test('services and modules of the embedder take their place', async () => {
  const store = createMemoryAccountStore()
  const Greeting = service<string>('test/greeting')
  const greeter = defineModule({
    name: 'greeter',
    needs: {},
    provides: Greeting,
    start: () => ({ service: 'hello' }),
  })
  const one = await start({ services: [provide(AccountStoreService, store)], modules: [use(greeter)] })
  await one.commands.call('register', { account: 'juliet@one.test', password: 'pw' })
  expect(await store.count('one.test')).toBe(1)
  expect(one.host().get(Greeting)).toBe('hello')
})

test('a stanza sent in process takes the way of all stanzas', async () => {
  const one = await start()
  await one.commands.call('register', { account: 'juliet@one.test', password: 'pw' })
  await one.route(message({ from: 'news@one.test', to: 'juliet@one.test', type: 'chat', body: 'extra' }))
  const juliet = await connect(one, 'juliet', 'one.test')
  juliet.send('<presence/>')
  await juliet.find(
    "<message from='news@one.test'><body>extra</body><delay xmlns='urn:xmpp:delay'/></message>",
  )
})

test('S-15: a stop tells every client', async () => {
  const one = await start()
  await one.commands.call('register', { account: 'juliet@one.test', password: 'pw' })
  const juliet = await connect(one, 'juliet', 'one.test')
  const closed = one.close()
  const error = await juliet.find("<error xmlns='http://etherx.jabber.org/streams'/>")
  expect(error.children[0]?.name).toBe('system-shutdown')
  await closed
})

test('INBOX-5: inboxes are looked up where archives are, or not at all', async () => {
  const archive = createMemoryArchiveStore()
  const own = provide(ArchiveStoreService, archive)
  const beside = provide(InboxStoreService, createMemoryInboxStore({ log: archive }))
  const hasInbox = async (options: Partial<ServerOptions>) => {
    const one = await start(options)
    const has = one.host().has(InboxService)
    await one.close()
    return has
  }
  expect(await hasInbox({})).toBe(true)
  expect(await hasInbox({ inbox: { enabled: false } })).toBe(false)
  expect(await hasInbox({ archive: { enabled: false }, inbox: { enabled: true } })).toBe(false)
  expect(await hasInbox({ services: [own] })).toBe(false)
  expect(await hasInbox({ services: [own, beside], inbox: { depth: 9 } })).toBe(true)
  await expect(start({ services: [own], inbox: { enabled: true } })).rejects.toMatchObject({
    code: 'server/options',
  })
})
