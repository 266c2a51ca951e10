import { parseJid } from '@xmppkit/jid'
import { copiesOf } from '@xmppkit/sessions'
import { hintElement } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost, read, settled, unknowing } from './fake-host.js'
import { createMemoryOfflineStore } from './memory-store.js'

const juliet = parseJid('juliet@example.com').bare
const balcony = 'juliet@example.com/balcony'
const chat = (body: string, to = 'juliet@example.com') =>
  read(`<message from='romeo@example.net/orchard' to='${to}' type='chat'><body>${body}</body></message>`)

async function byHand(host: FakeHost): Promise<Client> {
  const client = await host.connect(balcony, { receiptsByHand: true })
  await client.available()
  return client
}

async function take(client: Client): Promise<void> {
  for (const done of client.receipts.splice(0)) done('delivered')
  await settled()
}

describe('what an ended session had', () => {
  test('M-7: is stored before what comes meanwhile', async () => {
    const host = fakeHost()
    await (await host.connect(balcony)).available()
    let ended = () => {}
    host.sessions.holdBack(
      juliet,
      new Promise<void>((resolve) => {
        ended = resolve
      }),
    )
    const coming = host.says('2')
    const state = host.says('typing', '', "<no-store xmlns='urn:xmpp:hints'/>")
    await settled()
    expect(await host.waiting()).toBe(0)
    await host.sessions.close(host.sessions.resources(juliet)[0] as never)
    await host.sessions.reroute(chat('1'))
    ended()
    await Promise.all([coming, state])
    const again = await host.connect(balcony)
    await again.available()
    expect(again.bodies()).toEqual(['1', '2'])
  })

  test('M-7: goes behind what is being handed over, by either address', async () => {
    const host = fakeHost({ options: { releaseBatch: 1 } })
    await host.says('1')
    await host.says('2')
    const client = await byHand(host)
    await host.sessions.reroute(chat('3'))
    await host.sessions.reroute(chat('4', balcony))
    await host.sessions.reroute(chat('typing').add(hintElement('no-store')))
    expect(await host.waiting()).toBe(4)
    for (let n = 0; n < 5; n += 1) await take(client)
    expect(client.bodies()).toEqual(['1', 'typing', '2', '3', '4'])
  })

  test('SM-9: does not, while a copy stands in for it; if that fails it does', async () => {
    const host = fakeHost()
    await host.says('1')
    const client = await byHand(host)
    let tell: (outcome: 'failed') => void = () => {}
    const standIn = (done: (outcome: 'failed') => void) => {
      tell = done
      return true
    }
    const copies = { standIn }
    await host.sessions.reroute(chat('2').withMeta(copiesOf, copies))
    expect(await host.waiting()).toBe(1)
    copies.standIn = () => false
    tell('failed')
    await settled()
    for (let n = 0; n < 2; n += 1) await take(client)
    expect(client.bodies()).toEqual(['1', '2'])
  })
})

describe('what a process was handing over when it died', () => {
  async function afterDeath() {
    const memory = createMemoryOfflineStore()
    const host = fakeHost({ store: () => unknowing(memory) })
    const now = host.clock.now()
    const stanza =
      "<message xmlns='jabber:client' to='juliet@example.com' type='chat'><body>old</body></message>"
    await memory.append(juliet, { stanza, receivedAt: now }, 10)
    await memory.lease(juliet, { holder: 'dead', limit: 1, now, until: now + 5000 })
    return { host, waiting: () => memory.count(juliet, host.clock.now()) }
  }

  test('M-7: is not overtaken by what was stored behind it, nor that by what comes then', async () => {
    const { host, waiting } = await afterDeath()
    await host.says('1')
    const client = await host.connect(balcony)
    await client.available()
    await host.says('2')
    await host.clock.advance(4000)
    expect(client.bodies()).toEqual([])
    await host.clock.advance(1000)
    await settled()
    expect([client.bodies(), await waiting()]).toEqual([['old', '1', '2'], 0])
    await host.offline.close()
  })

  test('what comes is not held up if nothing was stored since', async () => {
    const { host } = await afterDeath()
    const client = await host.connect(balcony)
    await client.available()
    await host.says('1')
    expect(client.bodies()).toEqual(['1'])
    await host.clock.advance(120_000)
    expect(client.bodies()).toEqual(['old'])
  })

  test('nobody waits for its end when the server ends', async () => {
    const { host, waiting } = await afterDeath()
    await host.says('1')
    await (await host.connect(balcony)).available()
    await host.offline.close()
    expect(await waiting()).toBe(2)
  })
})
