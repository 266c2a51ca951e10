import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { sessionClosed } from '@xmppkit/sessions'
import { message, NS } from '@xmppkit/stanza'
import type { WireClient } from '@xmppkit/testing'
import Database from 'libsql'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { inMemory, type Place } from '../wire/ways.js'

const domain = 'capulet.test'
const romeo = `romeo@${domain}`

let folder: string
let place: Place

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-anonymous-'))
  place = await inMemory.open({
    domains: [domain],
    storage: { path: join(folder, 'server.sqlite') },
    sasl: { mechanisms: ['ANONYMOUS'] },
  })
  await place.server.commands.call('register', { account: romeo, password: 'r0m30' })
})
afterEach(async () => {
  await place[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** Somebody without a name logs in. */
async function enter(): Promise<{ client: WireClient; account: string }> {
  const client = place.dial(domain)
  await client.open()
  client.send(`<auth xmlns='${NS.sasl}' mechanism='ANONYMOUS'/>`)
  await client.expect(`<success xmlns='${NS.sasl}'/>`)
  await client.open()
  client.send(`<iq type='set' id='bind'><bind xmlns='${NS.bind}'/></iq>`)
  const bound = (await client.receive()).child('bind', NS.bind)
  return { client, account: parseJid(bound?.childText('jid', NS.bind) ?? '').bare.toString() }
}

/** Everything an account can keep, and traces with others. */
const traces = [
  `<iq type='set' id='1'><query xmlns='${NS.roster}'><item jid='nurse@${domain}'/></query></iq>`,
  `<iq type='set' id='2'><vCard xmlns='vcard-temp'><FN>Nobody</FN></vCard></iq>`,
  `<iq type='set' id='3'><query xmlns='jabber:iq:private'><notes xmlns='urn:example'/></query></iq>`,
  `<iq type='set' id='4'><block xmlns='${NS.blocking}'><item jid='tybalt@${domain}'/></block></iq>`,
  `<iq type='set' id='5'><enable xmlns='urn:xmpp:push:0' jid='push.test' node='n'/></iq>`,
  `<iq type='set' id='6'><prefs xmlns='${NS.mam}' default='never'/></iq>`,
  `<presence type='subscribe' to='${romeo}'/>`,
  `<message type='chat' id='m' to='${romeo}'><body>hello</body></message>`,
]

/** Every table with something that belongs to an account. */
function tablesOf(account: string): string[] {
  const database = new Database(join(folder, 'server.sqlite'))
  try {
    const names = (query: string) =>
      (database.prepare(query).all() as { name: string }[]).map(({ name }) => name)
    return names("SELECT name FROM sqlite_master WHERE type = 'table'").flatMap((name) => {
      const owner = names(`PRAGMA table_info("${name}")`).find((column) =>
        ['account', 'owner'].includes(column),
      )
      if (owner === undefined) return []
      const rows = database.prepare(`SELECT 1 FROM "${name}" WHERE ${owner} = ?`).all(account)
      return rows.length > 0 ? [name] : []
    })
  } finally {
    database.close()
  }
}

test('A-18: nothing of an anonymous account outlives its session, and others keep what it wrote to them', async () => {
  const { server } = place
  const { client, account } = await enter()
  client.send(`<enable xmlns='${NS.streamManagement}' resume='true'/>`)
  await client.expect(`<enabled xmlns='${NS.streamManagement}'/>`)
  client.send('<presence/>')
  for (const trace of traces) client.send(trace)
  client.send("<iq type='get' id='done'><ping xmlns='urn:xmpp:ping'/></iq>")
  while ((await client.receive()).attr('id') !== 'done');
  expect(tablesOf(account).length).toBeGreaterThan(4)

  const over = new Promise<void>((resolve) => {
    server.host().hooks.on(sessionClosed, () => resolve(), { seq: 1000 })
  })
  client.send(`<r xmlns='${NS.streamManagement}'/>`)
  await server.commands.call('kick_user', { account })
  await over
  const late = message({ from: `${romeo}/r`, to: account, type: 'chat', id: 'late', body: 'are you there?' })
  await server.route(late)
  await place[Symbol.asyncDispose]()
  expect(tablesOf(account)).toEqual([])
  expect(tablesOf(romeo)).toEqual(
    expect.arrayContaining(['accounts', 'archive_messages', 'offline_messages']),
  )
})
