import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import { defineIq, element, iq, readStanzaError, type Stanza } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type Concurrency, createIq, type HandleOptions } from './index.js'

const ns = 'test:work'
const work = defineIq({ type: 'set', request: element('work', ns, {}) })

/** A dispatcher with one handler whose calls end when told so. */
function setUp(options: HandleOptions) {
  const clock = createManualClock()
  const answers: string[] = []
  const dispatcher = createIq({
    route: (stanza: Stanza) =>
      void answers.push(`${stanza.id} ${readStanzaError(stanza)?.condition ?? 'done'}`),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: randomIds,
    logger: silentLogger,
  })
  const running = new Map<string, () => void>()
  const begun: string[] = []
  dispatcher.handle(
    work,
    'account',
    ({ stanza }) => {
      begun.push(stanza.id!)
      return new Promise<void>((resolve) => {
        running.set(stanza.id!, () => {
          running.delete(stanza.id!)
          resolve()
        })
      })
    },
    options,
  )
  const ask = (sender: string, id: string) =>
    dispatcher.dispatch(
      iq(
        { type: 'set', id, from: `${sender}@m.example/r`, to: 'j@c.example' },
        new Element('work', { xmlns: ns }),
      ),
      'account',
    )
  /** Ends a call and lets what follows from it happen. */
  const end = async (id: string) => {
    running.get(id)?.()
    await clock.advance(0)
  }
  return { ask, end, running: () => [...running.keys()], begun, answers, clock }
}

test('inline: called at once, and the sender’s stream waits for the answer', async () => {
  const { ask, end, running, answers } = setUp({ concurrency: 'inline' })
  const log: string[] = []
  const done = Promise.resolve(ask('a', 'a1')).then(() => log.push(`stream goes on after ${answers.join()}`))
  void ask('b', 'b1')
  expect(running()).toEqual(['a1', 'b1'])
  await end('b1')
  expect(log).toEqual([])
  await end('a1')
  await done
  expect(log).toEqual(['stream goes on after b1 done,a1 done'])
})

test('serial: one after another, and nobody’s stream waits', async () => {
  const { ask, end, running, answers } = setUp({ concurrency: 'serial' })
  for (const [sender, id] of ['a1', 'b1', 'a2'].map((one) => [one[0]!, one])) {
    expect(ask(sender!, id!)).toBeUndefined()
  }
  expect(running()).toEqual(['a1'])
  await end('a1')
  expect(running()).toEqual(['b1'])
  await end('b1')
  expect(running()).toEqual(['a2'])
  await end('a2')
  expect(answers).toEqual(['a1 done', 'b1 done', 'a2 done'])
})

test('pool: so many queues, and one sender’s requests keep their order', async () => {
  const { ask, end, running, begun } = setUp({ concurrency: { pool: 3 } })
  const senders = ['a', 'b', 'c', 'd', 'e', 'f']
  for (const n of [1, 2, 3]) for (const sender of senders) void ask(sender, `${sender}${n}`)
  while (running().length > 0) {
    expect(running().length).toBeLessThanOrEqual(3)
    // Ended in reverse, so that order does not come about by itself.
    await end(running().at(-1)!)
  }
  expect(begun).toHaveLength(18)
  for (const sender of senders) {
    expect(begun.filter((id) => id.startsWith(sender))).toEqual([1, 2, 3].map((n) => `${sender}${n}`))
  }
})

test('pool: senders spread over the queues', () => {
  const { ask, running } = setUp({ concurrency: { pool: 4 } })
  for (let n = 0; n < 40; n++) void ask(`s${n}`, `s${n}`)
  expect(running()).toHaveLength(4)
})

test('parallel: so many at a time, the next when one ends', async () => {
  const { ask, end, running } = setUp({ concurrency: { parallel: 2 } })
  for (const id of ['a1', 'a2', 'a3', 'a4']) void ask('a', id)
  expect(running()).toEqual(['a1', 'a2'])
  await end('a2')
  expect(running()).toEqual(['a1', 'a3'])
  await end('a1')
  await end('a3')
  expect(running()).toEqual(['a4'])
})

test('perSender: each sender’s one after another, others beside it, so many at a time, taking turns', async () => {
  const { ask, end, running } = setUp({ concurrency: { perSender: 2 } })
  for (const id of ['a1', 'a2', 'a3', 'b1', 'c1']) void ask(id[0]!, id)
  expect(running()).toEqual(['a1', 'b1'])
  await end('a1')
  // c has waited longer for a turn than a, which just had one.
  expect(running()).toEqual(['b1', 'c1'])
  await end('b1')
  expect(running()).toEqual(['c1', 'a2'])
  await end('a2')
  expect(running()).toEqual(['c1', 'a3'])
})

test('all resources of an account are one sender', async () => {
  const clock = createManualClock()
  const dispatcher = createIq({
    route: () => {},
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: randomIds,
    logger: silentLogger,
  })
  let most = 0
  let now = 0
  dispatcher.handle(
    work,
    'account',
    async () => {
      most = Math.max(most, ++now)
      await Promise.resolve()
      now -= 1
    },
    { concurrency: { perSender: 10 } },
  )
  for (const resource of ['a', 'b', 'c']) {
    void dispatcher.dispatch(
      iq(
        { type: 'set', id: resource, from: `r@m.example/${resource}`, to: 'j@c.example' },
        new Element('work', { xmlns: ns }),
      ),
      'account',
    )
  }
  await clock.advance(0)
  expect(most).toBe(1)
})

const policies: [string, Concurrency][] = [
  ['inline', 'inline'],
  ['serial', 'serial'],
  ['pool', { pool: 2 }],
  ['parallel', { parallel: 2 }],
  ['perSender', { perSender: 2 }],
]

describe.each(policies)('%s', (_, concurrency) => {
  test('is bounded in all, and one too many is told to wait', async () => {
    const { ask, end, running, answers } = setUp({ concurrency, maxWaiting: 4 })
    for (const id of ['a1', 'b1', 'c1', 'd1', 'e1']) void ask(id[0]!, id)
    expect(answers).toEqual(['e1 resource-constraint'])
    while (running().length > 0) await end(running()[0]!)
    expect(answers).toHaveLength(5)
    void ask('e', 'e2')
    await end('e2')
    expect(answers.at(-1)).toBe('e2 done')
  })

  test('is bounded for each sender, so that nobody takes all the places', async () => {
    const { ask, end, running, answers } = setUp({ concurrency, maxPerSender: 2 })
    for (const id of ['a1', 'a2', 'a3', 'b1']) void ask(id[0]!, id)
    expect(answers).toEqual(['a3 resource-constraint'])
    while (running().length > 0) await end(running()[0]!)
    expect(answers.slice(1).sort()).toEqual(['a1 done', 'a2 done', 'b1 done'])
  })

  test('Q-1: everything is answered once, also what times out while it waits for its turn', async () => {
    const { ask, end, running, answers, clock, begun } = setUp({ concurrency, timeoutMs: 1_000 })
    const ids = ['a1', 'a2', 'b1', 'b2', 'c1']
    for (const id of ids) void ask(id[0]!, id)
    await clock.advance(1_000)
    expect(answers.toSorted()).toEqual(ids.map((id) => `${id} internal-server-error`))
    // What had no turn yet never gets one; the places are free again.
    const before = begun.length
    while (running().length > 0) await end(running()[0]!)
    expect(begun).toHaveLength(before)
    void ask('d', 'd1')
    await end('d1')
    expect(answers.at(-1)).toBe('d1 done')
    expect(clock.timers).toBe(0)
  })
})

test('the place of a handler that hangs is given back only when it ends: what hangs cannot pile up', async () => {
  const { ask, end, answers, clock } = setUp({ maxWaiting: 1, timeoutMs: 1_000 })
  void ask('a', 'a1')
  await clock.advance(1_000)
  void ask('b', 'b1')
  expect(answers).toEqual(['a1 internal-server-error', 'b1 resource-constraint'])
  await end('a1')
  void ask('b', 'b2')
  await end('b2')
  expect(answers.at(-1)).toBe('b2 done')
})

test('handlers that do not wait are answered at once, in any number, without growing the stack', () => {
  const answers: (string | undefined)[] = []
  const dispatcher = createIq({
    route: (stanza: Stanza) => void answers.push(stanza.id),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock: createManualClock(),
    ids: randomIds,
    logger: silentLogger,
  })
  dispatcher.handle(work, 'account', () => {}, { concurrency: 'serial', maxWaiting: 1 })
  for (let n = 0; n < 20_000; n++) {
    const request = iq(
      { type: 'set', id: `${n}`, from: 'a@m.example/r', to: 'j@c.example' },
      new Element('work', { xmlns: ns }),
    )
    void dispatcher.dispatch(request, 'account')
  }
  expect(answers).toHaveLength(20_000)
})

test('many that wait behind one are worked off without growing the stack', async () => {
  const answers: (string | undefined)[] = []
  const clock = createManualClock()
  const dispatcher = createIq({
    route: (stanza: Stanza) => void answers.push(stanza.id),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: randomIds,
    logger: silentLogger,
  })
  let go = () => {}
  let first = true
  dispatcher.handle(
    work,
    'account',
    () => {
      if (!first) return
      first = false
      return new Promise<void>((resolve) => {
        go = resolve
      })
    },
    { concurrency: 'serial', maxWaiting: 20_000, maxPerSender: 20_000 },
  )
  for (let n = 0; n < 20_000; n++) {
    const request = iq(
      { type: 'set', id: `${n}`, from: 'a@m.example/r', to: 'j@c.example' },
      new Element('work', { xmlns: ns }),
    )
    void dispatcher.dispatch(request, 'account')
  }
  expect(answers).toHaveLength(0)
  go()
  await clock.advance(0)
  expect(answers).toEqual(Array.from({ length: 20_000 }, (_, n) => `${n}`))
})

test.each<[Concurrency]>([
  [{ pool: 0 }],
  [{ pool: 1.5 }],
  [{ pool: Number.POSITIVE_INFINITY }],
  [{ parallel: -1 }],
  [{ perSender: Number.NaN }],
])('%o is refused', (concurrency) => {
  expect(() => setUp({ concurrency })).toThrow(expect.objectContaining({ code: 'iq/invalid-option' }))
})

test('without an end is allowed where the places are counted anyway', () => {
  const { ask, running } = setUp({ concurrency: { parallel: Number.POSITIVE_INFINITY } })
  for (const id of ['a1', 'a2', 'a3']) void ask('a', id)
  expect(running()).toHaveLength(3)
})
