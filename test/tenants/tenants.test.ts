import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createManualClock, type ManualClock } from '@xmppkit/runtime'
import { createServer, type Server } from '@xmppkit/server'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const password = 'secret'
const cheap = { hashes: ['SHA-1'], iterations: 4096 } as const
const contactNs = 'http://jabber.org/network/serverinfo'
const errorNs = 'urn:ietf:params:xml:ns:xmpp-stanzas'

let folder: string
let server: Server
let clock: ManualClock

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-tenants-'))
  clock = createManualClock(1_700_000_000_000)
  server = await start()
})
afterEach(async () => {
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

function start(): Promise<Server> {
  return createServer(
    {
      domains: ['fixed.test'],
      storage: { path: join(folder, 'server.sqlite') },
      accounts: cheap,
      contact: { abuse: ['mailto:abuse@host.test'], support: ['mailto:help@host.test'] },
      registration: { allowRegistration: true },
      hosts: [{ name: 'second', domains: ['y.test'], accounts: cheap }],
    },
    { clock },
  )
}

const call = (name: string, args: object) => server.commands.call(name, args)

async function connect(address: string): Promise<WireClient> {
  const jid = parseJid(address)
  const { client, server: end } = createPipe()
  end.attach(server.accept(end))
  const connected = createWireClient({ transport: client }, { domain: jid.domain })
  await connected.login({ username: jid.local, password, resource: jid.resource })
  return connected
}

async function account(address: string): Promise<void> {
  await call('register', { account: address, password })
}

test('E-14: a domain added by command is served at once and after a restart; removed by command it is not', async () => {
  await call('add_domain', { domain: 'tenant.test' })
  await account('sam@tenant.test')
  const sam = await connect('sam@tenant.test/r')
  await expect(call('add_domain', { domain: 'tenant.test' })).rejects.toMatchObject({
    code: 'commands/conflict',
  })
  await sam.close()
  await server.close()

  server = await start()
  expect(await call('registered_vhosts', {})).toEqual(['fixed.test', 'tenant.test', 'y.test'])
  const again = await connect('sam@tenant.test/r')
  expect(await call('list_domains', {})).toMatchObject([{ domain: 'tenant.test', host: 'main' }])
  await call('remove_domain', { domain: 'tenant.test' })
  await again.find("<error xmlns='http://etherx.jabber.org/streams'/>")
  await expect(call('remove_domain', { domain: 'tenant.test' })).rejects.toMatchObject({
    code: 'commands/not-found',
  })
  await server.close()

  server = await start()
  expect(await call('registered_vhosts', {})).toEqual(['fixed.test', 'y.test'])
})

test('E-14: a domain may be added to another host, and is not taken from one', async () => {
  await call('add_domain', { domain: 'two.test', host: 'second' })
  expect(server.host('second').domains.list()).toEqual(['y.test', 'two.test'])
  for (const domain of ['two.test', 'y.test']) {
    await expect(call('add_domain', { domain, host: 'main' })).rejects.toMatchObject({
      code: 'commands/conflict',
    })
  }
  await expect(call('add_domain', { domain: 'z.test', host: 'third' })).rejects.toMatchObject({
    code: 'commands/not-found',
  })
  await server.close()
  server = await start()
  expect(server.host('second').domains.list()).toEqual(['y.test', 'two.test'])
})

test('E-14: as code, with settings that are checked', async () => {
  await server.tenants.add('code.test', { maxAccounts: 1 })
  expect(server.tenants.settings('code.test')).toEqual({ maxAccounts: 1 })
  await expect(server.tenants.add('bad.test', { maxAccounts: -1 })).rejects.toMatchObject({
    code: 'tenants/invalid',
  })
  await server.tenants.set('code.test', {})
  expect(await server.tenants.list({ limit: 5 })).toMatchObject([{ domain: 'code.test', settings: {} }])
  expect(await server.tenants.remove('code.test')).toBe(true)
})

describe('limits', () => {
  test('E-14: accounts of a domain, also when many register at once, and of no other', async () => {
    await call('add_domain', { domain: 'small.test', maxAccounts: 2 })
    const some = ['a', 'b', 'c', 'd'].map((name) => account(`${name}@small.test`))
    const outcomes = await Promise.allSettled(some)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'commands/conflict', message: 'small.test has as many accounts as it may' },
    })
    await account('a@fixed.test')
    await account('b@fixed.test')
    await account('c@fixed.test')
    await call('set_domain', { domain: 'small.test', maxAccounts: 3 })
    await account('e@small.test')
  })

  test('E-14: a client that registers where there is no room is told so', async () => {
    await call('add_domain', { domain: 'small.test', maxAccounts: 0 })
    const { client: other, server: otherEnd } = createPipe()
    otherEnd.attach(server.accept(otherEnd))
    const guest = createWireClient({ transport: other }, { domain: 'small.test' })
    await guest.secure()
    guest.send(
      "<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>eve</username><password>secret</password></query></iq>",
    )
    await guest.expect(
      `<iq type='error' id='r'><error><resource-constraint xmlns='${errorNs}'/></error></iq>`,
    )
    guest.cut()
  })

  test('E-14: sessions of a domain and of an account; a client may replace its own', async () => {
    await call('set_domain', { domain: 'fixed.test', maxSessions: 3, maxSessionsPerAccount: 2 })
    for (const name of ['a', 'b', 'c']) await account(`${name}@fixed.test`)
    await account('a@y.test')
    await connect('a@fixed.test/1')
    await connect('a@fixed.test/2')
    await expect(connect('a@fixed.test/3')).rejects.toThrow('resource-constraint')
    await connect('b@fixed.test/1')
    await expect(connect('c@fixed.test/1')).rejects.toThrow('resource-constraint')
    await connect('b@fixed.test/1') // takes the place of the other
    for (let n = 0; n < 4; n += 1) await connect(`a@y.test/${n}`)
    await call('set_domain', { domain: 'fixed.test' })
    await connect('c@fixed.test/1')
  })

  test('E-14: messages that wait, per account of the domain', async () => {
    await call('set_domain', { domain: 'fixed.test', maxOfflineMessagesPerAccount: 1 })
    for (const address of ['a@fixed.test', 'b@fixed.test', 'b@y.test']) await account(address)
    await call('set_domain', { domain: 'y.test', maxOfflineMessagesPerAccount: 3 })
    const a = await connect('a@fixed.test/r')
    for (const id of ['1', '2']) {
      a.send(`<message to='b@fixed.test' id='${id}' type='chat'><body>hi</body></message>`)
      a.send(`<message to='b@y.test' id='${id}' type='chat'><body>hi</body></message>`)
    }
    await a.settle()
    expect(await call('get_offline_count', { account: 'b@fixed.test' })).toBe(1)
    expect(await call('get_offline_count', { account: 'b@y.test' })).toBe(2)
  })

  test('E-14: archives are trimmed by number and by age where the domain says so', async () => {
    await call('set_domain', { domain: 'fixed.test', maxArchivedMessagesPerAccount: 2 })
    for (const address of ['a@fixed.test', 'b@y.test']) await account(address)
    const a = await connect('a@fixed.test/r')
    for (let n = 0; n < 5; n += 1) a.send(`<message to='b@y.test' type='chat'><body>${n}</body></message>`)
    await a.settle()
    expect(await call('get_mam_count', { account: 'a@fixed.test' })).toBe(5)
    // Sweeps are not waited for by the clock, and the next one comes after the one before.
    const swept = async (account: string) => {
      await clock.advance(600_000)
      return call('get_mam_count', { account })
    }
    await expect.poll(() => swept('a@fixed.test')).toBe(2)
    expect(await call('get_mam_count', { account: 'b@y.test' })).toBe(5)
    await call('set_domain', { domain: 'y.test', maxArchiveDays: 1 })
    await clock.advance(86_400_000)
    await expect.poll(() => swept('b@y.test')).toBe(0)
    expect(await call('get_mam_count', { account: 'a@fixed.test' })).toBe(2)
  })

  test('E-14: what all clients of a domain send together; others do not notice, and nothing is lost', async () => {
    for (const address of ['a@fixed.test', 'b@fixed.test', 'a@y.test', 'b@y.test']) await account(address)
    const [a, b, other, peer] = await Promise.all(
      ['a@fixed.test/r', 'b@fixed.test/r', 'a@y.test/r', 'b@y.test/r'].map(connect),
    )
    await call('set_domain', { domain: 'fixed.test', maxStanzasPerSecond: 1 })
    const say = (from: WireClient, to: string, n: number) =>
      from.send(`<message to='${to}' type='chat'><body>${n}</body></message>`)
    for (let n = 0; n < 5; n += 1) {
      say(a!, 'b@y.test/r', n)
      say(b!, 'b@y.test/r', n)
    }
    for (let n = 0; n < 10; n += 1) await peer!.receive() // the burst
    say(a!, 'b@y.test/r', 100)
    say(b!, 'b@y.test/r', 101)
    say(other!, 'b@y.test/r', 102)
    await peer!.expect("<message from='a@y.test/r'><body>102</body></message>")
    await other!.settle()
    await peer!.expectNothing()
    await clock.advance(1000)
    await peer!.expect("<message from='a@fixed.test/r'><body>100</body></message>")
    await clock.advance(1000)
    await peer!.expect("<message from='b@fixed.test/r'><body>101</body></message>")
    say(a!, 'b@y.test/r', 103)
    await other!.settle()
    await call('set_domain', { domain: 'fixed.test' }) // those that wait are let go when their time has come
    await clock.advance(1000)
    await peer!.expect('<message><body>103</body></message>')
    for (let n = 0; n < 50; n += 1) say(a!, 'b@y.test/r', n)
    for (let n = 0; n < 50; n += 1) await peer!.receive()
  })
})

test('E-14: each domain shows its own name and contacts, in the capabilities too, and the others those of the host', async () => {
  for (const address of ['a@fixed.test', 'a@y.test']) await account(address)
  await call('set_domain', {
    domain: 'fixed.test',
    name: 'Fixed & Sons',
    contacts: [
      { role: 'abuse', uri: 'mailto:abuse@fixed.test' },
      { role: 'abuse', uri: 'https://fixed.test/abuse' },
    ],
  })
  await call('add_domain', { domain: 'plain.test' })
  const a = await connect('a@fixed.test/r')
  const face = async (domain: string) => {
    a.send(`<iq type='get' id='d' to='${domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`)
    const query = (await a.receive()).toElement().getChild('query')!
    const fields = query
      .getChildren('x')
      .map((form) => form.getChildren('field'))
      .find((form) => form[0]?.getChildText('value') === contactNs)
    return {
      names: query.getChildren('identity').map((one) => one.attrs.name as unknown),
      contacts: (fields ?? [])
        .filter((one) => one.attrs.var !== 'FORM_TYPE')
        .map((one) => [one.attrs.var as unknown, ...one.getChildren('value').map((value) => value.text())]),
    }
  }
  expect(await face('fixed.test')).toEqual({
    names: ['Fixed & Sons'],
    contacts: [
      ['abuse-addresses', 'mailto:abuse@fixed.test', 'https://fixed.test/abuse'],
      ['support-addresses', 'mailto:help@host.test'],
    ],
  })
  const plain = {
    names: ['xmppkit'],
    contacts: [
      ['abuse-addresses', 'mailto:abuse@host.test'],
      ['support-addresses', 'mailto:help@host.test'],
    ],
  }
  expect(await face('plain.test')).toEqual(plain)
  expect(await face('y.test')).toEqual({ names: ['xmppkit'], contacts: [] })
  expect(await call('get_domain', { domain: 'fixed.test' })).toMatchObject({ name: 'Fixed & Sons' })
  await call('set_domain', { domain: 'fixed.test' })
  expect(await face('fixed.test')).toEqual(plain)
})
