import { client, xml } from '@xmpp/client'
import { provide } from '@xmppkit/module'
import type { PushSender } from '@xmppkit/push'
import { PushSenderService } from '@xmppkit/push/module'
import { createServer, type Server } from '@xmppkit/server'
import { createPipe, createWireClient, type WireClient } from '@xmppkit/testing'
import { type RawElement, textFromWire } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { heedEarlyOpen } from '../interop/heed-early-open.js'

const domain = 'chat.test'
const users = ['romeo', 'juliet', 'nurse'] as const

/** A server with listeners, users, and everything that could make a difference between two ways of sending. */
async function scene() {
  const rung: string[] = []
  const pushes: PushSender = {
    async send({ account, summary }) {
      rung.push(`${account} ${summary.messageCount}`)
      return 'sent'
    },
  }
  const server = await createServer({
    domains: [domain],
    accounts: { hashes: ['SHA-1'], iterations: 4096 },
    c2s: { requireTls: false },
    listeners: [{ host: '127.0.0.1', port: 0, tls: 'none' }],
    services: [provide(PushSenderService, pushes)],
  })
  for (const user of users) {
    await server.commands.call('register', { account: `${user}@${domain}`, password: 'pw' })
  }
  return { server, rung, [Symbol.asyncDispose]: () => server.close() }
}

async function connect(server: Server, username: string, resource: string): Promise<WireClient> {
  const { client: end, server: other } = createPipe()
  other.attach(server.accept(other))
  const connected = createWireClient({ transport: end }, { domain })
  await connected.login({ username, password: 'pw', resource })
  return connected
}

/** What does not depend on the moment: ids the server made, times, and the order of attributes say nothing. */
function steady(el: RawElement): string {
  return textFromWire(el.toWire())
    .replaceAll('"', "'")
    .replaceAll(/ (id|stamp)='[^']*'/g, " $1='…'")
    .replaceAll(/<(first|last)>[^<]*</g, '<$1>…<')
    .replaceAll(/<([\w-]+)((?: [\w:-]+='[^']*')+)/g, (_, name: string, list: string) => {
      const attributes = list.match(/ [\w:-]+='[^']*'/g) ?? []
      return `<${name}${attributes.sort().join('')}`
    })
}

const ask = async (who: WireClient, xml: string, done: string): Promise<string[]> => {
  who.send(xml)
  const heard: string[] = []
  for (;;) {
    const el = await who.receive()
    heard.push(steady(el))
    if (el.name === 'iq' && el.attr('id') === done) return heard
  }
}
const archive = (who: WireClient, id: string) =>
  ask(who, `<iq type='set' id='${id}'><query xmlns='urn:xmpp:mam:2'/></iq>`, id)

type Say = (to: string, body: string, id: string) => Promise<unknown>

/** Everything that can be seen of what romeo's phone says, by whatever way it says it. */
async function seen(server: Server, rung: readonly string[], say: Say): Promise<unknown> {
  const desk = await connect(server, 'romeo', 'desk')
  const balcony = await connect(server, 'juliet', 'balcony')
  const nurse = await connect(server, 'nurse', 'kitchen')
  desk.send(
    "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq><presence><priority>-1</priority></presence>",
  )
  await desk.find("<iq id='c'/>")
  balcony.send(
    `<iq type='set' id='p'><enable xmlns='urn:xmpp:push:0' jid='push.${domain}' node='n'/></iq><presence/>`,
  )
  await balcony.find("<iq id='p'/>")
  await balcony.settle()
  await desk.settle()

  await say(`juliet@${domain}`, 'But soft!', 'm1')
  const delivered = steady(await balcony.find('<message/>'))
  const carbon = steady(await desk.find('<message/>'))

  await balcony.close()
  await say(`juliet@${domain}`, 'What light?', 'm2')
  const again = await connect(server, 'juliet', 'balcony')
  again.send('<presence/>')
  const offline = steady(await again.find('<message/>'))

  // She wants nothing of him any more; and he, nothing of the nurse.
  again.send(
    `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='romeo@${domain}'/></block></iq>`,
  )
  await again.find("<iq type='result' id='b'/>")
  desk.send(
    `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='nurse@${domain}'/></block></iq>`,
  )
  await desk.find("<iq type='result' id='b'/>")
  await say(`juliet@${domain}`, 'It is the east', 'm3')
  await say(`nurse@${domain}`, 'Madam?', 'm4')
  await again.settle()
  await nurse.settle()
  const archives = [await archive(desk, 'a'), await archive(again, 'a'), await archive(nurse, 'a')]
  for (const one of [desk, again, nurse]) await one.close()
  return { delivered, carbon, offline, archives, rung: [...rung] }
}

describe('E-6 M-4: what is sent in process is like what a client sends', () => {
  test('delivery, carbons, archives, offline storage, push and blocking cannot tell them apart', async () => {
    await using one = await scene()
    const port = one.server.listeners[0]?.port
    const phone = client({
      service: `xmpp://127.0.0.1:${port}`,
      domain,
      username: 'romeo',
      password: 'pw',
      resource: 'phone',
    })
    phone.on('error', () => {})
    heedEarlyOpen(phone)
    await phone.start()
    const errors: string[] = []
    phone.on('stanza', (el: { attrs: Record<string, string> }) => {
      if (el.attrs.type === 'error') errors.push(el.attrs.id!)
    })
    const byClient = await seen(one.server, one.rung, async (to, body, id) => {
      await phone.send(xml('message', { to, type: 'chat', id }, xml('body', {}, body)))
      await phone.iqCaller.request(xml('iq', { type: 'get', to: domain }, xml('ping', 'urn:xmpp:ping')))
    })
    await phone.stop()

    await using other = await scene()
    const outcomes: string[] = []
    const romeo = other.server.as(`romeo@${domain}/phone`)
    const byApp = await seen(other.server, other.rung, async (to, body, id) => {
      const outcome = await romeo.send({ to, body, id })
      outcomes.push(
        outcome.status === 'rejected' ? `${id} ${outcome.error.condition}` : `${id} ${outcome.status}`,
      )
    })

    expect(byApp).toEqual(byClient)
    expect(errors).toEqual(['m3', 'm4'])
    expect(outcomes).toEqual(['m1 delivered', 'm2 stored', 'm3 service-unavailable', 'm4 not-acceptable'])
  })
})
