import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createServer, type Server } from '@xmppkit/server'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

// Two hosts on one database, with accounts whose names are parts of each other.
const accounts = ['sam@x.test', 'samantha@x.test', 'sam@y.test', 'sam@x.test.evil']
const password = 'secret'

let folder: string
let server: Server

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-personal-'))
  server = await start()
  for (const account of accounts) await server.commands.call('register', { account, password })
})
afterEach(async () => {
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

function start(): Promise<Server> {
  const cheap = { hashes: ['SHA-1'], iterations: 4096 } as const
  return createServer({
    domains: ['x.test', 'x.test.evil'],
    storage: { path: join(folder, 'server.sqlite') },
    accounts: cheap,
    hosts: [{ name: 'second', domains: ['y.test'], accounts: cheap }],
  })
}

async function connect(account: string): Promise<WireClient> {
  const { local, domain } = parseJid(account)
  const { client, server: end } = createPipe()
  end.attach(server.accept(end))
  const connected = createWireClient({ transport: client }, { domain })
  await connected.login({ username: local, password, resource: 'r' })
  return connected
}

const vcard = (name: string) => `<vCard xmlns='vcard-temp'><FN>${name}</FN></vCard>`
const notes = (text: string) =>
  `<query xmlns='jabber:iq:private'><notes xmlns='urn:example'>${text}</notes></query>`
const enable = (node: string) => `<enable xmlns='urn:xmpp:push:0' jid='push.example' node='${node}'/>`

/** Sets everything an account can keep to something with its name in it. */
async function fill(account: string): Promise<void> {
  const client = await connect(account)
  for (const [at, payload] of [vcard(account), notes(account), enable(account)].entries()) {
    client.send(`<iq type='set' id='s${at}'>${payload}</iq>`)
    await client.expect(`<iq type='result' id='s${at}'/>`)
  }
  await client.close()
}

/** What an account finds of it: the names in its vCard and notes, and the nodes it has registered. */
async function found(account: string): Promise<(string | undefined)[]> {
  const client = await connect(account)
  client.send("<iq type='get' id='v'><vCard xmlns='vcard-temp'/></iq>")
  const card = (await client.receive()).child('vCard', 'vcard-temp')
  client.send(
    "<iq type='get' id='p'><query xmlns='jabber:iq:private'><notes xmlns='urn:example'/></query></iq>",
  )
  const kept = (await client.receive()).child('query', 'jabber:iq:private')?.child('notes', 'urn:example')
  await client.close()
  const listed = (await server.commands.call('get_push_registrations', { account })) as { node: string }[]
  return [card?.childText('FN', 'vcard-temp'), kept?.text(), ...listed.map(({ node }) => node)]
}

const nothing = [undefined, '']

test('vCard, private storage and push registrations are each account’s own, also after a restart', async () => {
  for (const account of accounts) expect(await found(account)).toEqual(nothing)
  for (const account of accounts) await fill(account)
  for (const account of accounts) expect(await found(account)).toEqual([account, account, account])
  await server.close()
  server = await start()
  for (const account of accounts) expect(await found(account)).toEqual([account, account, account])
})

test('SEC-25: the next account of a name finds nothing, and nobody else loses anything', async () => {
  for (const account of accounts) await fill(account)
  const [gone, ...others] = accounts as [string, ...string[]]
  await server.commands.call('unregister', { account: gone })
  await server.commands.call('register', { account: gone, password })
  expect(await found(gone)).toEqual(nothing)
  for (const account of others) expect(await found(account)).toEqual([account, account, account])
})
