import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FastTokenStoreService } from '@xmppkit/fast/module'
import { parseJid } from '@xmppkit/jid'
import { createServer, type Server, type ServerOptions } from '@xmppkit/server'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'

export const password = 'secret'
const cheap = { hashes: ['SHA-1'], iterations: 4096 } as const

/** A folder for one test, gone with it. */
export async function testFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'xmppkit-tenants-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A server whose accounts cost little. */
export function startServer(options: Partial<ServerOptions>): Promise<Server> {
  return createServer({ domains: ['fixed.test'], accounts: cheap, ...options })
}

export async function connect(server: Server, address: string): Promise<WireClient> {
  const jid = parseJid(address)
  const { client, server: end } = createPipe()
  end.attach(server.accept(end))
  const connected = createWireClient({ transport: client }, { domain: jid.domain })
  await connected.login({ username: jid.local, password, resource: jid.resource })
  return connected
}

const vcard = (name: string) =>
  `<vCard xmlns='vcard-temp'><FN>${name}</FN><NOTE>a &lt;b&gt; "c" ü \u{1F469}</NOTE></vCard>`
const notes = (name: string) =>
  `<query xmlns='jabber:iq:private'><x:notes xmlns:x='urn:example' x:of='${name}'>&amp;<x:one/></x:notes></query>`
const publishOptions = 'http://jabber.org/protocol/pubsub#publish-options'
const pushForm = `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${publishOptions}</value></field><field var='secret'><value>s</value></field></x>`
const enable = (name: string) =>
  `<enable xmlns='urn:xmpp:push:0' jid='push.example' node='${name}'>${pushForm}</enable>`
const item = (jid: string, name: string, groups = '') =>
  `<query xmlns='jabber:iq:roster'><item jid='${jid}' name='${name}'>${groups}</item></query>`

/** Lets an account keep something of every kind there is, by way of a client. */
export async function fill(server: Server, account: string): Promise<void> {
  const client = await connect(server, `${account}/fill`)
  const sets = [
    vcard(account),
    notes(account),
    enable(account),
    item('friend@else.test', `friend of ${account}`, '<group>Friends</group><group>A &amp; B</group>'),
    item('other@else.test', 'other'),
    item('nobody@else.test', 'soon removed'),
    "<query xmlns='jabber:iq:roster'><item jid='nobody@else.test' subscription='remove'/></query>",
    `<block xmlns='urn:xmpp:blocking'><item jid='enemy@else.test'/><item jid='else.test/bot'/></block>`,
    `<prefs xmlns='urn:xmpp:mam:2' default='always'><always><jid>friend@else.test</jid></always><never><jid>bot@else.test</jid></never></prefs>`,
  ]
  for (const [at, payload] of sets.entries()) {
    client.send(`<iq type='set' id='s${at}'>${payload}</iq>`)
    await client.find(`<iq type='result' id='s${at}'/>`)
  }
  client.send('<presence/>')
  client.send(`<presence to='friend@else.test' type='subscribe'/>`)
  client.send(`<presence to='approved@else.test' type='subscribed'/>`)
  for (const id of ['1', '2']) {
    client.send(
      `<message to='friend@else.test' type='chat' id='${id}'><body>${account} says ${id}</body></message>`,
    )
    client.send(`<message to='${account}/fill' type='chat'><body>to myself ${id}</body></message>`)
  }
  client.send(`<presence type='unavailable'><status>gone, ${account}</status></presence>`)
  await client.settle()
  await client.close()
  await giveToken(server, account)
}

/** A client logged in with a token before. */
async function giveToken(server: Server, account: string): Promise<void> {
  const { bare } = parseJid(account)
  const host = [...server.hosts.values()].find(({ domains }) => domains.has(bare.domain))
  const token = {
    mechanism: 'HT-SHA-256-EXPR',
    issuedAt: Date.now(),
    expiresAt: Date.now() + 86_400_000,
    count: 0,
  }
  await host
    ?.get(FastTokenStoreService)
    .issue(bare, 'client', { id: `token of ${account}`, ...token }, {}, 10)
}

/** A message and a subscription request from somebody, for an account that is away, and has read the message elsewhere. */
export async function writeTo(server: Server, from: string, account: string): Promise<void> {
  const client = await connect(server, `${from}/write`)
  client.send(
    `<message to='${account}' type='chat' id='w'><body>hello ${account}</body><x xmlns='jabber:x:expire' seconds='86400'/></message>`,
  )
  client.send(`<presence to='${account}' type='subscribe' id='please'><status>me</status></presence>`)
  await client.settle()
  await client.close()
  await server.commands.call('mark_conversation_read', { account, with: from })
}

/** Runs a job by its command, to the end. */
export async function runJob(
  server: Server,
  name: string,
  args: object,
  pace: { readonly batchSize?: number } = {},
): Promise<{ state: string; done: number }> {
  await server.commands.call(`${name}_batch`, { ...args, ratePerMinute: 1_000_000_000, ...pace })
  for (;;) {
    const status = (await server.commands.call(`${name}_status`, args)) as { state: string; done: number }
    if (status.state !== 'running') return status
    await new Promise((resolve) => setImmediate(resolve))
  }
}
