import { type C2sSession, syncsFromArchive, userSendPacket } from '@xmppkit/c2s'
import { isDrop } from '@xmppkit/hooks'
import { takenAt } from '@xmppkit/sessions'
import { describe, expect, test } from 'vitest'
import { type Client, type FakeHost, fakeHost, read, settled, unknowing } from './fake-host.js'
import type { OfflineOptions } from './offline-options.js'
import type { OfflineStore } from './ports.js'
import { createWaitingCounts } from './waiting-counts.js'

const balcony = 'juliet@example.com/balcony'
const chamber = 'juliet@example.com/chamber'

const archivedBy = (account: string) => `<stanza-id xmlns='urn:xmpp:sid:0' by='${account}' id='x'/>`

const kinds: readonly (readonly [name: string, kind: (store: OfflineStore) => OfflineStore])[] = [
  ['a store that knows whether something waits', (store) => store],
  ['a store that has to look', unknowing],
  ['a store whose messages are counted', (store) => createWaitingCounts(unknowing(store))],
]

describe.each(kinds)('%s', (_, kind) => {
  async function scene(
    bodies: readonly string[],
    options: OfflineOptions = {},
    store: (s: OfflineStore) => OfflineStore = (s) => s,
  ) {
    const host = fakeHost({ options, store: (memory) => kind(store(memory)) })
    for (const body of bodies) await host.says(body)
    return host
  }

  /** Gives the receipts a client has not given yet. */
  async function receipt(client: Client, outcome: 'delivered' | 'failed', count = Number.POSITIVE_INFINITY) {
    for (const done of client.receipts.splice(0, count)) done(outcome)
    await settled()
  }

  async function byHand(host: FakeHost, address = balcony, priority = 0): Promise<Client> {
    const client = await host.connect(address, { receiptsByHand: true })
    await client.available(priority)
    return client
  }

  /** A stanza of a client comes in; resolves when it is about to be handled. */
  async function saysSomething(host: FakeHost, { jid, handle }: Client): Promise<string> {
    const session = { sid: handle.sid, jid } as C2sSession
    const folded = await host.hooks.fold(userSendPacket, read("<message to='romeo@example.com'/>"), {
      session,
    })
    return isDrop(folded) ? 'dropped' : 'handled'
  }

  /** A store whose method can be made to fail. */
  function failing(method: 'ack' | 'lease' | 'release') {
    const state = { fails: true, calls: 0 }
    const wrap = (store: OfflineStore): OfflineStore => ({
      ...store,
      [method]: (...args: never[]) => {
        state.calls += 1
        if (state.fails) return Promise.reject(new Error('store is down'))
        return (store[method] as (...all: never[]) => Promise<unknown>)(...args)
      },
    })
    return { state, wrap }
  }

  describe('nothing is deleted before it was handed over', () => {
    test('OFF-1 X-CONS: messages stay until the connection took them', async () => {
      const host = await scene(['1', '2'])
      const juliet = await byHand(host)
      expect(juliet.bodies()).toEqual(['1', '2'])
      expect(await host.waiting()).toBe(2)
      await receipt(juliet, 'delivered')
      expect(await host.waiting()).toBe(0)
    })

    test('X-CONS: what a client has when it says something is deleted before that is handled', async () => {
      const host = await scene(['1', '2', '3'])
      const juliet = await byHand(host)
      await receipt(juliet, 'delivered', 2)
      expect(await host.waiting()).toBe(3)
      await saysSomething(host, juliet)
      expect(await host.waiting()).toBe(1)
      await receipt(juliet, 'delivered')
      expect(await host.waiting()).toBe(0)
      expect(juliet.bodies()).toEqual(['1', '2', '3'])
    })

    test('a client is heard though what it has cannot be deleted', async () => {
      const { state, wrap } = failing('ack')
      const host = await scene(['1', '2'], {}, wrap)
      const juliet = await byHand(host)
      await receipt(juliet, 'delivered', 1)
      expect(await saysSomething(host, juliet)).toBe('handled')
      expect(state.calls).toBe(1)
    })

    test('OFF-1 X-CONS: of a connection that is lost, what it did not take is delivered at the next login', async () => {
      const host = await scene(['1', '2', '3'])
      const juliet = await byHand(host)
      juliet.receipts.shift()?.('delivered')
      await juliet.leave()
      expect(await host.waiting()).toBe(2)
      const again = await host.connect(balcony)
      await again.available()
      expect(again.bodies()).toEqual(['2', '3'])
      expect(await host.waiting()).toBe(0)
    })

    test('OFF-1: or at once by another resource that is there', async () => {
      const host = await scene(['1', '2'])
      const juliet = await byHand(host)
      const other = await host.connect(chamber)
      await other.available()
      expect(other.heard()).toEqual([])
      await juliet.leave()
      expect(other.bodies()).toEqual(['1', '2'])
      expect(await host.waiting()).toBe(0)
    })

    test('OFF-1: a session that reads the archive is sent only what is not there, or came later', async () => {
      const host = await scene(['not archived'])
      await host.says('archived', '', archivedBy('juliet@example.com'))
      await host.says('archived elsewhere', '', archivedBy('romeo@example.com'))
      await host.clock.advance(1)
      const juliet = await host.connect(balcony)
      await host.hooks.run(syncsFromArchive, { session: juliet.handle })
      await host.says('archived later', '', archivedBy('juliet@example.com'))
      await host.clock.advance(1)
      await host.hooks.run(syncsFromArchive, { session: juliet.handle })
      await juliet.available()
      expect(juliet.bodies()).toEqual(['not archived', 'archived elsewhere', 'archived later'])
      expect(await host.waiting()).toBe(0)
    })

    test('OFF-1: nor is anything left out that was still being written when it began to read', async () => {
      let write = () => {}
      const host = await scene([], {}, (store) => ({
        ...store,
        async append(...message) {
          await new Promise<void>((resolve) => (write = resolve))
          return store.append(...message)
        },
      }))
      const late = host.says('archived late', '', archivedBy('juliet@example.com'))
      await host.clock.advance(1)
      const juliet = await host.connect(balcony)
      await host.hooks.run(syncsFromArchive, { session: juliet.handle })
      write()
      await late
      await juliet.available()
      expect(juliet.bodies()).toEqual(['archived late'])
      expect(await host.waiting()).toBe(0)
    })

    test('OFF-1: but another session is sent all of it', async () => {
      const host = await scene([])
      await host.says('archived', '', archivedBy('juliet@example.com'))
      await host.clock.advance(1)
      const juliet = await host.connect(balcony)
      await host.hooks.run(syncsFromArchive, { session: juliet.handle })
      const other = await host.connect(chamber)
      await other.available()
      expect(other.bodies()).toEqual(['archived'])
    })

    test('OFF-1: a session that becomes unavailable meanwhile gets no more; the rest waits', async () => {
      const host = await scene(['1', '2', '3'], { releaseBatch: 1 })
      const juliet = await byHand(host)
      await juliet.unavailable()
      await receipt(juliet, 'delivered')
      expect(juliet.bodies()).toEqual(['1'])
      expect(await host.waiting()).toBe(2)
    })

    test.each([
      [5, 1, balcony],
      [1, 5, chamber],
      [3, 3, chamber],
    ])(
      'with priorities %i and %i, %s gets them: the highest, of equals the newest',
      async (one, two, winner) => {
        const host = await scene([])
        const guard = await host.connect('juliet@example.com/guard')
        host.offline.retrievesItself(guard.handle)
        const clients = [await host.connect(balcony), await host.connect(chamber)] as const
        await clients[0].available(one)
        await clients[1].available(two)
        const stanza = "<message xmlns='jabber:client'><body>1</body></message>"
        await host.store.append(guard.jid.bare, { stanza, receivedAt: 1 }, 10)
        await guard.leave()
        const third = await host.connect('juliet@example.com/tomb')
        await third.available(0)
        const got = [...clients, third].filter((client) => client.bodies().length > 0)
        expect(got.map((client) => client.jid.toString())).toEqual([winner])
      },
    )
  })

  describe('a little at a time', () => {
    test('L-1: batches of messages, and a number of bytes under way', async () => {
      const long = 'x'.repeat(600)
      const host = await scene(['1', '2', '3', long, long, '6'], { releaseBatch: 5, releaseBytes: 1000 })
      const juliet = await byHand(host)
      const windows: number[] = []
      while (juliet.receipts.length > 0) {
        windows.push(juliet.receipts.length)
        await receipt(juliet, 'delivered')
      }
      expect(windows).toEqual([3, 1, 2])
      expect(juliet.bodies()).toEqual(['1', '2', '3', long, long, '6'])
    })

    test('receipts that come at once, one after another, or in any order are all the same', async () => {
      const host = await scene(['1', '2', '3'], { releaseBatch: 2 })
      const juliet = await byHand(host)
      juliet.receipts.pop()?.('delivered')
      await settled()
      expect(juliet.receipts).toHaveLength(2)
      await receipt(juliet, 'delivered')
      expect(juliet.bodies()).toEqual(['1', '2', '3'])
      expect(await host.waiting()).toBe(0)
    })
  })

  describe('sessions that do not answer', () => {
    test('OFF-1: one that never says what it has is sent all there is room for, and what comes live', async () => {
      const host = await scene(['1', '2'])
      const juliet = await byHand(host)
      await host.says('3')
      await host.clock.advance(500_000)
      await host.says('4')
      expect(juliet.bodies()).toEqual(['1', '2', '3', '4'])
      expect(await host.waiting()).toBe(2)
    })

    test('OFF-1: one whose count stays behind is sent everything all the same', async () => {
      const bodies = Array.from({ length: 50 }, (_, n) => n.toString())
      const host = await scene(bodies, { releaseBatch: 5 })
      const juliet = await byHand(host)
      while (juliet.receipts.length > 3) await receipt(juliet, 'delivered', juliet.receipts.length - 3)
      expect(juliet.bodies()).toEqual(bodies)
      await host.clock.advance(100)
      expect(await host.waiting()).toBe(3)
    })

    test('M-7: when it has left no room for too long the messages wait, and new ones behind them', async () => {
      const host = await scene(['1', '2'], { leaseMs: 1000, releaseBatch: 1 })
      const juliet = await byHand(host)
      await host.says('3')
      await host.clock.advance(1000)
      expect(await host.waiting()).toBe(3)
      await host.says('4')
      expect(juliet.bodies()).toEqual(['1'])
      await juliet.leave()
      const again = await host.connect(balcony)
      await again.available()
      expect(again.bodies()).toEqual(['1', '2', '3', '4'])
      expect(await host.waiting()).toBe(0)
    })

    test('X-CONS: another resource gets what it was not given, without a new login', async () => {
      const host = await scene(['1', '2'], { leaseMs: 1000, releaseBatch: 1 })
      const juliet = await byHand(host)
      const other = await host.connect(chamber)
      await other.available()
      await host.clock.advance(1000)
      expect([juliet.bodies(), other.bodies()]).toEqual([['1'], ['2']])
      await juliet.leave()
      expect(other.bodies()).toEqual(['1'])
      expect(await host.waiting()).toBe(0)
    })

    test('X-CONS: one that wakes up has taken them after all, and gets the rest', async () => {
      const host = await scene(['1', '2'], { leaseMs: 1000, releaseBatch: 1 })
      const juliet = await byHand(host)
      await host.clock.advance(1000)
      await juliet.available(3)
      expect(juliet.bodies()).toEqual(['1'])
      await receipt(juliet, 'delivered')
      expect(juliet.bodies()).toEqual(['2'])
      await receipt(juliet, 'delivered')
      expect(await host.waiting()).toBe(0)
    })

    /** Lets so many turns of promises pass. */
    const turns = async (count: number) => {
      for (let turn = 0; turn < count; turn += 1) await undefined
    }

    test.each([0, 1, 2, 3])(
      'M-7: one that takes all of them %i turns after its time was over gets the rest, in order',
      async (late) => {
        const host = await scene(['1', '2', '3', '4', '5'], {
          leaseMs: 1000,
          releaseBatch: 3,
          releaseBytes: 260,
        })
        const juliet = await host.connect(balcony, { receiptsByHand: true })
        const { after } = host.clock
        host.clock.after = (ms, over) =>
          after(ms, () => {
            over()
            if (ms === 1000) void turns(late).then(() => receipt(juliet, 'delivered'))
          })
        await juliet.available()
        expect(juliet.receipts).toHaveLength(2)
        await host.clock.advance(1000)
        while (juliet.receipts.length > 0) await receipt(juliet, 'delivered')
        expect(juliet.bodies()).toEqual(['1', '2', '3', '4', '5'])
      },
    )

    test.each([0, 1, 2, 3])(
      'M-7: one that is unavailable for %i turns gets what comes next in order',
      async (away) => {
        const host = await scene(['1', '2', '3', '4', '5'], { releaseBatch: 3, releaseBytes: 260 })
        const juliet = await byHand(host)
        await juliet.unavailable()
        for (const done of juliet.receipts.splice(0)) done('delivered')
        await turns(away)
        await juliet.available()
        while (juliet.receipts.length > 0) await receipt(juliet, 'delivered')
        expect(juliet.bodies()).toEqual(['1', '2', '3', '4', '5'])
      },
    )

    test('X-CONS: nothing comes twice while it has not said what became of all of them', async () => {
      const host = await scene(['1', '2', '3'])
      const juliet = await byHand(host)
      expect(juliet.bodies()).toEqual(['1', '2', '3'])
      await host.clock.advance(120_000)
      await receipt(juliet, 'delivered', 1)
      const other = await byHand(host, chamber, 5)
      await host.clock.advance(120_000)
      expect([juliet.bodies(), other.bodies()]).toEqual([[], []])
      await receipt(juliet, 'delivered')
      expect(juliet.bodies()).toEqual([])
      expect(await host.waiting()).toBe(0)
    })

    test('OFF-1: what it says it did not take after all is tried again later, and goes to another at once', async () => {
      const host = await scene(['1', '2'])
      const juliet = await byHand(host)
      const other = await byHand(host, chamber)
      expect(juliet.bodies()).toEqual(['1', '2'])
      await receipt(juliet, 'failed', 1)
      await receipt(juliet, 'delivered', 1)
      expect(other.bodies()).toEqual(['1'])
    })

    test('SM-6: a message that was taken over earlier says so', async () => {
      const host = await scene([])
      const at = host.clock.now() - 60_000
      const stanza = read("<message to='juliet@example.com' type='chat'><body>1</body></message>")
      await host.sessions.reroute(stanza.withMeta(takenAt, at))
      const juliet = await host.connect(balcony)
      await juliet.available()
      expect(juliet.heard().join()).toContain(`stamp='${new Date(at).toISOString().slice(0, 19)}`)
    })

    test('closing does not wait for them', async () => {
      const host = await scene(['1', '2'])
      const juliet = await byHand(host)
      juliet.receipts.shift()?.('delivered')
      await host.offline.close()
      expect(await host.waiting()).toBe(1)
      expect(host.clock.timers).toBe(0)
      expect(
        await host.store.lease(juliet.jid.bare, { holder: 'x', limit: 9, now: 0, until: 0 }),
      ).toHaveLength(1)
    })
  })

  describe('messages a session refuses', () => {
    test('they are left out, hold up no others, and wait for another try', async () => {
      const host = await scene(['1', 'spam', '3', '4'], { releaseBatch: 2, leaseMs: 1000 })
      let blocking = true
      const juliet = await host.connect(balcony, {
        refuses: (stanza) => blocking && stanza.text('body') === 'spam',
      })
      await juliet.available()
      expect(juliet.bodies()).toEqual(['1', '3', '4'])
      expect(await host.waiting()).toBe(1)
      blocking = false
      await host.clock.advance(1000)
      expect(juliet.bodies()).toEqual(['spam'])
      expect(await host.waiting()).toBe(0)
    })

    test('one that cannot be read is reported and dropped', async () => {
      const host = await scene(['1'])
      const juliet = await host.connect(balcony)
      await host.store.append(juliet.jid.bare, { stanza: '<message', receivedAt: 1 }, 10)
      await host.says('3')
      await juliet.available()
      expect(juliet.bodies()).toEqual(['1', '3'])
      expect(host.logged).toEqual(['a stored message cannot be read and is dropped'])
      expect(await host.waiting()).toBe(0)
    })
  })

  describe('a store that fails (flush failure keeps)', () => {
    test('OFF-1: messages that could not be read out wait, and are tried again', async () => {
      const { state, wrap } = failing('lease')
      const host = await scene(['1'], { leaseMs: 1000 }, wrap)
      const juliet = await host.connect(balcony)
      await juliet.available()
      expect(juliet.heard()).toEqual([])
      expect(host.logged).toEqual(['stored messages could not be delivered; they wait'])
      state.fails = false
      await host.clock.advance(1000)
      expect(juliet.bodies()).toEqual(['1'])
      expect(await host.waiting()).toBe(0)
    })

    test('X-CONS: what was handed over and could not be deleted is not handed over again', async () => {
      const { state, wrap } = failing('ack')
      const host = await scene(['1', '2'], { leaseMs: 1000 }, wrap)
      const juliet = await host.connect(balcony)
      await juliet.available()
      expect(juliet.bodies()).toEqual(['1', '2'])
      expect(await host.waiting()).toBe(2)
      await juliet.leave()
      await host.says('3')
      state.fails = false
      const again = await host.connect(balcony)
      await again.available()
      expect(again.bodies()).toEqual(['3'])
      expect(await host.waiting()).toBe(0)
    })

    test('a lease that could not be ended ends by itself', async () => {
      const { wrap } = failing('release')
      const host = await scene(['1'], { leaseMs: 1000 }, wrap)
      const juliet = await byHand(host)
      await juliet.leave()
      expect(host.logged).toEqual(['messages stay with a session until their lease ends'])
      const again = await host.connect(chamber)
      await again.available()
      expect(again.heard()).toEqual([])
      await host.clock.advance(1000)
      expect(again.bodies()).toEqual(['1'])
    })
  })

  describe('leases of others', () => {
    test('X-CONS: what was being handed over when the process died is delivered when that lease ends', async () => {
      const host = await scene(['1', '2'], { leaseMs: 1000 })
      const now = host.clock.now()
      const { jid } = await host.connect(chamber)
      await host.store.lease(jid.bare, { holder: 'dead', limit: 10, now, until: now + 1500 })
      const juliet = await host.connect(balcony)
      await juliet.available()
      expect(juliet.heard()).toEqual([])
      await host.clock.advance(1000)
      expect(juliet.heard()).toEqual([])
      await host.clock.advance(1000)
      expect(juliet.bodies()).toEqual(['1', '2'])
      expect(await host.waiting()).toBe(0)
    })
  })

  describe('sessions that retrieve by themselves', () => {
    test('OFF-1: neither they nor their siblings are flooded while they are there', async () => {
      const host = await scene(['1'])
      const own = await host.connect(balcony)
      host.offline.retrievesItself(own.handle)
      await own.available()
      const sibling = await host.connect(chamber)
      await sibling.available()
      expect([...own.heard(), ...sibling.heard()]).toEqual([])
      await host.says('live')
      expect(own.bodies()).toEqual(['live'])
      await own.leave()
      await sibling.unavailable()
      await sibling.available()
      expect(sibling.bodies()).toContain('1')
    })
  })
})
