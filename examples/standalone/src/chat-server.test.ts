import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { silentLogger, systemClock } from '@xmppkit/runtime'
import type { Server } from '@xmppkit/server'
import { createDevelopmentCertificate } from '@xmppkit/tcp'
import { createWireClient, socketTransport, type WireClient } from '@xmppkit/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refuseWords, startChatServer } from './chat-server.js'

const domain = 'chat.example'
let folder: string
let seen: string[]
const servers: Server[] = []
const clients: WireClient[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xmppkit-example-'))
  seen = []
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.cut()
  for (const server of servers.splice(0)) await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function start() {
  const certificate = await createDevelopmentCertificate({ domains: [domain], now: systemClock.now() })
  const server = await startChatServer({
    domain,
    folder,
    host: '127.0.0.1',
    ports: { starttls: 0, tls: 0 },
    certificate,
    onMessage(from, to, body) {
      refuseWords(['casino'])(from, to, body)
      seen.push(`${from} → ${to}: ${body}`)
    },
    logger: silentLogger,
  })
  servers.push(server)
  const { port } = server.listeners.find((listener) => listener.tls === 'direct')!
  const login = async (username: string) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: domain,
      ca: certificate.cert,
      ALPNProtocols: ['xmpp-client'],
    })
    const client = createWireClient({ transport: socketTransport(socket) }, { domain })
    clients.push(client)
    await client.login({ username, password: `${username}-pass`, resource: 'app' })
    client.send('<presence/>')
    return client
  }
  const register = (username: string) =>
    server.commands.call('register', { account: `${username}@${domain}`, password: `${username}-pass` })
  return { server, login, register }
}

test('people log in over TLS and chat, and the program hears of it', async () => {
  const { login, register } = await start()
  await register('juliet')
  await register('romeo')
  const juliet = await login('juliet')
  await juliet.find(`<presence from='juliet@${domain}/app'/>`)
  const romeo = await login('romeo')
  romeo.send(`<message to='juliet@${domain}' type='chat'><body>hello</body></message>`)
  await juliet.find(`<message from='romeo@${domain}/app' type='chat'><body>hello</body></message>`)
  expect(seen).toEqual([`romeo@${domain} → juliet@${domain}: hello`])
})

test('what the program refuses comes back to its sender and goes no further', async () => {
  const { login, register } = await start()
  await register('juliet')
  await register('romeo')
  const juliet = await login('juliet')
  const romeo = await login('romeo')
  romeo.send(`<message to='juliet@${domain}' type='chat' id='m1'><body>Casino!</body></message>`)
  await romeo.find(
    "<message type='error' id='m1'><error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
  )
  await juliet.find(`<presence from='juliet@${domain}/app'/>`)
  await juliet.expectNothing()
  expect(seen).toEqual([])
})

test('accounts and waiting messages are there after a restart, and a stop tells clients why', async () => {
  const first = await start()
  await first.register('juliet')
  await first.register('romeo')
  const romeo = await first.login('romeo')
  romeo.send(`<message to='juliet@${domain}' type='chat'><body>are you there?</body></message>`)
  await romeo.find(`<presence from='romeo@${domain}/app'/>`)
  await romeo.expectNothing()
  const stopped = first.server.close()
  await romeo.find(
    "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  )
  await stopped

  const second = await start()
  const juliet = await second.login('juliet')
  await juliet.find(`<message from='romeo@${domain}/app'><body>are you there?</body></message>`)
})
