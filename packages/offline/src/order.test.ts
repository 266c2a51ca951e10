import { parseJid } from '@xmppkit/jid'
import { archivedAs, copiesOf, late, receivePacket } from '@xmppkit/sessions'
import { hintElement, type Stanza } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost, read, settled, unknowing } from './fake-host.js'
import { createMemoryOfflineStore } from './memory-store.js'
import type { OfflineOptions } from './offline-options.js'
import type { OfflineStore } from './ports.js'

const juliet = parseJid('juliet@example.com').bare
const balcony = 'juliet@example.com/balcony'
const chamber = 'juliet@example.com/chamber'
const chat = (body: string, to = 'juliet@example.com') =>
  read(`<message from='romeo@example.net/orchard' to='${to}' type='chat'><body>${body}</body></message>`)

const wire = (body: string) =>
  `<message xmlns='jabber:client' to='juliet@example.com' type='chat'><body>${body}</body></message>`

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

  test('M-7: comes before what was stored since, though that was stored first', async () => {
    const host = fakeHost()
    const had = late(chat('1'), host.clock.now())
    await host.clock.advance(10)
    await host.says('2')
    await host.sessions.reroute(had)
    await host.says('3')
    const client = await host.connect(balcony)
    await client.available()
    expect(client.bodies()).toEqual(['1', '2', '3'])
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

describe('a session that ends while another one comes', () => {
  /** One that has not acknowledged `1` yet; `2` is in the store, which has not said so. */
  async function scene(options: OfflineOptions = {}) {
    let isSlow = false
    let written = () => {}
    const slow = (store: OfflineStore): OfflineStore => ({
      ...store,
      async append(...args) {
        const stored = await store.append(...args)
        if (isSlow)
          await new Promise<void>((resolve) => {
            written = resolve
          })
        return stored
      },
    })
    const host = fakeHost({ options, store: slow })
    const old = await host.connect(balcony, { acknowledges: true, receiptsByHand: true })
    await old.available()
    await host.says('1')
    isSlow = true
    const saying = host.says('2')
    await settled()
    isSlow = false
    return {
      host,
      old,
      async written() {
        written()
        await saying
        await settled()
      },
    }
  }

  /** Nobody finds it any more; what it had is still on its way. */
  async function ends(host: FakeHost, { handle, receipts }: Client) {
    let drained = () => {}
    host.sessions.holdBack(
      juliet,
      new Promise<void>((resolve) => {
        drained = resolve
      }),
    )
    await host.sessions.close(handle)
    return async (unkept?: Stanza) => {
      for (const done of receipts.splice(0)) done('failed')
      await settled()
      if (unkept) await host.sessions.reroute(unkept)
      drained()
      await settled()
    }
  }

  async function comes(host: FakeHost, address = chamber): Promise<Client> {
    const client = await host.connect(address)
    await client.available()
    return client
  }

  test('M-7: what it had is handed out before what was being stored behind it', async () => {
    const { host, old, written } = await scene()
    const givesBack = await ends(host, old)
    const next = await comes(host)
    await written()
    const saying = host.says('3')
    await settled()
    expect(next.bodies()).toEqual([])
    await givesBack()
    await saying
    await settled()
    expect([next.bodies(), await host.waiting()]).toEqual([['1', '2', '3'], 0])
  })

  test('M-7: so it is if it ends when they have been taken out of the store', async () => {
    const { host, old, written } = await scene()
    const next = await comes(host)
    const givesBack = await ends(host, old)
    await written()
    expect(next.bodies()).toEqual([])
    await givesBack()
    expect([next.bodies(), await host.waiting()]).toEqual([['1', '2'], 0])
  })

  test('M-7: what it was handed from the store is not overtaken either', async () => {
    const host = fakeHost()
    for (const body of ['1', '2']) await host.says(body)
    const old = await byHand(host)
    const next = await comes(host)
    const givesBack = await ends(host, old)
    const saying = host.says('3')
    await givesBack()
    await saying
    await settled()
    expect([next.bodies(), await host.waiting()]).toEqual([['1', '2', '3'], 0])
  })

  test('M-7: so it is if what it had was passed over while it was there', async () => {
    const host = fakeHost({ options: { releaseBatch: 2, releaseBytes: 1 } })
    const old = await host.connect(balcony, { acknowledges: true, receiptsByHand: true })
    await old.available()
    await host.says('1')
    for (const body of ['0', '00']) await host.store.append(juliet, { stanza: wire(body), receivedAt: 0 }, 10)
    const next = await host.connect(chamber, { receiptsByHand: true })
    await next.available()
    expect(next.bodies()).toEqual(['0'])
    await host.says('2')
    const givesBack = await ends(host, old)
    await givesBack()
    for (let n = 0; n < 4; n += 1) await take(next)
    expect([next.bodies(), await host.waiting()]).toEqual([['00', '1', '2'], 0])
  })

  test('M-7: if the one that came has left meanwhile, the one after it gets them', async () => {
    const { host, old, written } = await scene()
    const next = await comes(host)
    const givesBack = await ends(host, old)
    await written()
    await next.leave()
    const last = await comes(host, 'juliet@example.com/orchard')
    await givesBack()
    expect([next.bodies(), last.bodies(), await host.waiting()]).toEqual([[], ['1', '2'], 0])
  })

  test('L-1: with the store full nobody waits for ever: what is there is handed out, then what it had', async () => {
    const { host, old, written } = await scene({ maxMessagesPerAccount: 1 })
    const next = await comes(host)
    const givesBack = await ends(host, old)
    await written()
    expect(next.bodies()).toEqual([])
    await givesBack(chat('in no store'))
    expect(next.bodies()).toEqual(['1', '2', 'in no store'])
    await host.clock.advance(100)
    expect([await host.waiting(), host.sessions.heldBack(juliet), host.answers()]).toEqual([0, undefined, []])
  })

  test('nobody waits for its end when the server ends', async () => {
    const { host, old, written } = await scene()
    const next = await comes(host)
    await ends(host, old)
    await written()
    await host.offline.close()
    expect([next.bodies(), await host.waiting()]).toEqual([[], 2])
  })
})

test('M-7: what comes while something else is being stored is behind it, so that nothing stored is before it', async () => {
  let isSlow = false
  let stored = () => {}
  const host = fakeHost({
    store: (store) => ({
      ...store,
      async append(...args) {
        if (isSlow) {
          await new Promise<void>((resolve) => {
            stored = resolve
          })
        }
        return store.append(...args)
      },
    }),
  })
  // In an archive, so that it is not stored for a session besides.
  host.hooks.on(receivePacket, (stanza) => stanza.withMeta(archivedAs, { by: juliet, id: 'a' }))
  await host.says('1')
  const client = await host.connect(balcony, { acknowledges: true, receiptsByHand: true })
  isSlow = true
  const becoming = client.available()
  const saying = host.says('2')
  await becoming
  await settled()
  expect(client.bodies()).toEqual(['1'])
  isSlow = false
  await host.says('3')
  stored()
  await saying
  await settled()
  expect([client.bodies(), await host.waiting()]).toEqual([['3', '2'], 3])
})

describe('what a process was handing over when it died', () => {
  async function afterDeath() {
    const memory = createMemoryOfflineStore()
    const host = fakeHost({ store: () => unknowing(memory) })
    const now = host.clock.now()
    await memory.append(juliet, { stanza: wire('old'), receivedAt: now }, 10)
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

describe('M-7: what is sent to a resource that is bound again, and not available yet,', () => {
  const says = (host: FakeHost, body: string, to = balcony, more = '') =>
    host.arrives(
      `<message from='romeo@example.net/orchard' to='${to}' type='chat'><body>${body}</body>${more}</message>`,
    )

  async function returned(behaviour: Parameters<FakeHost['connect']>[1] = {}) {
    const host = fakeHost({ options: { presenceWaitMs: 2000 } })
    await says(host, '1')
    return { host, client: await host.connect(balcony, behaviour) }
  }

  test.each([
    ['a client', {}],
    ['one that acknowledges', { acknowledges: true }],
  ])('comes behind what was stored for it: %s', async (_, behaviour) => {
    const { host, client } = await returned(behaviour)
    await says(host, '2')
    expect([client.bodies(), await host.waiting()]).toEqual([[], 2])
    await client.available()
    expect([client.bodies(), await host.waiting()]).toEqual([['1', '2'], 0])
    await says(host, '3')
    expect(client.bodies()).toEqual(['3'])
  })

  test('so does what another session of its had', async () => {
    const { host, client } = await returned()
    await host.sessions.reroute(chat('2', balcony))
    expect(client.bodies()).toEqual([])
    await client.available()
    expect(client.bodies()).toEqual(['1', '2'])
  })

  test('comes at once to one that has sent no presence for a while', async () => {
    const { host, client } = await returned()
    await host.clock.advance(1999)
    await says(host, '2')
    expect(client.bodies()).toEqual([])
    await host.clock.advance(1)
    await says(host, '3')
    expect(client.bodies()).toEqual(['3'])
    await client.available()
    expect(client.bodies()).toEqual(['1', '2'])
  })

  test('is there for whoever comes next if it goes before', async () => {
    const { host, client } = await returned()
    await says(host, '2')
    await client.leave()
    const again = await host.connect(balcony)
    await says(host, '3')
    await again.available()
    expect([client.bodies(), again.bodies()]).toEqual([[], ['1', '2', '3']])
  })

  test('so it does if that was stored in the moment in which nothing else was found to wait', async () => {
    let slow = ''
    let go = () => {}
    const gate = async (method: string) => {
      if (slow === method) await new Promise<void>((resolve) => (go = resolve))
    }
    const host = fakeHost({
      store: (store) =>
        unknowing({
          ...store,
          async count(...args) {
            await gate('count')
            return store.count(...args)
          },
          async release(...args) {
            await gate('release')
            return store.release(...args)
          },
        }),
    })
    const had = await host.connect(balcony, { acknowledges: true, receiptsByHand: true })
    await had.available(1)
    await host.says('0')
    const other = await host.connect(chamber)
    const { lease } = host.store
    host.store.lease = (...args) => {
      slow = 'count'
      return lease(...args)
    }
    await other.available()
    await take(had)
    await host.clock.advance(100)
    slow = 'release'
    go()
    await settled()
    await had.leave()
    await other.leave()
    await says(host, '1')
    slow = ''
    go()
    await settled()
    const client = await host.connect(balcony)
    await says(host, '2')
    await client.available()
    expect(client.bodies()).toEqual(['1', '2'])
  })

  test('waits for nothing if nothing was stored for that resource, or it is not to be stored', async () => {
    const { host, client } = await returned()
    const other = await host.connect(chamber)
    await says(host, '2', chamber)
    expect(other.bodies()).toEqual(['2'])
    await says(host, '3', balcony, "<no-store xmlns='urn:xmpp:hints'/>")
    expect(client.bodies()).toEqual(['3'])
    await client.available()
    expect(client.bodies()).toEqual(['1'])
    await client.leave()
    const again = await host.connect(balcony)
    await says(host, '4')
    expect(again.bodies()).toEqual(['4'])
  })
})
