import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ArchiveStoreService } from '@xmppkit/archive/module'
import { AccountStoreService } from '@xmppkit/auth/module'
import { LastActivityStoreService } from '@xmppkit/basics/module'
import { BlocklistStoreService } from '@xmppkit/blocking/module'
import { DiscoService } from '@xmppkit/disco/module'
import { FastTokenStoreService } from '@xmppkit/fast/module'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { OfflineStoreService } from '@xmppkit/offline/module'
import { PushStoreService } from '@xmppkit/push/module'
import { RosterStoreService } from '@xmppkit/roster/module'
import type { Server } from '@xmppkit/server'
import { StorageService } from '@xmppkit/storage/module'
import { expect, onTestFinished, test } from 'vitest'
import { databaseKinds } from './databases.js'
import { connect, password, runJob, startServer } from './scene.js'

const tenants = Array.from({ length: 1000 }, (_, n) => `t${n}.test`)
const now = 1_700_000_000_000
const user = (domain: string): BareJid => parseJid(`sam@${domain}`).bare

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function heapUsed(): Promise<number> {
  for (let turn = 0; turn < 4; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}

test('E-14: a thousand tenants take less than 2 KiB each, added by command to a running server', async () => {
  const server = await startServer({})
  onTestFinished(() => server.close())
  const add = async (from: number, to: number) => {
    for (const domain of tenants.slice(from, to)) {
      await server.commands.call('add_domain', {
        domain,
        name: `Tenant ${domain}`,
        contacts: [{ role: 'abuse', uri: `mailto:abuse@${domain}` }],
        maxAccounts: 100,
        maxSessions: 100,
        maxStanzasPerSecond: 100,
        maxArchiveDays: 30,
      })
    }
  }
  await add(0, 500) // what the first ones make hot is not theirs
  const before = await heapUsed()
  await add(500, 1000)
  const perTenant = ((await heapUsed()) - before) / 500
  expect(server.host().domains.list()).toHaveLength(1001)
  expect(perTenant).toBeLessThan(2048)
})

/** All stores of a server, each as a way to keep something of a tenant's, and to tell what it keeps. */
function storesOf(server: Server) {
  const host = server.host()
  const of = {
    accounts: host.get(AccountStoreService),
    rosters: host.get(RosterStoreService),
    offline: host.get(OfflineStoreService),
    archive: host.get(ArchiveStoreService),
    activity: host.get(LastActivityStoreService),
    push: host.get(PushStoreService),
    blocklists: host.get(BlocklistStoreService),
    tokens: host.get(FastTokenStoreService),
    values: host.get(StorageService).keyValue('vcard'),
    log: host.get(StorageService).log('any'),
  }
  const contact = parseJid('friend@else.test').bare
  const fill = async (domain: string) => {
    const account = user(domain)
    const item = {
      subscription: 'both',
      pendingOut: false,
      pendingIn: false,
      approved: false,
      listed: true,
    } as const
    await Promise.all([
      of.accounts.create(account, { id: `id of ${domain}`, createdAt: now, scram: [] }),
      of.rosters.update(account, contact, () => ({ jid: contact, name: domain, groups: [], ...item })),
      of.offline.append(account, { stanza: `<message>${domain}</message>`, receivedAt: now }, 10),
      of.archive.append(account, [
        {
          id: domain,
          with: contact,
          direction: 'sent',
          kind: 'chat',
          stanza: `<message>${domain}</message>`,
          at: now,
        },
      ]),
      of.archive.setPreferences(account, { default: 'always', always: [parseJid(`x@${domain}`)], never: [] }),
      of.activity.set(account, { at: now, status: domain }),
      of.push.enable(account, { service: domain, node: '', client: '', enabledAt: now }, 10),
      of.blocklists.add(account, [parseJid(`enemy@${domain}`)], 10),
      of.tokens.issue(
        account,
        domain,
        { id: `token of ${domain}`, mechanism: '', issuedAt: now, expiresAt: now * 2, count: 0 },
        {},
        10,
      ),
      of.values.set(account.toString(), 'vcard', domain),
      of.log.append(domain, { value: domain, at: now }),
    ])
  }
  const kept = async (domain: string) => {
    const account = user(domain)
    const page = { limit: 10, now }
    return {
      account: (await of.accounts.get(account))?.id,
      users: [await of.accounts.list(domain, { limit: 10 }), await of.accounts.count(domain)],
      roster: (await of.rosters.load(account)).items.map(({ name }) => name),
      offline: (await of.offline.list(account, page)).map(({ stanza }) => stanza),
      archive: (
        (await of.archive.page(account, { limit: 10 })) as {
          readonly messages: readonly { readonly id: string }[]
        }
      ).messages.map(({ id }) => id),
      preferences: (await of.archive.preferences(account))?.always.map(String),
      old: await of.archive.countOlder({ domain, before: now + 1 }),
      activity: (await of.activity.get(account))?.status,
      push: [(await of.push.list(account)).map(({ service }) => service), await of.push.count(domain)],
      blocked: [...(await of.blocklists.load(account))].map(String),
      tokens: (await of.tokens.list(account)).map(({ client }) => client),
      values: (await of.values.list(account.toString(), { limit: 10 })).map(({ value }) => value),
      log: (await of.log.read(domain, page)).map(({ value }) => value),
      accounts: await Promise.all(
        [of.rosters, of.archive, of.activity, of.push, of.blocklists, of.tokens].map((store) =>
          store.accounts?.(domain, { limit: 10 }),
        ),
      ),
    }
  }
  return { fill, kept }
}

const nothing = {
  account: undefined,
  users: [[], 0],
  roster: [],
  offline: [],
  archive: [],
  preferences: undefined,
  old: 0,
  activity: undefined,
  push: [[], 0],
  blocked: [],
  tokens: [],
  values: [],
  log: [],
  accounts: Array(6).fill([]),
}
const everything = (domain: string) => ({
  account: `id of ${domain}`,
  users: [['sam'], 1],
  roster: [domain],
  offline: [`<message>${domain}</message>`],
  archive: [domain],
  preferences: [`x@${domain}`],
  old: 1,
  activity: domain,
  push: [[domain], 1],
  blocked: [`enemy@${domain}`],
  tokens: [domain],
  values: [domain],
  log: [domain],
  accounts: Array(6).fill([`sam@${domain}`]),
})

test.each(await databaseKinds())(
  'E-14: on %s, of a thousand tenants none sees another, in no store, no command, and not in disco',
  async (_, open) => {
    const database = await open()
    onTestFinished(() => database[Symbol.asyncDispose]())
    const server = await startServer(database.options)
    onTestFinished(() => server.close())
    const { fill, kept } = storesOf(server)
    for (const [n, domain] of tenants.entries()) {
      await server.commands.call('add_domain', { domain, name: `name of ${domain}` })
      if (n % 2 === 0) await fill(domain)
    }
    const disco = server.host().get(DiscoService)
    for (const [n, domain] of tenants.entries()) {
      expect(await kept(domain)).toEqual(n % 2 === 0 ? everything(domain) : nothing)
      const asked = { target: 'server', from: parseJid(`nobody@${domain}/r`), to: parseJid(domain) } as const
      expect((await disco.info(asked)).identities).toEqual([
        { category: 'server', type: 'im', name: `name of ${domain}` },
      ])
      expect(await disco.items(asked)).toEqual([])
      const called = (name: string) => server.commands.call(name, { host: domain })
      expect(await called('registered_users')).toEqual(n % 2 === 0 ? ['sam'] : [])
      expect(await called('connected_users')).toEqual([])
      expect(await server.commands.call('get_mam_count', { account: `sam@${domain}` })).toBe(
        n % 2 === 0 ? 1 : 0,
      )
      expect(await server.commands.call('get_offline_count', { account: `sam@${domain}` })).toBe(
        n % 2 === 0 ? 1 : 0,
      )
    }
    await erased(server, kept)
  },
  300_000,
)

async function erased(server: Server, kept: (domain: string) => Promise<object>): Promise<void> {
  const [gone, ...others] = ['t10.test', 't1.test', 't100.test', 't0.test', 't12.test'] as const
  await server.commands.call('register', { account: `watcher@${others[1]}`, password })
  const watcher = await connect(server, `watcher@${others[1]}/r`)
  expect(await runJob(server, 'erase_domain', { domain: gone })).toMatchObject({ state: 'finished' })
  // The log is nobody's: who owns one erases it.
  expect(await kept(gone)).toEqual({ ...nothing, log: [gone] })
  expect(await kept(others[2])).toEqual(everything(others[2]))
  expect(await kept(others[3])).toEqual(everything(others[3]))
  expect(await kept(others[0])).toEqual(nothing)
  watcher.send(
    `<iq type='get' id='i' to='${gone}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
  )
  await watcher.expect("<iq type='error' id='i'/>")
  await watcher.close()
}
