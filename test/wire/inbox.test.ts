import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AccountsService } from '@xmppkit/auth/module'
import { parseJid } from '@xmppkit/jid'
import type { ServerOptions } from '@xmppkit/server'
import { message } from '@xmppkit/stanza'
import type { WireClient } from '@xmppkit/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { inMemory, type Place, ways } from './ways.js'

const domain = 'capulet.test'
const password = 'jul1et'
const juliet = `juliet@${domain}`
const inbox = "xmlns='urn:xmpp:inbox:1'"
const overTcp = ways.find(({ name }) => name === 'over TCP')!
let place: Place | undefined
let folder: string | undefined
afterEach(async () => {
  await place?.[Symbol.asyncDispose]()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  place = undefined
  folder = undefined
})

async function login(resource: string): Promise<WireClient> {
  if (place === undefined) throw new Error('there is no server')
  const accounts = place.server.host().get(AccountsService)
  const account = parseJid(juliet).bare
  if (!(await accounts.exists(account))) await accounts.register(account, password)
  const client = place.dial(domain)
  await client.login({ username: 'juliet', password, resource })
  return client
}

/** Somebody elsewhere writes to Juliet; the id is the body. */
async function says(name: string, id: string): Promise<void> {
  const to = parseJid(juliet).bare
  await place?.server.route(message({ from: `${name}@verona.test/x`, to, type: 'chat', id, body: id }))
}

/** A page: names with unread messages, ends, totals and how many there are. */
async function ask(client: WireClient, set = '', attributes = '') {
  const part = `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`
  client.send(`<iq type='get' id='q'><inbox ${inbox} ${attributes}>${part}</inbox></iq>`)
  const entries: string[] = []
  for (;;) {
    const raw = await client.receive()
    const text = raw.toElement().toString()
    const entry = raw.child('entry', 'urn:xmpp:inbox:1')
    if (entry) entries.push(`${entry.attr('jid')?.split('@')[0]} ${entry.attr('unread')}`)
    // Errors come too, for nobody serves the domain of those she answers.
    if (raw.name !== 'iq') continue
    const part = (pattern: RegExp) => pattern.exec(text)?.[1] ?? ''
    const totals = ['total', 'unread', 'all-unread'].map((name) => part(new RegExp(` ${name}="(\\d+)"`)))
    return {
      entries,
      totals: totals.join(' '),
      first: part(/<first[^>]*>(.*?)</),
      last: part(/<last>(.*?)</),
      count: part(/<count>(\d+)</),
    }
  }
}

const displayed = (name: string, id: string) =>
  `<message to='${name}@verona.test' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='${id}'/></message>`

const inSqlite = async (): Promise<Partial<ServerOptions>> => {
  folder ??= await mkdtemp(join(tmpdir(), 'xmppkit-inbox-'))
  return { storage: { path: join(folder, 'test.sqlite') } }
}

describe.each([
  ['in memory', inMemory, async () => ({})],
  ['in SQLite', inMemory, inSqlite],
  ['in SQLite, over TCP', overTcp, inSqlite],
] as const)('an inbox %s', (_, way, settings) => {
  test('INBOX-3: 300 conversations are read page by page, both ways, while others come to life', async () => {
    place = await way.open(await settings())
    const client = await login('balcony')
    const names = Array.from({ length: 300 }, (_, n) => `p${n}`)
    for (const name of names) await says(name, `${name}-1`)
    const newestFirst = names.toReversed().map((name) => `${name} 1`)
    const forwards: string[] = []
    for (let after = ''; forwards.length < 300; ) {
      const page = await ask(client, `<max>70</max>${after}`)
      expect([page.entries.length, page.count]).toEqual([
        Math.min(70, 300 - forwards.length),
        String(300 + forwards.length / 70),
      ])
      forwards.push(...page.entries)
      after = `<after>${page.last}</after>`
      await says(`new${forwards.length}`, 'hi')
    }
    expect(forwards).toEqual(newestFirst)
    const backwards: string[] = []
    for (let before = ''; ; ) {
      const page = await ask(client, `<max>100</max><before>${before}</before>`, "messages='false'")
      backwards.unshift(...page.entries)
      before = page.first
      if (page.entries.length < 100) break
    }
    expect(backwards.slice(-300)).toEqual(newestFirst)
    expect(backwards).toHaveLength(305)
  })

  test('INBOX-4: every message that was delivered is counted, and every marker that was sent, in the next request', async () => {
    place = await way.open(await settings())
    const [balcony, phone] = [await login('balcony'), await login('phone')]
    for (let n = 1; n <= 20; n += 1) {
      await says('romeo', `m${n}`)
      expect((await ask(balcony)).entries).toEqual([`romeo ${n <= 10 ? n : 1}`])
      if (n < 10) continue
      phone.send(displayed('romeo', `m${n}`))
      expect((await ask(phone)).entries).toEqual(['romeo 0'])
      expect((await ask(balcony)).totals).toBe('1 0 0')
    }
  })
})

test('INBOX-5 INBOX-6: counts are the same after a restart, and the next account of a name starts from nothing', async () => {
  place = await inMemory.open(await inSqlite())
  let client = await login('balcony')
  for (let n = 1; n <= 5; n += 1) await says('romeo', `m${n}`)
  client.send(displayed('romeo', 'm2'))
  expect((await ask(client)).entries).toEqual(['romeo 3'])
  await place.server.close()
  place = await inMemory.open(await inSqlite())
  client = await login('balcony')
  expect((await ask(client)).entries).toEqual(['romeo 3'])
  await says('romeo', 'm6')
  expect((await ask(client)).entries).toEqual(['romeo 4'])
  const { call } = place.server.commands
  expect(await call('get_unread_count', { account: juliet })).toMatchObject({ unread_messages: 4 })
  await call('remove_mam_for_user', { account: juliet })
  expect((await ask(client)).totals).toBe('0 0 0')
  await says('romeo', 'm7')
  await call('unregister', { account: juliet })
  client = await login('new')
  expect((await ask(client)).totals).toBe('0 0 0')
  await says('romeo', 'm8')
  expect((await ask(client)).entries).toEqual(['romeo 1'])
})

test.each([
  ['inboxes', { inbox: { enabled: false } }],
  ['archives', { archive: { enabled: false } }],
] as const)('without %s nothing of it is there', async (_, settings) => {
  place = await inMemory.open(settings)
  const client = await login('balcony')
  client.send(`<iq type='get' id='q'><inbox ${inbox}/></iq>`)
  await client.expect(
    "<iq type='error' id='q'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
  )
  const names = place.server.commands.list().map(({ name }) => name)
  expect(names.filter((name) => /inbox|unread/.test(name))).toEqual([])
})
