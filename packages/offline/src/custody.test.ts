import { type C2sSession, userSendPacket } from '@xmppkit/c2s'
import { archivedAs, bouncePacket, copiesOf, receivePacket } from '@xmppkit/sessions'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost, read, settled, unknowing } from './fake-host.js'
import { createMemoryOfflineStore } from './memory-store.js'
import type { OfflineStore } from './ports.js'

const balcony = 'juliet@example.com/balcony'
const chamber = 'juliet@example.com/chamber'

async function managed(host: FakeHost, address = balcony, priority = 0): Promise<Client> {
  const client = await host.connect(address, { acknowledges: true, receiptsByHand: true })
  await client.available(priority)
  return client
}

function acknowledge(client: Client, count = Number.POSITIVE_INFINITY): void {
  for (const done of client.receipts.splice(0, count)) done('delivered')
}

/** The client says something; resolves when that is about to be handled. */
async function says(host: FakeHost, { jid, handle }: Client): Promise<void> {
  const session = { sid: handle.sid, jid } as C2sSession
  await host.hooks.fold(userSendPacket, read("<message to='romeo@example.com'/>"), { session })
}

describe.each([
  ['a store that knows whether something waits', (store: OfflineStore) => store],
  ['a store that has to look', unknowing],
])('%s', (_, store) => {
  test('X-CONS SM-2: what is in no archive waits in the store until the client has acknowledged it', async () => {
    const host = fakeHost({ store })
    const juliet = await managed(host)
    await host.says('1')
    await host.says('2')
    expect(juliet.heard()).toEqual([
      "<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'><body>1</body></message>",
      "<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'><body>2</body></message>",
    ])
    expect(await host.waiting()).toBe(2)
    acknowledge(juliet, 1)
    await says(host, juliet)
    expect(await host.waiting()).toBe(1)
    acknowledge(juliet)
    await host.clock.advance(100)
    expect(await host.waiting()).toBe(0)
    expect(juliet.heard()).toEqual([])
  })

  test('X-CONS SM-9: a process that dies leaves what was not acknowledged to the next login', async () => {
    const memory = createMemoryOfflineStore()
    const host = fakeHost({ store: () => store(memory) })
    const juliet = await managed(host)
    await host.says('1')
    await host.says('2')
    acknowledge(juliet, 1)
    await says(host, juliet)
    const after = fakeHost({ store: () => store(memory) })
    const again = await managed(after)
    expect(again.bodies()).toEqual(['2'])
  })

  test('SM-6 M-7: of a session that ends it goes to the next one, in order with what follows', async () => {
    const host = fakeHost({ store })
    const juliet = await managed(host)
    for (const body of ['1', '2']) await host.says(body)
    await juliet.leave()
    await host.says('3')
    expect(await host.waiting()).toBe(3)
    const again = await managed(host)
    expect(again.bodies()).toEqual(['1', '2', '3'])
    acknowledge(again)
    await settled()
    expect(await host.waiting()).toBe(0)
    expect(host.answers()).toEqual([])
  })

  test('SM-9: a session that comes meanwhile is not given what another one has', async () => {
    const host = fakeHost({ store })
    const juliet = await managed(host, balcony, 1)
    await host.says('1')
    const other = await managed(host, chamber)
    await host.clock.advance(120_000)
    expect(other.bodies()).toEqual([])
    acknowledge(juliet)
    await host.clock.advance(120_000)
    expect([other.bodies(), await host.waiting()]).toEqual([[], 0])
  })

  test('X-CONS SM-6: what a client without acknowledgements has not got is kept when one with them gets it', async () => {
    const host = fakeHost({ store })
    const other = await managed(host)
    await host.sessions.reroute(
      read(`<message from='romeo@example.net/orchard' to='${chamber}'><body>1</body></message>`),
    )
    expect([other.bodies(), await host.waiting()]).toEqual([['1'], 1])
    acknowledge(other)
    await says(host, other)
    expect(await host.waiting()).toBe(0)
  })

  test('SM-6: another session that is there gets it at once, and the store keeps it on', async () => {
    const host = fakeHost({ store })
    const juliet = await managed(host, balcony, 1)
    const other = await managed(host, chamber)
    await host.says('1')
    await juliet.leave()
    expect(other.heard()).toEqual([expect.stringMatching(/<body>1<\/body><delay /)])
    expect(await host.waiting()).toBe(1)
    acknowledge(other)
    await says(host, other)
    expect(await host.waiting()).toBe(0)
  })
})

test('X-CONS: what another client has a copy of is not left in the store when the one it was kept for fails', async () => {
  const host = fakeHost()
  const other = await managed(host)
  let hasCopy = false
  const standIn = (done: (outcome: 'delivered') => void) => {
    if (hasCopy) done('delivered')
    return hasCopy
  }
  // What a client without acknowledgements had, of which one that does not want messages has got a copy.
  await host.sessions.reroute(
    read(
      `<message from='romeo@example.net/orchard' to='${chamber}' type='chat'><body>1</body></message>`,
    ).withMeta(copiesOf, { standIn }),
  )
  expect([other.bodies(), await host.waiting()]).toEqual([['1'], 1])
  hasCopy = true
  await other.leave()
  await host.clock.advance(100)
  expect([await host.waiting(), host.answers()]).toEqual([0, []])
})

test('X-CONS: what the session refuses is not left in the store, and its sender is told after that', async () => {
  const host = fakeHost()
  const juliet = await host.connect(balcony, { acknowledges: true, refuses: () => true })
  await juliet.available()
  const left: number[] = []
  host.hooks.on(bouncePacket, async (value) => {
    left.push(await host.waiting())
    return value
  })
  await host.says('1')
  await settled()
  expect(left).toEqual([0])
  expect(host.answers()).toEqual([expect.stringContaining('<not-acceptable')])
})

test('X-CONS: its sender is told also if the store fails then, and it is removed later', async () => {
  let fails = true
  const host = fakeHost({
    store: (store) => ({
      ...store,
      ack: (...args) => (fails ? Promise.reject(new Error('down')) : store.ack(...args)),
    }),
  })
  const juliet = await host.connect(balcony, { acknowledges: true, refuses: () => true })
  await juliet.available()
  await host.says('1')
  await settled()
  expect(host.answers()).toEqual([expect.stringContaining('<not-acceptable')])
  fails = false
  await host.clock.advance(100)
  expect([await host.waiting(), host.logged]).toEqual([0, []])
})

test('it costs nothing where it is of no use', async () => {
  const host = fakeHost()
  let appended = 0
  const { append } = host.store
  host.store.append = (...args) => {
    appended += 1
    return append(...args)
  }
  const by = { by: (await host.connect('juliet@example.com/x')).jid.bare, id: 'a' }
  const archive = host.hooks.on(receivePacket, (stanza) => stanza.withMeta(archivedAs, by))
  const juliet = await managed(host)
  await host.says('archived')
  archive[Symbol.dispose]()
  await host.says('not to be kept', '', "<no-store xmlns='urn:xmpp:hints'/>")
  await host.arrives(
    `<message from='romeo@example.net' to='${balcony}' type='headline'><body>h</body></message>`,
  )
  await host.arrives(`<presence from='romeo@example.net' to='${balcony}'/>`)
  expect(juliet.heard()).toHaveLength(4)
  await juliet.leave()
  const plain = await host.connect(balcony, { receiptsByHand: true })
  await plain.available()
  await host.says('to a client that does not acknowledge')
  expect([plain.bodies(), appended]).toEqual([['to a client that does not acknowledge'], 0])

  const without = fakeHost({ options: { keepUntilAcknowledged: false } })
  await managed(without)
  await without.says('1')
  expect(await without.waiting()).toBe(0)
})

test('SEC-25: it goes with the account', async () => {
  const host = fakeHost()
  const juliet = await managed(host)
  await host.says('1')
  await host.remove()
  expect(await host.waiting()).toBe(0)
  acknowledge(juliet)
  await host.clock.advance(100)
  expect(host.logged).toEqual([])
})
