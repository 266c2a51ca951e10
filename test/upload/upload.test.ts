import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseJid } from '@xmppkit/jid'
import { createServer, type Server } from '@xmppkit/server'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const password = 'secret'
const accounts = { hashes: ['SHA-1'], iterations: 4096 } as const
const slots = 'urn:xmpp:http:upload:0'

let folder: string
let server: Server

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-upload-'))
  server = await start()
  for (const account of ['juliet@x.test', 'romeo@x.test', 'sam@y.test']) {
    await server.commands.call('register', { account, password })
  }
})
afterEach(async () => {
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Two hosts on one database, with limits of their own, and one HTTP server before both. */
async function start(): Promise<Server> {
  let port = 0
  const url = () => (port === 0 ? '' : `http://127.0.0.1:${port}/upload`)
  const started = await createServer({
    domains: ['x.test'],
    accounts,
    upload: { url, maxBytes: 100, maxFileSize: 80 },
    hosts: [{ name: 'second', domains: ['y.test'], accounts, upload: { url } }],
    storage: { path: join(folder, 'server.sqlite') },
    files: { folder: join(folder, 'files') },
    listeners: [{ host: '127.0.0.1', port: 0, protocol: 'http' }],
  })
  port = started.listeners[0]!.port
  return started
}

async function connect(account: string): Promise<WireClient> {
  const { local, domain } = parseJid(account)
  const { client, server: end } = createPipe()
  end.attach(server.accept(end))
  const connected = createWireClient({ transport: client }, { domain })
  await connected.login({ username: local, password })
  return connected
}

/** Asks for a slot; answers with its URL, or the condition of the error. */
async function slot(client: WireClient, size: number, to = client.jid.domain): Promise<string> {
  client.send(
    `<iq type='get' id='slot' to='${to}'><request xmlns='${slots}' filename='a rose.png' size='${size}' content-type='image/png'/></iq>`,
  )
  const answer = await client.find("<iq id='slot'/>")
  const error = answer.child('error', 'jabber:client')
  if (error) return error.children[0]!.name
  const [put, get] = ['put', 'get'].map((name) =>
    answer.child('slot', slots)?.child(name, slots)?.attr('url'),
  )
  expect(put).toBe(get)
  return get!
}

const put = async (url: string, text: string) =>
  (await fetch(url, { method: 'PUT', body: text, headers: { 'Content-Type': 'image/png' } })).status

async function get(url: string): Promise<string | number> {
  const response = await fetch(url)
  const text = await response.text()
  return response.ok ? text : response.status
}

/** The port of a server changes when it starts again; the rest of an address does not. */
const now = (url: string) => url.replace(/:\d+/, `:${server.listeners[0]!.port}`)

test('a client is given a slot, uploads to it, and whoever has the address reads the file, also after a restart', async () => {
  const juliet = await connect('juliet@x.test')
  juliet.send(
    "<iq type='get' id='info' to='x.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  )
  await juliet.find(
    `<iq id='info'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='${slots}'/></query></iq>`,
  )
  const url = await slot(juliet, 4)
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/upload\/x\.test\/[\w-]+\/a%20rose\.png$/)
  expect(await get(url)).toBe(404)
  expect(await put(url, 'rose')).toBe(201)
  expect(await put(url, 'ruse')).toBe(409)
  expect(await get(url)).toBe('rose')

  await juliet.close()
  await server.close()
  server = await start()
  expect(await get(now(url))).toBe('rose')
  expect(await get(now(url).replace('x.test', 'y.test'))).toBe(404)
})

test('SEC-27: sizes and quotas are those of the account and its host', async () => {
  const [juliet, romeo, sam] = [
    await connect('juliet@x.test'),
    await connect('romeo@x.test'),
    await connect('sam@y.test'),
  ]
  expect(await slot(juliet, 81)).toBe('not-acceptable')
  expect(await slot(juliet, 80)).toContain('/upload/x.test/')
  expect(await slot(juliet, 80)).toBe('resource-constraint')
  expect(await slot(romeo, 80)).toContain('/upload/x.test/')
  expect(await slot(sam, 1000)).toContain('/upload/y.test/')
  expect(await slot(sam, 4, 'x.test')).toBe('forbidden')
})

test('SEC-25: files go with their account, those of others stay', async () => {
  const urls = new Map<string, string>()
  for (const account of ['juliet@x.test', 'romeo@x.test']) {
    const client = await connect(account)
    urls.set(account, await slot(client, 4))
    expect(await put(urls.get(account)!, 'rose')).toBe(201)
    await client.close()
  }
  await server.commands.call('unregister', { account: 'juliet@x.test' })
  expect(await get(urls.get('juliet@x.test')!)).toBe(404)
  expect(await get(urls.get('romeo@x.test')!)).toBe('rose')
  expect(await readdir(join(folder, 'files', 'x.test'))).toHaveLength(1)
})

test('without an address for files nobody is given a slot', async () => {
  await server.close()
  server = await createServer({
    domains: ['x.test'],
    accounts,
    storage: { path: join(folder, 'server.sqlite') },
  })
  const juliet = await connect('juliet@x.test')
  expect(await slot(juliet, 4)).toBe('service-unavailable')
})

test('UPLOAD-1: a slot whose upload was broken off by a stop can be used after the restart', async () => {
  const juliet = await connect('juliet@x.test')
  const url = await slot(juliet, 4)
  const { port, pathname } = new URL(url)
  const socket = dial(Number(port), '127.0.0.1')
  const head = `PUT ${pathname} HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 4\r\n\r\n`
  socket.on('error', () => {}).write(`${head}ro`)
  const parts = () => readdir(join(folder, 'files', '.parts')).catch(() => [])
  await expect.poll(parts).toHaveLength(1)
  await server.close()
  server = await start()
  expect(await put(now(url), 'rose')).toBe(201)
  socket.destroy()
})
