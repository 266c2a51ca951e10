import { client, xml } from '@xmpp/client'
import { heedEarlyOpen } from './heed-early-open.js'
import { type Driver, type Ears, type Login, slots, type WebClient } from './web-client.js'

type Client = ReturnType<typeof client>
type Stanza = Parameters<Client['send']>[0]

const mam = 'urn:xmpp:mam:2'
const rsm = 'http://jabber.org/protocol/rsm'

/** Hears what comes live or from the archive, and knows how far that is. */
function createHearing(self: string, ears: Ears) {
  let last: string | undefined
  const hear = (stanza: Stanza) => {
    const result = stanza.getChild('result', mam)
    if (result) {
      last = result.attrs.id
      hear(result.getChild('forwarded')!.getChild('message')!)
      return
    }
    const { id = '', from = '', type = '' } = stanza.attrs
    if (stanza.is('presence')) {
      ears.presences.put({ from, type })
      return
    }
    const body = stanza.getChildText('body')
    if (!stanza.is('message') || body === null || from.startsWith(`${self}/`)) return
    last = stanza.getChild('stanza-id', 'urn:xmpp:sid:0')?.attrs.id ?? last
    ears.messages.put({ id, from, body })
  }
  const after = () => (last === undefined ? [] : [xml('after', {}, last)])
  return { hear, after }
}

/** It binds with XEP-0386, so what it missed is not sent to it: it reads its archive (§3.2). */
async function catchUp(xmpp: Client, after: () => Stanza[]): Promise<void> {
  let fin: Stanza
  do {
    const query = xml('query', { xmlns: mam }, xml('set', { xmlns: rsm }, xml('max', {}, '50'), ...after()))
    const answer = await xmpp.iqCaller.request(xml('iq', { type: 'set' }, query))
    fin = answer.getChild('fin', mam)!
  } while (fin.attrs.complete !== 'true')
}

async function greet(xmpp: Client, ears: Ears, after: () => Stanza[]): Promise<void> {
  await xmpp.iqCaller.get(xml('query', { xmlns: 'jabber:iq:roster' }))
  await catchUp(xmpp, after)
  await xmpp.send(xml('presence'))
  ears.sessions.put('new')
}

function open({ url: service, username, domain, password }: Login, ears: Ears): WebClient {
  const xmpp = client({ service, domain, username, password, resource: 'js' })
  heedEarlyOpen(xmpp)
  // It comes back by itself.
  xmpp.on('error', () => {})
  const { hear, after } = createHearing(`${username}@${domain}`, ears)
  xmpp.on('stanza', hear)
  xmpp.on('online', () => void greet(xmpp, ears, after).catch(() => {}))
  const management = xmpp.streamManagement as unknown as NodeJS.EventEmitter
  management.on('resumed', () => ears.sessions.put('resumed'))
  xmpp.start().catch(() => {})
  return {
    say: (to, { id, body }) =>
      void xmpp.send(xml('message', { to, id, type: 'chat' }, xml('body', {}, body))),
    presence: (to, type) => void xmpp.send(xml('presence', { to, type })),
    async slot({ name: filename, size, type }) {
      const request = xml('request', { xmlns: slots, filename, size: String(size), 'content-type': type })
      const answer = await xmpp.iqCaller.request(xml('iq', { type: 'get', to: domain }, request))
      const slot = answer.getChild('slot', slots)
      const url = (name: string): string => slot!.getChild(name)!.attrs.url
      return { put: url('put'), get: url('get') }
    },
    async settle() {
      await xmpp.iqCaller.get(xml('ping', { xmlns: 'urn:xmpp:ping' }), domain)
    },
    async close() {
      await xmpp.stop()
    },
  }
}

/** @xmpp/client, which resumes its sessions (XEP-0198). */
export const xmppClientDriver: Driver = {
  name: '@xmpp/client over WebSocket',
  scheme: 'ws',
  path: '/xmpp-websocket',
  afterCut: 'resumed',
  open,
}
