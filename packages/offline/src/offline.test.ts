import { drop } from '@xmppkit/hooks'
import { parseJid } from '@xmppkit/jid'
import {
  archivedAs,
  offlineMessage,
  offlineSeq,
  receivePacket,
  type Storing,
  storing,
} from '@xmppkit/sessions'
import { describe, expect, test, vi } from 'vitest'
import { fakeHost, settled, unknowing } from './fake-host.js'
import type { OfflineStore } from './ports.js'
import { fromOfflineStorage } from './replay.js'

const balcony = 'juliet@example.com/balcony'
const stamped = (body: string, stamp = '2002-09-10T23:08:25Z') =>
  `<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'><body>${body}</body><delay xmlns='urn:xmpp:delay' from='example.com' stamp='${stamp}'>Offline storage</delay></message>`
const condition = (stanza: string | undefined) =>
  stanza?.match(/<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/)?.[1]

describe('X-CONS: a message that is in the archive of its addressee', () => {
  const archived = { by: parseJid('juliet@example.com').bare, id: 'a1' }
  const archives = (host: ReturnType<typeof fakeHost>) =>
    host.hooks.on(
      offlineMessage,
      ({ action, stanza }) => ({ action, stanza: stanza.withMeta(archivedAs, archived) }),
      { seq: offlineSeq.archive },
    )

  test('waits like any other', async () => {
    const host = fakeHost()
    archives(host)
    await host.says('one')
    const juliet = await host.connect(balcony)
    await juliet.available()
    expect(juliet.bodies()).toEqual(['one'])
  })

  test('is not lost though too many wait, and no error says so', async () => {
    const host = fakeHost({ options: { maxMessagesPerAccount: 1 } })
    archives(host)
    await host.says('one')
    await host.says('two')
    expect([await host.waiting(), host.answers(), host.logged]).toEqual([1, [], []])
  })

  test('is not lost though it cannot be stored; that is reported', async () => {
    const host = fakeHost({
      store: (store) => ({ ...store, append: () => Promise.reject(new Error('down')) }),
    })
    archives(host)
    await host.says('one')
    expect([host.answers(), host.logged]).toEqual([[], ['a message is archived, but cannot wait']])
  })

  test('X-CONS: comes to who is being handed others though it cannot be stored behind them', async () => {
    let isDown = false
    const host = fakeHost({
      store: (store) => ({
        ...store,
        append: (...args) => (isDown ? Promise.reject(new Error('down')) : store.append(...args)),
      }),
      options: { releaseBatch: 1 },
    })
    host.hooks.on(receivePacket, (stanza) => stanza.withMeta(archivedAs, archived))
    await host.says('1')
    await host.says('2')
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.available()
    isDown = true
    const saying = host.says('3')
    await settled()
    expect(juliet.bodies()).toEqual(['1'])
    juliet.receipts.shift()?.('delivered')
    await saying
    expect([juliet.bodies(), host.answers()]).toEqual([['2', '3'], []])
    expect(host.logged).toEqual(['a message is archived, but cannot wait'])
  })
})

describe('X-CONS: a message that is being archived', () => {
  const archiving = (fails: boolean) => {
    const order: string[] = []
    const acks: (() => void)[] = []
    const host = fakeHost({
      store: (store) => ({
        ...store,
        async ack(...about) {
          await new Promise<void>((resolve) => acks.push(resolve))
          return store.ack(...about)
        },
        append(...about) {
          order.push('append')
          return store.append(...about)
        },
      }),
    })
    const pending = {
      state: 'pending' as Storing['state'],
      flush: async () => {
        order.push('flush')
        await settled()
        order.push('durable')
        pending.state = fails ? 'failed' : 'durable'
        if (fails) throw new Error('disk full')
      },
      whenDurable: () => {},
    }
    const mark = { by: parseJid('juliet@example.com').bare, id: 'a1' }
    host.hooks.on(
      offlineMessage,
      ({ action, stanza }) => ({
        action,
        stanza: stanza.withMeta(archivedAs, mark).withMeta(storing, pending),
      }),
      { seq: offlineSeq.archive },
    )
    host.hooks.on(
      offlineMessage,
      (value) => {
        order.push(value.action)
        return value
      },
      { seq: offlineSeq.push },
    )
    return { host, order, acks }
  }

  test('is written to wait at the same time, and counts as stored when both are done', async () => {
    const { host, order } = archiving(false)
    await host.says('one')
    expect(order).toEqual(['append', 'flush', 'durable', 'stored'])
    expect([await host.waiting(), host.answers()]).toEqual([1, []])
  })

  test('is refused, and does not wait, if it cannot be archived', async () => {
    const { host, acks } = archiving(true)
    const said = host.says('one')
    await vi.waitUntil(() => acks.length > 0)
    acks[0]?.()
    await said
    expect(await host.waiting()).toBe(0)
    expect(host.answers().map(condition)).toEqual(['internal-server-error'])
  })

  test('nor does anybody get it while it is taken out again', async () => {
    const { host, acks } = archiving(true)
    const said = host.says('one')
    await vi.waitUntil(() => acks.length > 0)
    const juliet = await host.connect(balcony)
    await juliet.available()
    expect(juliet.bodies()).toEqual([])
    acks[0]?.()
    await said
    await settled()
    expect(juliet.bodies()).toEqual([])
    expect([await host.waiting(), acks.length]).toEqual([0, 1])
  })
})

describe('XEP-0160: a message for somebody who is away', () => {
  test('OFF-1 N-1: it is stored without an answer, and delivered with its time at the next login, once', async () => {
    const host = fakeHost()
    await host.says('O blessed, blessed night!')
    await host.clock.advance(3_600_000)
    await host.says('Too flattering-sweet to be substantial.')
    expect(host.answers()).toEqual([])
    const juliet = await host.connect(balcony)
    await settled()
    expect(juliet.heard()).toEqual([])
    await juliet.available()
    expect(juliet.heard()).toEqual([
      stamped('O blessed, blessed night!'),
      stamped('Too flattering-sweet to be substantial.', '2002-09-11T00:08:25Z'),
    ])
    expect(await host.waiting()).toBe(0)
    await juliet.unavailable()
    await juliet.available()
    expect(juliet.heard()).toEqual([])
  })

  test('M-2 N-1: a resource of negative priority gets nothing; when its priority rises it does', async () => {
    const host = fakeHost()
    await host.says('one')
    const juliet = await host.connect(balcony)
    await juliet.available(-1)
    await host.says('two')
    expect(juliet.heard()).toEqual([])
    await juliet.available(5)
    expect(juliet.bodies()).toEqual(['one', 'two'])
  })

  test('N-2: later presence does not look for messages again, and nothing is written where nothing waits', async () => {
    const asked: string[] = []
    const counting = (store: OfflineStore): OfflineStore => ({
      ...unknowing(store),
      lease: (...args) => {
        asked.push('lease')
        return store.lease(...args)
      },
      count: (...args) => {
        asked.push('count')
        return store.count(...args)
      },
    })
    const host = fakeHost({ store: counting })
    const juliet = await host.connect(balcony)
    await juliet.available()
    await juliet.available(3)
    await juliet.available(0)
    expect(asked).toEqual(['count'])
  })

  test('OFF-1: a message that is stored while a login looks for messages is handed over', async () => {
    let goOn = () => {}
    const slow = (store: OfflineStore): OfflineStore => ({
      ...unknowing(store),
      async count(...args) {
        const count = await store.count(...args)
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
        return count
      },
    })
    const host = fakeHost({ store: slow })
    const juliet = await host.connect(balcony)
    await juliet.available()
    await host.says('one')
    expect(juliet.bodies()).toEqual([])
    goOn()
    await settled()
    goOn()
    await settled()
    expect(juliet.bodies()).toEqual(['one'])
    expect(await host.waiting()).toBe(0)
  })

  test('a store that knows that nothing waits is not asked, and a message finds nothing to queue behind', async () => {
    const asked: string[] = []
    const telling = (store: OfflineStore): OfflineStore => ({
      ...store,
      lease: (...args) => {
        asked.push('lease')
        return store.lease(...args)
      },
      count: (...args) => {
        asked.push('count')
        return store.count(...args)
      },
      append: (...args) => {
        asked.push('append')
        return store.append(...args)
      },
    })
    const host = fakeHost({ store: telling })
    const juliet = await host.connect(balcony)
    const presence = juliet.available()
    await host.says('one')
    await presence
    expect(juliet.bodies()).toEqual(['one'])
    expect(asked).toEqual([])
    await juliet.leave()
    await host.says('two')
    const again = await host.connect(balcony)
    await again.available()
    expect(again.bodies()).toEqual(['two'])
    expect(asked).toEqual(['append', 'lease'])
  })

  test.each([
    ['a headline', "type='headline'", '<body>x</body>', [], 0],
    ['an error', "type='error'", '<body>x</body>', [], 0],
    ['a chat state', "type='chat'", "<active xmlns='http://jabber.org/protocol/chatstates'/>", [], 0],
    ['a groupchat message', "type='groupchat'", '<body>x</body>', ['service-unavailable'], 0],
    [
      'one not to be stored',
      "type='chat'",
      "<body>x</body><no-store xmlns='urn:xmpp:hints'/>",
      ['service-unavailable'],
      0,
    ],
    ['a headline to be stored', "type='headline'", "<body>x</body><store xmlns='urn:xmpp:hints'/>", [], 1],
    [
      'one that has expired already',
      "type='chat'",
      "<body>x</body><x xmlns='jabber:x:expire' seconds='0'/>",
      [],
      0,
    ],
  ])('%s', async (_what, type, content, answers, waiting) => {
    const host = fakeHost()
    await host.arrives(`<message from='a@example.net/b' to='juliet@example.com' ${type}>${content}</message>`)
    expect(host.answers().map(condition)).toEqual(answers)
    expect(await host.waiting()).toBe(waiting)
  })

  test('M-8: for an account that does not exist nothing is stored', async () => {
    const host = fakeHost({ missing: true })
    await host.says('anybody?')
    expect(host.answers().map(condition)).toEqual(['service-unavailable'])
    expect(await host.waiting()).toBe(0)
  })

  test('M-1: one to a resource that is gone keeps its address', async () => {
    const host = fakeHost()
    await host.arrives(
      "<message from='a@example.net/b' to='juliet@example.com/gone' type='chat'><body>x</body></message>",
    )
    const juliet = await host.connect(balcony)
    await juliet.available()
    expect(juliet.heard()).toEqual([expect.stringContaining("to='juliet@example.com/gone'")])
  })

  test('XEP-0023: what expired meanwhile is not delivered, and does not count', async () => {
    const host = fakeHost({ options: { maxMessagesPerAccount: 1 } })
    await host.says('short', '', "<x xmlns='jabber:x:expire' seconds='60'/>")
    await host.clock.advance(60_000)
    await host.says('long', '', "<x xmlns='jabber:x:expire' seconds='3600'/>")
    expect(host.answers()).toEqual([])
    const juliet = await host.connect(balcony)
    await juliet.available()
    expect(juliet.heard()).toEqual([
      expect.stringContaining("<body>long</body><x xmlns='jabber:x:expire' seconds='3600'/>"),
    ])
  })

  test('L-1: with too many waiting the sender is told to wait', async () => {
    const host = fakeHost({ options: { maxMessagesPerAccount: 2 } })
    for (const body of ['one', 'two', 'three']) await host.says(body)
    expect(host.answers()).toEqual([
      expect.stringMatching(
        "<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
      ),
    ])
    expect(await host.waiting()).toBe(2)
  })

  test('X-CONS: a store that fails is internal-server-error for the sender, and the reason stays here', async () => {
    const broken = (store: OfflineStore): OfflineStore => ({
      ...store,
      append: () => Promise.reject(new Error('disk /var full')),
    })
    const host = fakeHost({ store: broken })
    await host.says('one')
    const [answer] = host.answers()
    expect(condition(answer)).toBe('internal-server-error')
    expect(answer).not.toContain('disk')
  })

  test('M-4: what another handler has decided stays so', async () => {
    const host = fakeHost()
    host.hooks.on(offlineMessage, (value) => ({ ...value, action: 'stored' }), { seq: 49 })
    await host.says('archived')
    expect(await host.waiting()).toBe(0)
    host.hooks.on(offlineMessage, () => drop, { seq: 40 })
    await host.says('spam')
    expect(await host.waiting()).toBe(0)
    expect(host.answers()).toEqual([])
  })

  test('M-4: a message that a policy drops while stored ones are handed over is not stored', async () => {
    const host = fakeHost()
    host.hooks.on(receivePacket, (stanza) => (stanza.text('body') === 'spam' ? drop : stanza), { seq: 25 })
    await host.says('one')
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.available()
    await host.says('spam')
    expect(await host.waiting()).toBe(1)
    for (const receipt of juliet.receipts.splice(0)) receipt('delivered')
    await settled()
    expect(juliet.bodies()).toEqual(['one'])
  })

  test('who receives a message can tell that it comes out of storage', async () => {
    const host = fakeHost()
    await host.says('one')
    const juliet = await host.connect(balcony)
    const marks: unknown[] = []
    const { deliver } = juliet.handle
    Object.assign(juliet.handle, {
      deliver: (...args: Parameters<typeof deliver>) => {
        marks.push(args[0].meta(fromOfflineStorage))
        return deliver(...args)
      },
    })
    await juliet.available()
    await host.says('two')
    expect(marks).toEqual([true, undefined])
  })
})

describe('order (M-7)', () => {
  test('M-7: it survives storage, also where writing takes longer for one than for the next', async () => {
    const delays = [3, 0, 2, 0, 1]
    const slow = (store: OfflineStore): OfflineStore => ({
      ...store,
      async append(...args) {
        for (let turn = delays.shift() ?? 0; turn > 0; turn -= 1) await settled()
        return store.append(...args)
      },
    })
    const host = fakeHost({ store: slow })
    // A stream handles its stanzas one after another.
    for (const body of ['1', '2', '3', '4', '5']) await host.says(body)
    const juliet = await host.connect(balcony)
    await juliet.available()
    expect(juliet.bodies()).toEqual(['1', '2', '3', '4', '5'])
  })

  test('M-7 OFF-1: what comes while stored messages are handed over queues behind them', async () => {
    const host = fakeHost({ options: { releaseBatch: 2 } })
    for (const body of ['1', '2', '3']) await host.says(body)
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.available()
    await host.says('4')
    await host.arrives(
      `<message from='romeo@example.net/orchard' to='${balcony}' type='chat'><body>5</body></message>`,
    )
    const seen: (string | undefined)[] = []
    while (juliet.receipts.length > 0) {
      seen.push(...juliet.bodies())
      for (const receipt of juliet.receipts.splice(0)) receipt('delivered')
      await settled()
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5'])
    expect(await host.waiting()).toBe(0)
    await host.says('6')
    expect(juliet.heard()).toEqual([
      "<message from='romeo@example.net/orchard' to='juliet@example.com' type='chat'><body>6</body></message>",
    ])
  })

  test('M-7 OFF-1: what was handed over is not waited for: what comes then is behind it', async () => {
    const host = fakeHost()
    for (const body of ['1', '2']) await host.says(body)
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.available()
    await host.says('3')
    expect(juliet.bodies()).toEqual(['1', '2', '3'])
    await juliet.leave()
    const again = await host.connect(balcony)
    await again.available()
    expect(again.bodies()).toEqual(['1', '2'])
  })

  test('M-7: messages that are not stored, and those to other resources, do not wait', async () => {
    const host = fakeHost()
    const other = await host.connect('juliet@example.com/tomb')
    await host.says('1')
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.available()
    await host.arrives(
      "<message from='a@example.net/b' to='juliet@example.com' type='headline'><body>news</body></message>",
    )
    await host.arrives(
      "<message from='a@example.net/b' to='juliet@example.com/tomb' type='chat'><body>hi</body></message>",
    )
    expect(juliet.bodies()).toEqual(['1', 'news'])
    expect(other.bodies()).toEqual(['hi'])
  })

  test('M-7: a message stored while its addressee comes online is delivered, before the next', async () => {
    let write = () => {}
    const slow = (store: OfflineStore): OfflineStore => ({
      ...store,
      async append(...args) {
        await new Promise<void>((resolve) => {
          write = resolve
        })
        return store.append(...args)
      },
    })
    const host = fakeHost({ store: slow })
    const writing = host.says('1')
    await settled()
    const juliet = await host.connect(balcony)
    await juliet.available()
    expect(juliet.heard()).toEqual([])
    write()
    await writing
    const next = host.says('2')
    write()
    await next
    await settled()
    expect(juliet.bodies()).toEqual(['1', '2'])
    expect(await host.waiting()).toBe(0)
  })

  test('a message stored at the very end of a release is not left behind', async () => {
    // Stored while the store says that nothing is left: whoever stores it must find that out, at whatever moment.
    for (let delay = 0; delay < 80; delay += 1) {
      const host = fakeHost()
      await host.says('1')
      const juliet = await host.connect(balcony)
      const coming = juliet.available()
      for (let tick = 0; tick < delay; tick += 1) await Promise.resolve()
      await host.says('2')
      await coming
      await settled()
      expect(juliet.bodies(), `after ${delay} ticks`).toEqual(['1', '2'])
      expect(await host.waiting()).toBe(0)
    }
  })

  test('M-7: also where two resources came meanwhile, and reading takes its time', async () => {
    const waiting: (() => void)[] = []
    const wait = () => new Promise<void>((resolve) => waiting.push(resolve))
    const goOn = async () => {
      for (const resolve of waiting.splice(0)) resolve()
      await settled()
    }
    const slow = (store: OfflineStore): OfflineStore => ({
      ...store,
      append: (...args) => wait().then(() => store.append(...args)),
      lease: (...args) => wait().then(() => store.lease(...args)),
    })
    const host = fakeHost({ store: slow })
    const writing = host.says('1')
    await settled()
    const write = waiting.splice(0)
    const clients = [await host.connect(balcony), await host.connect('juliet@example.com/chamber')]
    for (const client of clients) await client.available()
    while (waiting.length > 0) await goOn()
    for (const resolve of write) resolve()
    await writing
    const next = host.says('2')
    await settled()
    expect(clients.flatMap((client) => client.heard())).toEqual([])
    while (waiting.length > 0) await goOn()
    await next
    await settled()
    expect(clients.flatMap((client) => client.bodies())).toEqual(['1', '2'])
  })

  test('L-1 M-7: with the store full, new messages wait until the stored ones are handed over', async () => {
    const host = fakeHost({ options: { maxMessagesPerAccount: 2, releaseBatch: 1 } })
    await host.says('1')
    await host.says('2')
    const juliet = await host.connect(balcony, { receiptsByHand: true })
    await juliet.available()
    const saying = host.says('3')
    await settled()
    expect(juliet.bodies()).toEqual(['1'])
    juliet.receipts.shift()?.('delivered')
    await saying
    expect(juliet.bodies()).toEqual(['2', '3'])
    expect(host.answers()).toEqual([])
  })

  test('X-CONS: with the store full, what waited for that and was not acknowledged is not refused', async () => {
    const host = fakeHost({ options: { maxMessagesPerAccount: 2 } })
    const managed = { acknowledges: true, receiptsByHand: true }
    await host.says('1')
    await host.says('2')
    const juliet = await host.connect(balcony, managed)
    await Promise.all([juliet.available(), host.says('3')])
    expect(juliet.bodies()).toEqual(['1', '2', '3'])
    expect(await host.waiting()).toBe(3)
    await juliet.leave()
    const again = await host.connect(balcony, managed)
    await again.available()
    expect([again.bodies(), host.answers()]).toEqual([['1', '2', '3'], []])
  })

  test('X-CONS: nor is it though something else is being stored by then', async () => {
    const writes: (() => void)[] = []
    let isSlow = false
    const host = fakeHost({
      store: (store) => ({
        ...store,
        async append(...args) {
          if (isSlow) await new Promise<void>((resolve) => writes.push(resolve))
          return store.append(...args)
        },
      }),
      options: { maxMessagesPerAccount: 2, releaseBatch: 1 },
    })
    await host.says('1')
    await host.says('2')
    const juliet = await host.connect(balcony, { acknowledges: true, receiptsByHand: true })
    await juliet.available()
    const waits = host.says('3')
    await settled()
    isSlow = true
    juliet.receipts.shift()?.('delivered')
    const comes = host.says('4')
    await settled()
    isSlow = false
    for (const go of writes.splice(0)) go()
    await Promise.all([waits, comes])
    await settled()
    // The last is not under way yet: there is room for one at a time.
    expect([juliet.bodies(), await host.waiting()]).toEqual([['1', '2', '3'], 3])
  })

  test('a second resource that comes where one is already does not make messages queue', async () => {
    let lease = () => {}
    const slow = (store: OfflineStore): OfflineStore => ({
      ...store,
      async lease(...args) {
        await new Promise<void>((resolve) => {
          lease = resolve
        })
        return store.lease(...args)
      },
    })
    const host = fakeHost({ store: slow })
    const first = await host.connect(balcony)
    await first.available()
    lease()
    await settled()
    const second = await host.connect('juliet@example.com/chamber')
    await second.available()
    await host.says('hello')
    expect(first.bodies()).toEqual(['hello'])
    expect(second.bodies()).toEqual(['hello'])
    lease()
    await settled()
  })
})

describe('an account is removed', () => {
  test('P-10: its messages are gone, and none comes for the next of its name', async () => {
    const host = fakeHost()
    await host.says('1')
    const juliet = await host.connect(balcony)
    await juliet.available(-1)
    await host.remove()
    expect(await host.waiting()).toBe(0)
    await host.says('2')
    expect(host.answers().map(condition)).toEqual(['service-unavailable'])
    expect(await host.waiting()).toBe(0)
    await juliet.leave()
    await host.says('3')
    expect(await host.waiting()).toBe(1)
  })
})

test('after it was closed nothing is stored or released, and no timer is left', async () => {
  const host = fakeHost()
  await host.says('1')
  await host.offline.close()
  expect(host.clock.timers).toBe(0)
  await host.says('2')
  expect(host.answers().map(condition)).toEqual(['service-unavailable'])
  const juliet = await host.connect(balcony)
  await juliet.available()
  expect(juliet.heard()).toEqual([])
  expect(await host.waiting()).toBe(1)
})
