import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommandsService } from '@xmppkit/commands/module'
import { IqService } from '@xmppkit/iq/module'
import { type BareJid, parseJid, tryParseJid } from '@xmppkit/jid'
import { defineModule, use } from '@xmppkit/module'
import { createServer, type Server } from '@xmppkit/server'
import { SessionsService } from '@xmppkit/sessions/module'
import { defineIq, element } from '@xmppkit/stanza'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allTokens, listen } from '../transparency/tokens.js'

// Two hosts on one database, with names made to be mistaken for each other: domains and users that are prefixes of
// others, and the same users on every domain.
const first = 'x.test' // on the host "main"
const added = 'x.test.evil' // on the host "main", added while it runs
const second = 'y.test' // on the host "second"
const allDomains = [first, added, second]
const users = ['sam', 'samantha', 'sa']
const accounts = { hashes: ['SHA-1'], iterations: 4096 } as const

/** A service only the second host has. */
const oracle = defineModule({
  name: 'oracle',
  needs: { iq: IqService },
  start({ iq }, _options, scope) {
    const ask = defineIq({ type: 'get', request: element('oracle', 'urn:example:oracle', {}) })
    scope.use(iq.handle(ask, 'server', () => undefined))
    scope.use(iq.handle(ask, 'account', () => undefined))
  },
})

/** What somebody's hooks were shown: the accounts and domains of each stanza or session. */
const shown = { main: new Set<string>(), second: new Set<string>() }

let folder: string
let file: string
let server: Server
let clients: WireClient[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-isolation-'))
  file = join(folder, 'server.sqlite')
  server = await start()
  await server.addDomain(added)
  const tokens = await allTokens()
  for (const name of ['main', 'second'] as const) {
    listen(server.host(name).hooks, tokens, (_token, value, payload) => {
      for (const address of addressesIn([value, payload])) shown[name].add(address)
    })
  }
  for (const domain of allDomains) {
    for (const user of users) {
      await server.commands.call('register', {
        account: `${user}@${domain}`,
        password: `${user} of ${domain}`,
      })
    }
  }
})
afterAll(async () => {
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

function start(): Promise<Server> {
  return createServer({
    domains: [first],
    storage: { path: file },
    accounts,
    hosts: [{ name: 'second', domains: [second], accounts, modules: [use(oracle)] }],
  })
}

async function connect(address: string, password?: string): Promise<WireClient> {
  const { local, domain, resource } = parseJid(address)
  const { client, server: end } = createPipe()
  end.attach(server.accept(end))
  const connected = createWireClient({ transport: client }, { domain })
  clients.push(connected)
  await connected.login({ username: local, password: password ?? `${local} of ${domain}`, resource })
  return connected
}

async function leaveAll(): Promise<void> {
  for (const client of clients) await client.close()
  clients = []
}

/** Bare addresses of the stanzas, sessions and accounts in a payload. */
function addressesIn(values: readonly unknown[], depth = 0): string[] {
  return values.flatMap((value) => {
    if (typeof value !== 'object' || value === null || depth > 2) return []
    if ('bare' in value && 'domain' in value) return [String((value as { bare: BareJid }).bare)]
    const { stanza, session, account, jid, from, to } = value as Record<string, unknown>
    return addressesIn([stanza, session, account, jid, from, to], depth + 1)
  })
}

const roster = (items: string) => `<query xmlns='jabber:iq:roster'>${items}</query>`
const error = (condition: string) =>
  `<error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`

describe('accounts', () => {
  test.each(allDomains)('the password of a user of %s opens no other account', async (domain) => {
    const others = allDomains.filter((other) => other !== domain)
    for (const other of others) {
      await expect(connect(`sam@${other}/x`, `sam of ${domain}`)).rejects.toThrow('not-authorized')
    }
    await expect(connect(`samantha@${domain}/x`, `sam of ${domain}`)).rejects.toThrow('not-authorized')
    await connect(`sam@${domain}/x`)
    for (const client of clients) client.cut()
    clients = []
  })

  test('each domain lists and counts its own', async () => {
    for (const host of allDomains) {
      const listed = await server.commands.call('registered_users', { host })
      expect(listed).toEqual([...users].sort())
      expect(await server.commands.call('stats', { name: 'registeredusers', host })).toBe(users.length)
    }
    expect(await server.commands.call('stats', { name: 'registeredusers' })).toBe(9)
  })
})

describe('rosters and stored messages', () => {
  test('each account has its own', async () => {
    for (const domain of allDomains) {
      for (const user of users) {
        const client = await connect(`${user}@${domain}/set`)
        client.send(
          `<iq type='set' id='s'>${roster(`<item jid='friend-of-${user}@${domain}' name='${user} of ${domain}'/>`)}</iq>`,
        )
        await client.expect("<iq type='result' id='s'/>")
        client.send(`<presence><priority>-1</priority></presence>`)
        await client.expect('<presence/>')
        client.send("<presence type='unavailable'><status>away</status></presence>")
        await client.settle()
      }
    }
    const sender = await connect(`sam@${first}/sender`)
    for (const domain of allDomains) {
      for (const user of users) {
        sender.send(
          `<message to='${user}@${domain}' type='chat'><body>for ${user} of ${domain}</body></message>`,
        )
      }
    }
    await sender.settle()
    await leaveAll()
    for (const domain of allDomains) {
      for (const user of users) {
        const client = await connect(`${user}@${domain}/get`)
        client.send(`<iq type='get' id='g'>${roster('')}</iq>`)
        await client.expect(
          `<iq type='result' id='g'><query xmlns='jabber:iq:roster' _children='1'><item jid='friend-of-${user}@${domain}' name='${user} of ${domain}'/></query></iq>`,
        )
        client.send('<presence/>')
        await client.find(
          `<message from='sam@${first}/sender'><body>for ${user} of ${domain}</body></message>`,
        )
        await client.forget()
        await client.expectNothing()
      }
    }
    await leaveAll()
  })

  test('a user who goes takes nothing of those whose names begin alike', async () => {
    for (const account of [`gone@${first}`, `gone@${added}`, `gone@${second}`, `goner@${first}`]) {
      await server.commands.call('register', { account, password: 'secret' })
    }
    const sender = await connect(`sa@${first}/sender`)
    for (const account of [`gone@${first}`, `gone@${added}`, `gone@${second}`, `goner@${first}`]) {
      sender.send(`<message to='${account}' type='chat'><body>for ${account}</body></message>`)
      const client = await connect(`${account}/set`, 'secret')
      client.send(`<iq type='set' id='s'>${roster(`<item jid='friend@${second}'/>`)}</iq>`)
      await client.expect("<iq type='result' id='s'/>")
    }
    await sender.settle()
    await leaveAll()
    await server.commands.call('unregister', { account: `gone@${first}` })
    await expect(connect(`gone@${first}/x`, 'secret')).rejects.toThrow('not-authorized')
    clients = []
    for (const account of [`gone@${added}`, `gone@${second}`, `goner@${first}`]) {
      const client = await connect(`${account}/get`, 'secret')
      client.send(`<iq type='get' id='g'>${roster('')}</iq>`)
      await client.expect(
        `<iq type='result' id='g'><query xmlns='jabber:iq:roster' _children='1'><item jid='friend@${second}'/></query></iq>`,
      )
      client.send('<presence/>')
      await client.find(`<message><body>for ${account}</body></message>`)
    }
    await leaveAll()
    for (const account of [`gone@${added}`, `gone@${second}`, `goner@${first}`]) {
      await server.commands.call('unregister', { account })
    }
  })
})

describe('stanzas', () => {
  test('M-5: between domains of one host and of two, people meet as between two servers', async () => {
    const sam = await connect(`sam@${first}/desk`)
    for (const peer of [`sam@${added}`, `sam@${second}`]) {
      const other = await connect(`${peer}/desk`)
      sam.send('<presence/>')
      other.send('<presence/>')
      await sam.forget()
      await other.forget()
      sam.send(`<message to='${peer}' type='chat'><body>hi</body></message>`)
      await other.expect(`<message from='sam@${first}/desk' to='${peer}'><body>hi</body></message>`)
      sam.send(`<presence to='${peer}' type='subscribe'/>`)
      await other.expect(`<presence from='sam@${first}' type='subscribe'/>`)
      other.send(`<presence to='sam@${first}' type='subscribed'/>`)
      await sam.find(`<presence from='${peer}/desk'/>`)
      other.send('<presence><show>away</show></presence>')
      await sam.expect(`<presence from='${peer}/desk'><show>away</show></presence>`)
      sam.send(`<iq type='get' id='i' to='${peer}/desk'><query xmlns='urn:example'/></iq>`)
      await other.find(`<iq type='get' id='i' from='sam@${first}/desk'/>`)
      other.send(`<iq type='result' id='i' to='sam@${first}/desk'/>`)
      await sam.expect(`<iq type='result' id='i' from='${peer}/desk'/>`)
      await sam.expectNothing()
    }
    await leaveAll()
  })

  test('presence of one domain is not seen on another by those of the same name', async () => {
    const sams = await Promise.all(allDomains.map((domain) => connect(`sam@${domain}/quiet`)))
    const samantha = await connect(`samantha@${first}/quiet`)
    samantha.send('<presence/>')
    await samantha.forget()
    // sam@x.test sees the others since the test before; they do not see him.
    sams[0]!.send('<presence><status>only mine</status></presence>')
    await sams[0]!.settle()
    for (const client of [sams[1]!, sams[2]!, samantha]) await client.expectNothing()
    await leaveAll()
  })

  test.each([
    [`sam@${first}`, [`samantha@${first}`, `sa@${first}`, `sam@${added}`, `sam@${second}`]],
    [`sam@${added}`, [`sam@${first}`, `sa@${added}`, `sam@${second}`]],
  ])('a message to %s reaches nobody with a name alike, and kicking ends nobody else', async (to, others) => {
    const bystanders = await Promise.all(others.map((address) => connect(`${address}/here`)))
    const addressee = await connect(`${to}/here`)
    for (const client of [...bystanders, addressee]) {
      client.send('<presence/>')
      await client.forget()
    }
    for (const client of [...bystanders, addressee]) await client.forget()
    bystanders[0]!.send(`<message to='${to}' type='chat'><body>hi</body></message>`)
    await bystanders[0]!.settle()
    await addressee.expect(`<message to='${to}'><body>hi</body></message>`)
    for (const client of bystanders) await client.expectNothing()
    expect(await server.commands.call('kick_user', { account: to })).toBe(1)
    await addressee.expect("<error xmlns='http://etherx.jabber.org/streams'/>")
    for (const client of bystanders) await client.forget()
    for (const client of bystanders) await client.expectNothing()
    addressee.cut()
    clients.splice(clients.indexOf(addressee), 1)
    await leaveAll()
  })

  test('a domain whose name only contains ours is not ours', async () => {
    const sam = await connect(`sam@${first}/here`)
    for (const [at, domain] of ['est', 'test', 'xx.test', 'a.x.test', 'x.test.evil.test'].entries()) {
      sam.send(`<message to='sam@${domain}' id='m${at}'><body>hi</body></message>`)
      await sam.expect(`<message type='error' id='m${at}'>${error('remote-server-not-found')}</message>`)
    }
    await leaveAll()
  })
})

describe('hosts', () => {
  test('the hooks of one see nothing of what is between accounts of the other', async () => {
    shown.main.clear()
    shown.second.clear()
    for (const domain of [first, added, second]) {
      const sam = await connect(`sam@${domain}/talk`)
      const sa = await connect(`sa@${domain}/talk`)
      sam.send('<presence/>')
      sa.send('<presence/>')
      sam.send(`<message to='sa@${domain}' type='chat'><body>psst</body></message>`)
      sam.send(`<presence to='samantha@${domain}' type='subscribe'/>`)
      sam.send(`<message to='samantha@${domain}' type='chat'><body>later</body></message>`)
      sam.send(`<iq type='get' id='i' to='${domain}'><query xmlns='jabber:iq:version'/></iq>`)
      await sam.settle()
      await sa.settle()
    }
    await leaveAll()
    const domainsOf = (seen: Set<string>) =>
      [...new Set([...seen].map((address) => tryParseJid(address)?.domain))].sort()
    // sam@x.test sees the sams of the other domains, who tell him where they are: the only words between hosts.
    const betweenHosts = [`sam@${first}`, `sam@${second}`]
    const ofSecond = new Set([...shown.second].filter((address) => !betweenHosts.includes(address)))
    const ofMain = new Set([...shown.main].filter((address) => !betweenHosts.includes(address)))
    expect(domainsOf(ofSecond)).toEqual([second])
    expect(domainsOf(ofMain)).toEqual([first, added])
    expect(ofMain.size).toBeGreaterThanOrEqual(5)
    expect(ofSecond.size).toBeGreaterThanOrEqual(2)
  })

  test('a service of one is not there on the other', async () => {
    const sam = await connect(`sam@${first}/asks`)
    const oracleAt = (to: string, id: string) =>
      sam.send(`<iq type='get' id='${id}' to='${to}'><oracle xmlns='urn:example:oracle'/></iq>`)
    oracleAt(second, '1')
    await sam.expect("<iq type='result' id='1'/>")
    oracleAt(first, '2')
    await sam.expect(`<iq type='error' id='2'>${error('service-unavailable')}</iq>`)
    oracleAt(added, '3')
    await sam.expect(`<iq type='error' id='3'>${error('service-unavailable')}</iq>`)
    oracleAt(`sa@${first}`, '4')
    await sam.expect(`<iq type='error' id='4'>${error('service-unavailable')}</iq>`)
    const other = await connect(`sam@${second}/asks`)
    const [main, two] = [server.host('main'), server.host('second')]
    const here = (host: typeof main) =>
      host
        .get(SessionsService)
        .list({ limit: 100 })
        .sessions.map((one) => one.jid.toString())
    expect(here(main)).toEqual([`sam@${first}/asks`])
    expect(here(two)).toEqual([`sam@${second}/asks`])
    expect(main.domains.list()).toEqual([first, added])
    other.cut()
    clients.splice(clients.indexOf(other), 1)
    await leaveAll()
  })

  test('commands of one know nothing of the domains of the other', async () => {
    const commands = server.host('second').get(CommandsService)
    await expect(commands.call('registered_users', { host: first })).rejects.toMatchObject({
      code: 'commands/not-found',
    })
    for (const account of [`sam@${first}`, `newcomer@${added}`]) {
      for (const [name, args] of [
        ['register', { account, password: 'secret' }],
        ['unregister', { account }],
        ['change_password', { account, password: 'secret' }],
      ] as const) {
        await expect(commands.call(name, args)).rejects.toMatchObject({ code: 'commands/not-found' })
      }
    }
    await connect(`sam@${first}/still`)
    await leaveAll()
  })
})

describe('domains come and go', () => {
  test('S-4 S-15 N-3: one that goes ends its sessions, tells their contacts, and nobody else notices', async () => {
    const watcher = await connect(`sam@${first}/watch`)
    const leaving = await connect(`sam@${added}/leave`)
    const bystander = await connect(`sam@${second}/stay`)
    for (const client of [watcher, leaving, bystander]) {
      client.send('<presence/>')
      await client.settle()
    }
    for (const client of [watcher, leaving, bystander]) await client.forget()
    await server.removeDomain(added)
    await leaving.find("<error xmlns='http://etherx.jabber.org/streams'/>")
    await leaving.expectEnd()
    await watcher.expect(`<presence from='sam@${added}/leave' type='unavailable'/>`)
    await watcher.expectNothing()
    await bystander.expectNothing()
    watcher.send(`<message to='sam@${added}' id='m'><body>hello?</body></message>`)
    await watcher.expect(`<message type='error' id='m'>${error('remote-server-not-found')}</message>`)
    leaving.cut()
    clients.splice(clients.indexOf(leaving), 1)
    const { client, server: end } = createPipe()
    end.attach(server.accept(end))
    const late = createWireClient({ transport: client }, { domain: added })
    const { features } = await late.open()
    expect(features.has('host-unknown', 'urn:ietf:params:xml:ns:xmpp-streams')).toBe(true)
    late.cut()
    await leaveAll()
  })

  test('what belongs to it is there when it comes back, also on another host', async () => {
    await server.addDomain(added, 'second')
    const sam = await connect(`sam@${added}/back`)
    sam.send(`<iq type='get' id='g'>${roster('')}</iq>`)
    await sam.find(
      `<iq type='result' id='g'><query xmlns='jabber:iq:roster'><item jid='friend-of-sam@${added}' name='sam of ${added}'/></query></iq>`,
    )
    sam.send(`<iq type='get' id='o' to='${added}'><oracle xmlns='urn:example:oracle'/></iq>`)
    await sam.expect("<iq type='result' id='o'/>")
    await leaveAll()
    await expect(server.addDomain(added, 'main')).rejects.toMatchObject({ code: 'server/domain-taken' })
  })
})

test('every row of every table belongs to one domain, and says so', async () => {
  await server?.close()
  const database = new Database(file, { readonly: true })
  const names = database.prepare("select name from sqlite_master where type = 'table'").all()
  const tables = names.map((row) => String((row as { name: unknown }).name))
  const owned = new Map<string, Map<string, number>>()
  for (const table of tables) {
    for (const row of database.prepare(`select * from "${table}"`).all() as Record<string, unknown>[]) {
      const owner = row.account ?? row.owner
      if (typeof owner !== 'string') continue
      const { domain } = parseJid(owner)
      expect(allDomains).toContain(domain)
      if ('domain' in row) expect(row.domain).toBe(domain)
      const counts = owned.get(table) ?? new Map<string, number>()
      owned.set(table, counts.set(domain, (counts.get(domain) ?? 0) + 1))
    }
  }
  database.close()
  const each = (count: number) => new Map(allDomains.map((domain) => [domain, count]))
  const rows = (table: string) => new Map([...(owned.get(table) ?? [])].sort())
  expect(rows('accounts')).toEqual(each(users.length))
  expect(rows('account_credentials')).toEqual(each(users.length))
  expect(rows('rosters')).toEqual(each(users.length))
  // One friend each, sam knows the other sams, and the sams asked the samanthas.
  for (const domain of allDomains) expect(rows('roster_items').get(domain)).toBeGreaterThanOrEqual(5)
  // samantha has not been back since sam wrote to her.
  expect(rows('offline_messages')).toEqual(each(1))
  expect(rows('last_activity').size).toBe(3)
})
