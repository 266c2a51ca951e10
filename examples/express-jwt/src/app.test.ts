import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWireClient, framedTransport, type WireClient, webSocketFrames } from '@xmppkit/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type App, startApp } from './app.js'
import { openUsers, type Users } from './users.js'

const domain = 'app.example'
let app: App
let users: Users
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-example-'))
  users = openUsers(':memory:')
  app = await startApp({
    users,
    domain,
    host: '127.0.0.1',
    port: 0,
    secret: Buffer.alloc(32, 'secret'),
    chatDatabase: join(folder, 'chat.sqlite'),
    trustedProxies: ['127.0.0.1'],
  })
})
afterEach(async () => {
  await app.close()
  users.close()
  await rm(folder, { recursive: true, force: true })
})

/** Asks the app, as its pages do. */
async function post(path: string, body: object = {}, cookie = '') {
  const response = await fetch(`http://127.0.0.1:${app.port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', cookie },
    body: JSON.stringify(body),
  })
  const set = response.headers.get('set-cookie')?.split(';')[0]
  return { status: response.status, text: await response.text(), cookie: set ?? '' }
}

/** Connects as a browser behind a proxy does that speaks HTTPS to it. */
async function connect(cookie?: string): Promise<WireClient> {
  const headers = { 'X-Forwarded-Proto': 'https', ...(cookie !== undefined && { cookie }) }
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}/xmpp-websocket`, 'xmpp', { headers })
  const client = createWireClient({ transport: framedTransport(webSocketFrames(socket)) }, { domain })
  await client.open()
  return client
}

async function authenticate(client: WireClient, mechanism: string, initial: string): Promise<void> {
  const text = initial === '' ? '=' : Buffer.from(initial).toString('base64')
  client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='${mechanism}'>${text}</auth>`)
  await client.expect("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{any}</success>")
  await client.open()
  client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
  await client.find("<iq type='result' id='b'>{any}</iq>")
  client.send('<presence/>')
}

async function signUp(name: string): Promise<string> {
  const credentials = { name, password: `${name}-password` }
  expect((await post('/signup', credentials)).status).toBe(201)
  expect((await post('/signup', credentials)).status).toBe(409)
  return (await post('/login', credentials)).cookie
}

test('users of the app chat: one by the cookie of its session, one with a token, one with the password', async () => {
  const julietsCookie = await signUp('juliet')
  const juliet = await connect(julietsCookie)
  await authenticate(juliet, 'EXTERNAL', '')

  const romeosCookie = await signUp('romeo')
  const { token } = JSON.parse((await post('/chat-token', {}, romeosCookie)).text) as { token: string }
  const romeo = await connect()
  await authenticate(romeo, 'OAUTHBEARER', `n,,\x01auth=Bearer ${token}\x01\x01`)
  romeo.send(`<message to='juliet@${domain}' type='chat'><body>hello</body></message>`)
  await juliet.find(`<message type='chat' from='{any}'><body>hello</body></message>`)

  await signUp('nurse')
  const nurse = await connect()
  await authenticate(nurse, 'PLAIN', '\0nurse\0nurse-password')
  for (const client of [juliet, romeo, nurse]) client.cut()
})

test('who is not known gets nowhere, neither here nor there', async () => {
  expect((await post('/login', { name: 'juliet', password: 'r0m30' })).status).toBe(401)
  expect((await post('/chat-token')).status).toBe(401)
  const stranger = await connect('session=made-up')
  await expect(authenticate(stranger, 'PLAIN', '\0juliet\0r0m30')).rejects.toThrow('not-authorized')
  stranger.cut()
  const forged = await connect()
  await expect(authenticate(forged, 'OAUTHBEARER', 'n,,\x01auth=Bearer a.b.c\x01\x01')).rejects.toThrow()
  forged.cut()
})

test('messages to nobody are refused, those to a user who is away wait', async () => {
  const juliet = await connect(await signUp('juliet'))
  await authenticate(juliet, 'EXTERNAL', '')
  await signUp('romeo')
  juliet.send(`<message to='nobody@${domain}' type='chat' id='1'><body>hello</body></message>`)
  await juliet.find("<message type='error' id='1'>{any}</message>")
  juliet.send(`<message to='romeo@${domain}' type='chat'><body>hello</body></message>`)
  await juliet.settle()
  expect(await app.chat.commands.call('get_offline_count', { account: `romeo@${domain}` })).toBe(1)
  juliet.cut()
})
