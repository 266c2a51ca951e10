import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { client, xml } from '@xmpp/client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type ServerProcess, startServer, xmppkit } from '../process/server-process.js'
import { heedEarlyOpen } from './heed-early-open.js'

type Client = ReturnType<typeof client>
type Stanza = Parameters<Client['send']>[0]

let data = ''
let server: ServerProcess
const options = ['--domain', 'chat.test', '--allow-registration', '--set', 'accounts.iterations=4096']

beforeAll(async () => {
  // @xmpp/client takes no certificate authority; slixmpp checks the certificate.
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  data = await mkdtemp(join(tmpdir(), 'xmppkit-js-'))
  server = await startServer(data, options)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.kill()
  await rm(data, { recursive: true })
})

/** A client that keeps what it receives. */
async function connect(username: string, tls: 'starttls' | 'direct', resource = 'js') {
  const service = tls === 'direct' ? `xmpps://127.0.0.1:${server.tlsPort}` : `xmpp://127.0.0.1:${server.port}`
  const xmpp = client({ service, domain: 'chat.test', username, password: 'pw', resource })
  const inbox: Stanza[] = []
  const waiting: (() => void)[] = []
  xmpp.on('error', () => {})
  heedEarlyOpen(xmpp)
  xmpp.on('stanza', (stanza: Stanza) => {
    inbox.push(stanza)
    for (const wake of waiting.splice(0)) wake()
  })
  await xmpp.start()
  const next = async (wanted: (stanza: Stanza) => boolean): Promise<Stanza> => {
    for (;;) {
      const at = inbox.findIndex(wanted)
      if (at >= 0) return inbox.splice(at, 1)[0]!
      await new Promise<void>((wake) => waiting.push(wake))
    }
  }
  return { xmpp, inbox, next, stop: () => xmpp.stop() }
}

/** In-band registration, which @xmpp/client leaves to its users: before anybody has logged in. */
async function register(username: string): Promise<void> {
  const { connect: dial } = await import('node:tls')
  const socket = dial({
    port: server.tlsPort,
    host: '127.0.0.1',
    servername: 'chat.test',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const heard = async (part: RegExp) => {
    let text = ''
    while (!part.test(text)) text += String((await once(socket, 'data'))[0])
  }
  socket.write(
    "<stream:stream to='chat.test' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
  )
  await heard(/iq-register/)
  socket.write(
    `<iq type='set' id='r'><query xmlns='jabber:iq:register'><username>${username}</username><password>pw</password></query></iq>`,
  )
  await heard(/type=['"]result/)
  socket.end('</stream:stream>')
}

describe('@xmpp/client', () => {
  test.each(['starttls', 'direct'] as const)('two people meet, chat and come back, over %s', async (tls) => {
    const [anna, boris] = [`anna-${tls}`, `boris-${tls}`]
    await register(anna)
    await xmppkit('register', boris, 'chat.test', 'pw', '--data', data)
    const a = await connect(anna, tls)
    const b = await connect(boris, tls)
    for (const one of [a, b]) {
      // As clients do: only those that asked for the roster are told of approvals (RFC 6121 §3.1.6).
      await one.xmpp.iqCaller.get(xml('query', { xmlns: 'jabber:iq:roster' }))
      await one.xmpp.send(xml('presence'))
    }

    for (const [from, to, other] of [
      [a, b, boris],
      [b, a, anna],
    ] as const) {
      await from.xmpp.send(xml('presence', { to: `${other}@chat.test`, type: 'subscribe' }))
      const request = await to.next((s) => s.is('presence') && s.attrs.type === 'subscribe')
      await to.xmpp.send(xml('presence', { to: request.attrs.from, type: 'subscribed' }))
      await from.next((s) => s.is('presence') && s.attrs.type === 'subscribed')
      // It logs in with SASL2 and Bind 2, where `js` is the tag of the resource.
      const theirs = `${other}@chat.test/js/`
      await from.next((s) => s.is('presence') && s.attrs.from.startsWith(theirs) && !s.attrs.type)
    }

    await a.xmpp.send(
      xml('message', { to: `${boris}@chat.test`, type: 'chat' }, xml('body', {}, 'dobrý <den> & 🎉')),
    )
    const message = await b.next((s) => s.is('message'))
    expect(message.getChildText('body')).toBe('dobrý <den> & 🎉')
    expect(message.attrs.from).toBe(a.xmpp.jid?.toString())

    const { iqCaller } = a.xmpp
    await iqCaller.get(xml('ping', { xmlns: 'urn:xmpp:ping' }), 'chat.test')
    const info = await iqCaller.get(
      xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' }),
      'chat.test',
    )
    expect(info.getChildren('feature').map((feature: Stanza) => feature.attrs.var)).toContain('urn:xmpp:ping')
    const version = await iqCaller.get(xml('query', { xmlns: 'jabber:iq:version' }), 'chat.test')
    expect(version.getChildText('name')).toBe('xmppkit')

    await b.stop()
    await a.next((s) => s.is('presence') && s.attrs.type === 'unavailable')
    for (let n = 0; n < 5; n += 1) {
      await a.xmpp.send(
        xml('message', { to: `${boris}@chat.test`, type: 'chat' }, xml('body', {}, `later ${n}`)),
      )
    }
    await iqCaller.get(xml('ping', { xmlns: 'urn:xmpp:ping' }), 'chat.test')
    await a.stop()
    expect(await server.stop()).toBe(0)
    server = await startServer(data, options)

    const back = await connect(boris, tls)
    await back.xmpp.send(xml('presence'))
    // It binds with its login, and whoever does so reads what it missed in the archive (XEP-0386 §4.1).
    const page = xml('set', { xmlns: 'http://jabber.org/protocol/rsm' }, xml('max', {}, '5'), xml('before'))
    const query = xml('iq', { type: 'set' }, xml('query', { xmlns: 'urn:xmpp:mam:2' }, page))
    const answer = await back.xmpp.iqCaller.request(query)
    expect(answer.getChild('fin', 'urn:xmpp:mam:2')).toBeDefined()
    const bodies = []
    for (let n = 0; n < 5; n += 1) {
      const result = (await back.next((s) => s.is('message'))).getChild('result', 'urn:xmpp:mam:2')
      const forwarded = result?.getChild('forwarded', 'urn:xmpp:forward:0')
      bodies.push(forwarded?.getChild('message', 'jabber:client')?.getChildText('body'))
    }
    expect(bodies).toEqual([0, 1, 2, 3, 4].map((n) => `later ${n}`))
    await back.xmpp.iqCaller.get(xml('ping', { xmlns: 'urn:xmpp:ping' }), 'chat.test')
    expect(back.inbox.filter((s) => s.is('message'))).toEqual([])
    await back.stop()
  })
})
