import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWireClient, socketTransport, type WireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRandom } from '../fuzz/mutate.js'
import { type ServerProcess, startServer } from '../process/server-process.js'

const rounds = 6
const seed = Number(process.env.XMPPKIT_CRASH_SEED ?? Math.floor(performance.timeOrigin % 1_000_000))
const domain = 'crash.test'
const password = 'a password of many words'
const flags = [
  ['--domain', domain],
  ['--tls-port', 'none'],
  ['--allow-plaintext', '--allow-registration'],
  ['--max-registrations-per-address', '100'],
  ['--set', 'accounts.iterations=4096'],
  ['--set', 'accounts.hashes=["SHA-1"]'],
].flat()

let data: string
let server: ServerProcess | undefined

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'xmppkit-inbox-crash-'))
})

afterAll(async () => {
  await server?.kill()
  await rm(data, { recursive: true, force: true })
})

function dial({ port }: ServerProcess): WireClient {
  const transport = socketTransport(connect({ host: '127.0.0.1', port, noDelay: true }))
  return createWireClient({ transport }, { domain, timeoutMs: 30_000 })
}

async function register(process: ServerProcess, username: string): Promise<void> {
  const client = dial(process)
  await client.open()
  client.send(
    `<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${username}</username><password>${password}</password></query></iq>`,
  )
  await client.expect("<iq type='result' id='r'/>")
  client.cut()
}

async function login(process: ServerProcess, username: string): Promise<WireClient> {
  const client = dial(process)
  await client.login({ username, password, resource: 'r' })
  return client
}

/** The ids of bob's messages in the archive, in its order. */
async function archived(alice: WireClient): Promise<string[]> {
  const ids: string[] = []
  let after = ''
  for (;;) {
    alice.send(
      `<iq type='set' id='a'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'>${after}</set></query></iq>`,
    )
    for (;;) {
      const text = (await alice.receive()).toElement().toString()
      const own = /<message[^>]* id="(m\d+)"/.exec(text)?.[1]
      if (own !== undefined) ids.push(own)
      if (!text.startsWith('<iq')) continue
      if (text.includes('complete="true"')) return ids
      after = `<after>${/<last>(.*?)</.exec(text)?.[1]}</after>`
      break
    }
  }
}

async function unread(alice: WireClient): Promise<number> {
  alice.send("<iq type='get' id='i'><inbox xmlns='urn:xmpp:inbox:1' messages='false'/></iq>")
  const fin = (await alice.find("<iq type='result' id='i'/>")).child('fin', 'urn:xmpp:inbox:1')
  return Number(fin?.attr('all-unread'))
}

/** What alice has said she has read, in order, and how much of that the server has confirmed. */
const marked: string[] = []
let confirmed = 0
let number = 0

/** Bob writes and alice reads, until the server is killed in the middle of it. */
async function talk(process: ServerProcess, random: (below: number) => number): Promise<void> {
  const [alice, bob] = [await login(process, 'alice'), await login(process, 'bob')]
  alice.send('<presence/>')
  await alice.find('<presence/>')
  const write = () => {
    number += 1
    bob.send(`<message to='alice@${domain}' type='chat' id='m${number}'><body>${number}</body></message>`)
  }
  let heard = 0
  const read = () => {
    // One marks what one has got.
    const id = `m${Math.max(1, heard - random(6))}`
    marked.push(id)
    alice.send(
      `<message to='bob@${domain}' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='${id}'/></message>`,
    )
  }
  for (const last = number + 5 + random(20); number < last; ) {
    write()
    await alice.find(`<message id='m${number}'/>`)
    heard = number
    if (random(2) === 0) continue
    read()
    if (random(2) === 0) continue
    await alice.settle()
    confirmed = marked.length
  }
  const first = number + 1
  const burst = 2 + random(20)
  for (let n = 0; n < burst; n += 1) {
    write()
    if (random(3) === 0) read()
  }
  // Some of it has happened then, and some has not.
  await alice.find(`<message id='m${first + random(burst)}'/>`)
  await process.kill()
  alice.cut()
  bob.cut()
}

test(`INBOX-5: whenever the server is killed, what is unread is what the archive holds behind the marker; seed ${seed}`, async () => {
  const random = createRandom(seed)
  server = await startServer(data, flags)
  for (const name of ['alice', 'bob']) await register(server, name)
  for (let round = 0; round < rounds; round += 1) {
    await talk(server, random)
    server = await startServer(data, flags)
    const alice = await login(server, 'alice')
    const ids = await archived(alice)
    expect(new Set(ids).size).toBe(ids.length)
    // Markers are kept in the order they came in, so a part of them from the first on was; those of messages that were lost
    // with the server say nothing.
    const behind = (count: number) =>
      ids.length - 1 - Math.max(-1, ...marked.slice(0, count).map((id) => ids.indexOf(id)))
    const possible = Array.from({ length: marked.length - confirmed + 1 }, (_, n) => behind(confirmed + n))
    const counted = await unread(alice)
    expect(possible).toContain(counted)
    expect(await unread(alice)).toBe(counted)
    await alice.close()
  }
})
