import { once } from 'node:events'
import { client, xml } from '@xmpp/client'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { heedEarlyOpen } from './heed-early-open.js'
import { createInbox } from './inbox.js'
import { domain, openWebPlace, password, type WebPlace } from './web-place.js'

type Client = ReturnType<typeof client>
type Stanza = Parameters<Client['send']>[0]

let place: WebPlace
beforeAll(async () => {
  // Node 20 has none of its own.
  vi.stubGlobal('WebSocket', WebSocket)
  place = await openWebPlace()
  await place.register('anna', 'boris')
})
afterAll(async () => {
  await place[Symbol.asyncDispose]()
  vi.unstubAllGlobals()
})

async function connect(username: string) {
  const service = `ws://127.0.0.1:${place.port}/xmpp-websocket`
  const xmpp = client({ service, domain, username, password, resource: 'js' })
  const inbox = createInbox<Stanza>()
  xmpp.on('error', () => {})
  heedEarlyOpen(xmpp)
  xmpp.on('stanza', (stanza: Stanza) => inbox.put(stanza))
  await xmpp.start()
  return { xmpp, ...inbox }
}

test('W-2 W-5: @xmpp/client logs in over WebSocket, meets somebody, chats, and leaves', async () => {
  const a = await connect('anna')
  const b = await connect('boris')
  for (const one of [a, b]) {
    await one.xmpp.iqCaller.get(xml('query', { xmlns: 'jabber:iq:roster' }))
    await one.xmpp.send(xml('presence'))
  }
  await a.xmpp.send(xml('presence', { to: `boris@${domain}`, type: 'subscribe' }))
  await b.next((stanza) => stanza.attrs.type === 'subscribe')
  await b.xmpp.send(xml('presence', { to: `anna@${domain}`, type: 'subscribed' }))
  await a.next((s) => s.is('presence') && s.attrs.from === b.xmpp.jid?.toString() && !s.attrs.type)

  await a.xmpp.send(
    xml('message', { to: `boris@${domain}`, type: 'chat' }, xml('body', {}, 'dobrý <den> & 🎉')),
  )
  const message = await b.next((stanza) => stanza.is('message'))
  expect([message.getChildText('body'), message.attrs.from]).toEqual([
    'dobrý <den> & 🎉',
    a.xmpp.jid?.toString(),
  ])
  const info = await a.xmpp.iqCaller.get(
    xml('query', { xmlns: 'http://jabber.org/protocol/disco#info' }),
    domain,
  )
  expect(info.getChildren('feature').map((feature: Stanza) => feature.attrs.var)).toContain('urn:xmpp:ping')

  await b.xmpp.stop()
  await a.next((stanza) => stanza.is('presence') && stanza.attrs.type === 'unavailable')
  await a.xmpp.stop()
})

test('SM-4: @xmpp/client comes back over WebSocket, and nothing is lost', async () => {
  const a = await connect('anna')
  const b = await connect('boris')
  await a.xmpp.send(xml('presence'))
  const resumed = once(a.xmpp.streamManagement as never, 'resumed')
  // As if the network had gone.
  const { socket } = (a.xmpp as unknown as { socket: { socket: WebSocket } }).socket
  socket.terminate()
  await b.xmpp.send(xml('message', { to: `anna@${domain}`, type: 'chat' }, xml('body', {}, 'still there?')))
  await resumed
  const message = await a.next((stanza) => stanza.is('message'))
  expect(message.getChildText('body')).toBe('still there?')
  await a.xmpp.stop()
  await b.xmpp.stop()
})
