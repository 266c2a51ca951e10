import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Server } from '@xmppkit/server'
import { parseElement, type RawElement } from '@xmppkit/xml'
import { describe, expect, onTestFinished, test } from 'vitest'
import { databaseKinds, type TestDatabase } from './databases.js'
import { connect, fill, password, runJob, startServer, writeTo } from './scene.js'

const domains = ['one.test', 'two.test', 'xone.test', 'sub.one.test', 'else.test']
const users = ['sam', 'samantha']

async function start(database: TestDatabase): Promise<Server> {
  const server = await startServer({
    ...database.options,
    exports: { directory: join(database.folder, 'exports') },
  })
  onTestFinished(() => server.close())
  return server
}

async function opened(open: () => Promise<TestDatabase>): Promise<TestDatabase> {
  const database = await open()
  onTestFinished(() => database[Symbol.asyncDispose]())
  return database
}

/** Tenants whose names are parts of each other, with users alike, all of whom keep everything there is. */
async function furnished(database: TestDatabase): Promise<Server> {
  const server = await start(database)
  for (const domain of domains) await server.tenants.add(domain, { name: `name of ${domain}` })
  for (const domain of domains) {
    for (const user of users) {
      await server.commands.call('register', { account: `${user}@${domain}`, password })
      await fill(server, `${user}@${domain}`)
    }
  }
  for (const domain of domains) {
    for (const user of users) await writeTo(server, 'sam@else.test', `${user}@${domain}`)
  }
  return server
}

const isOf = (domain: string) => new RegExp(`(^|[^a-z.])${domain.replaceAll('.', '\\.')}`)
const exported = (database: TestDatabase, name: string) =>
  readFile(join(database.folder, 'exports', `${name}.xml`), 'utf8')

/** An export without what is another each time: the age of last activity is not in it, ids of archives are kept. */
const exportOf = async (server: Server, database: TestDatabase, domain: string) => {
  expect(await runJob(server, 'export_domain', { domain })).toMatchObject({ state: 'finished' })
  return exported(database, domain)
}

describe.each(await databaseKinds())('%s', (_, open) => {
  test('E-17: erasing a domain leaves no row of it in any table, and all of the others', async () => {
    const database = await opened(open)
    const server = await furnished(database)
    await server.close()
    const before = await database.rows()
    const tablesOf = (rows: typeof before, domain: string) =>
      [...rows].filter(([, all]) => all.some((row) => isOf(domain).test(row))).map(([table]) => table)
    // Everything there is to erase is there, or the test would prove nothing: new tables belong into `fill`, or here.
    const unused = ['log_entries', 'outbox_events', 'outbox_leases']
    expect(tablesOf(before, 'one.test').sort()).toEqual(
      [...before.keys()].filter((table) => !unused.includes(table)).sort(),
    )

    const again = await start(database)
    expect(
      await again.commands.call('erase_domain_batch', { domain: 'one.test' }, { dryRun: true }),
    ).toMatchObject({
      state: 'planned',
      done: users.length,
    })
    const ended = await runJob(again, 'erase_domain', { domain: 'one.test' }, { batchSize: 3 })
    expect(ended).toMatchObject({ state: 'finished' })
    expect(again.host().domains.has('one.test')).toBe(false)
    await again.close()
    const after = await database.rows()
    // Others may remember to whom they wrote: that is theirs. What belonged to it is gone.
    const ownersIn = (rows: typeof before) =>
      [...rows].flatMap(([table, all]) =>
        all.filter((row) => isOwnedBy(row, 'one.test')).map((row) => `${table}: ${row}`),
      )
    expect(ownersIn(after)).toEqual([])
    for (const domain of domains.slice(1)) {
      const kept = (rows: typeof before) =>
        new Map([...rows].map(([table, all]) => [table, all.filter((row) => isOwnedBy(row, domain)).length]))
      const had = kept(before)
      for (const [table, count] of kept(after)) {
        // sam@else.test is no contact of those any more, and has heard of it.
        if (domain !== 'else.test') expect([table, count]).toEqual([table, had.get(table)])
      }
    }
    const restarted = await start(database)
    expect(restarted.host().domains.list()).toEqual(['fixed.test', ...domains.slice(1).sort()])
    await connect(restarted, 'sam@xone.test/r')
    await expect(connect(restarted, 'sam@one.test/r')).rejects.toThrow()
  })

  test('E-17: exported, erased and imported again, a domain is as it was', async () => {
    const database = await opened(open)
    const server = await furnished(database)
    const first = await exportOf(server, database, 'one.test')
    for (const wanted of [
      "<host jid='one.test'>",
      "<user name='sam'>",
      'scram-credentials',
      'SCRAM-SHA-1',
      'jabber:iq:roster',
      'vcard-temp',
      'jabber:iq:private',
      'offline-messages',
      'urn:xmpp:pie:0#mam',
      'urn:xmpp:blocking',
      'type="subscribe"',
      'push-registration',
      'last-activity',
      'jabber:x:expire',
    ]) {
      expect(first).toContain(wanted)
    }
    expect(first).not.toContain('two.test')
    await runJob(server, 'erase_domain', { domain: 'one.test' })
    await server.tenants.add('one.test', { name: 'name of one.test' })
    expect(await exportOf(server, database, 'one.test')).not.toContain('<user')
    await writeFile(join(database.folder, 'exports', 'saved.xml'), first)
    expect(await runJob(server, 'import_data', { file: 'saved.xml', domain: 'one.test' })).toMatchObject({
      state: 'finished',
      done: users.length,
    })
    const second = await exportOf(server, database, 'one.test')
    expect(meaningOf(second)).toEqual(meaningOf(first))
    // With the password as before; and a second time nothing is touched.
    await (await connect(server, 'sam@one.test/r')).close()
    const present = await exportOf(server, database, 'one.test')
    expect(await runJob(server, 'import_data', { file: 'saved.xml' })).toMatchObject({
      state: 'finished',
      done: 0,
    })
    expect(await exportOf(server, database, 'one.test')).toBe(present)
  })
})

/** An export without how it is written: prefixes, quotes, order of attributes. */
function meaningOf(text: string): unknown {
  const meaning = (element: RawElement): unknown => ({
    name: `{${element.ns}}${element.name}`,
    attributes: element.attributes
      .filter(([name]) => !name.startsWith('xmlns'))
      .map(String)
      .sort(),
    text: element.text().trim(),
    children: element.children.map((_, at) => meaning(element.childAt(at))),
  })
  return meaning(parseElement(text.slice(text.indexOf('<server-data'))))
}

/** Whether a row belongs to an account of a domain, or to the domain: it begins with it, behind what names the row or the store. */
function isOwnedBy(row: string, domain: string): boolean {
  const columns = row.split('\t')
  return (
    columns.some((column) => column === domain || users.some((user) => column === `${user}@${domain}`)) &&
    !isAboutOnly(columns, domain)
  )
}

// A contact in somebody else's roster, or whom somebody's message was with.
function isAboutOnly(columns: readonly string[], domain: string): boolean {
  const addresses = columns.filter((column) => /^(sam|samantha)@[a-z.]+$/.test(column))
  return addresses.length > 1 && !addresses[0]!.endsWith(`@${domain}`)
}

const [, openDatabase] = (await databaseKinds())[0]!

test('E-17: erasing an account ends its sessions and leaves nothing of it, with its name free again', async () => {
  const database = await opened(openDatabase)
  const server = await furnished(database)
  const sam = await connect(server, 'sam@one.test/r')
  const samantha = await connect(server, 'samantha@one.test/r')
  expect(
    await server.commands.call('erase_user_batch', { account: 'sam@one.test' }, { dryRun: true }),
  ).toMatchObject({
    done: 1,
  })
  expect(await runJob(server, 'erase_user', { account: 'sam@one.test' }, { batchSize: 1 })).toMatchObject({
    state: 'finished',
    // Four messages to oneself and others, one that came, and the account.
    done: 6,
  })
  await sam.find("<error xmlns='http://etherx.jabber.org/streams'/>")
  await samantha.expectNothing()
  await expect(connect(server, 'sam@one.test/r')).rejects.toThrow('not-authorized')
  expect(await runJob(server, 'export_user', { account: 'samantha@one.test' })).toMatchObject({
    state: 'finished',
  })
  expect(await exported(database, 'samantha@one.test')).toContain("<user name='samantha'>")
  await server.commands.call('register', { account: 'sam@one.test', password })
  await runJob(server, 'export_user', { account: 'sam@one.test' })
  const text = await exported(database, 'sam@one.test')
  for (const gone of ['friend', 'vCard', 'notes', 'message', 'push', 'blocklist', 'last-activity']) {
    expect(text).not.toContain(gone)
  }
})

test('E-17: an export is readable by its owner only, complete or not there, and never outside its folder', async () => {
  const database = await opened(openDatabase)
  const server = await furnished(database)
  const folder = join(database.folder, 'exports')
  await exportOf(server, database, 'one.test')
  expect((await stat(join(folder, 'one.test.xml'))).mode & 0o777).toBe(0o600)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  // One that was aborted leaves what was there before.
  const before = await exported(database, 'one.test')
  await server.commands.call('export_domain_batch', { domain: 'one.test', batchSize: 1, ratePerMinute: 1 })
  expect(await server.commands.call('abort_export_domain', { domain: 'one.test' })).toBeDefined()
  await expect
    .poll(() => server.commands.call('export_domain_status', { domain: 'one.test' }))
    .toMatchObject({ state: 'aborted' })
  await expect.poll(() => readdir(folder)).toEqual(['one.test.xml'])
  expect(await exported(database, 'one.test')).toBe(before)
  for (const file of ['../server.sqlite', '/etc/passwd', '..', '', 'nothing.xml', 'a\\b']) {
    expect(
      await runJob(server, 'import_data', { file }).catch(({ code }) => ({ state: code as string })),
    ).toMatchObject({
      state: expect.stringMatching(/failed|commands/),
    })
  }
})

test('E-17: without a folder nothing is exported, but it can be erased', async () => {
  const server = await startServer({})
  onTestFinished(() => server.close())
  await expect(server.commands.call('export_domain_batch', { domain: 'fixed.test' })).rejects.toMatchObject({
    code: 'commands/unknown',
  })
  await server.commands.call('register', { account: 'sam@fixed.test', password })
  await fill(server, 'sam@fixed.test')
  expect(await runJob(server, 'erase_domain', { domain: 'fixed.test' })).toMatchObject({ state: 'finished' })
  await server.addDomain('fixed.test')
  expect(await server.commands.call('registered_users', { host: 'fixed.test' })).toEqual([])
})
