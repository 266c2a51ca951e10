import { createManualClock, type Logger } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { OutboxError } from './errors.js'
import { Unreachable } from './event-sink.js'
import { fakeReceiver, nameOf, settled } from './fake-receiver.js'
import { createMemoryOutboxStore } from './memory-store.js'
import { type OutboxOptions, outboxDefaults } from './outbox-options.js'
import type { OutboxStore } from './ports.js'
import { createTargetDelivery } from './target-delivery.js'

function scene(
  options: OutboxOptions = {},
  setup: { readonly store?: OutboxStore; readonly random?: number } = {},
) {
  const clock = createManualClock(Date.UTC(2026, 0, 31))
  const store = setup.store ?? createMemoryOutboxStore()
  const receiver = fakeReceiver()
  const logged: string[] = []
  const note = (message: string) => void logged.push(message)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const settings = { ...outboxDefaults, ...options }
  const gone: string[] = []
  const start = (holder = 'one', through = store) =>
    createTargetDelivery(
      {
        store: through,
        clock,
        logger,
        holder,
        random: () => setup.random ?? 0,
        gone: ({ event }, how) => void gone.push(`${nameOf(JSON.parse(event))} ${how}`),
        polled() {},
      },
      receiver.target,
      settings,
    )
  const append = async (...names: readonly string[]) => {
    for (const name of names) {
      const [conversation = '', id = ''] = name.split('/')
      const event = JSON.stringify({ conversation, data: { id } })
      await store.append([
        { target: 'crm', conversation, account: 'a@b', type: 'message.sent', event, at: clock.now() },
      ])
    }
  }
  const advance = async (ms: number) => {
    await clock.advance(ms)
    await settled()
  }
  return { clock, store, receiver, logged, gone, start, append, advance, count: () => store.count('crm') }
}

const unreachable = () => {
  throw new Unreachable('nobody there')
}
const never = () => new Promise<void>(() => {})

describe('what waits is delivered', () => {
  test('from before the start, and as it comes; then it is gone', async () => {
    const { receiver, start, append, gone, count } = scene()
    await append('a/1', 'a/2')
    const delivery = start()
    await settled()
    await append('a/3')
    delivery.wake()
    await settled()
    expect(receiver.got).toEqual(['a/1', 'a/2', 'a/3'])
    expect(gone).toEqual(['a/1 delivered', 'a/2 delivered', 'a/3 delivered'])
    expect(await count()).toEqual({ waiting: 0, dead: 0 })
    await delivery.close()
  })

  test('M-7: those of a conversation one after another, so many conversations at a time', async () => {
    const { receiver, start, append } = scene({ concurrency: 2 })
    const ends: (() => void)[] = []
    receiver.answer = () => new Promise<void>((resolve) => ends.push(resolve))
    await append('a/1', 'a/2', 'b/1', 'c/1')
    const delivery = start()
    await settled()
    expect(receiver.tried).toEqual(['a/1', 'b/1'])
    ends[0]?.()
    await settled()
    expect(receiver.tried).toEqual(['a/1', 'b/1', 'c/1'])
    for (let n = 1; n < 4; n += 1) {
      ends[n]?.()
      await settled()
    }
    expect(receiver.got).toEqual(['a/1', 'b/1', 'c/1', 'a/2'])
    await delivery.close()
  })

  test('more than is read at one time', async () => {
    const { receiver, start, append } = scene({ batch: 4, concurrency: 3 })
    const all = Array.from({ length: 50 }, (_, n) => `${'abcde'[n % 5]}/${n}`)
    await append(...all)
    const delivery = start()
    while (receiver.got.length < all.length) await settled()
    for (const name of 'abcde') {
      const own = (names: readonly string[]) => names.filter((one) => one.startsWith(name))
      expect(own(receiver.got)).toEqual(own(all))
    }
    await delivery.close()
  })

  test('M-7: once, though a read began before the store knew of it and is answered after', async () => {
    const memory = createMemoryOutboxStore()
    const answers: (() => void)[] = []
    const store: OutboxStore = {
      ...memory,
      async waiting(target, limit, except) {
        const entries = await memory.waiting(target, limit, except)
        await new Promise<void>((resolve) => answers.push(resolve))
        return entries
      },
    }
    const { receiver, start, append } = scene({}, { store })
    await append('a/1')
    const delivery = start()
    await settled()
    answers[0]?.()
    const ends: (() => void)[] = []
    receiver.answer = () => new Promise<void>((resolve) => ends.push(resolve))
    await settled()
    await append('a/2')
    delivery.wake()
    await settled()
    ends[0]?.()
    await settled()
    expect(answers).toHaveLength(2)
    expect(await memory.count('crm')).toEqual({ waiting: 1, dead: 0 })
    answers[1]?.()
    receiver.answer = () => {}
    await settled()
    expect(receiver.tried).toEqual(['a/1', 'a/2'])
    await delivery.close()
  })
})

describe('a receiver that is down', () => {
  test('is left alone for twice as long each time, then one event tries; nothing is given up', async () => {
    const { receiver, start, append, advance, logged, count } = scene({ backoffMs: 1000, maxBackoffMs: 3000 })
    receiver.answer = unreachable
    await append('a/1', 'a/2', 'b/1', 'c/1')
    const delivery = start()
    await settled()
    expect(receiver.tried).toHaveLength(3)
    expect(delivery.trouble).toBe('nobody there')
    await advance(999)
    expect(receiver.tried).toHaveLength(3)
    await advance(1)
    expect(receiver.tried).toHaveLength(4)
    await advance(1999)
    expect(receiver.tried).toHaveLength(4)
    await advance(1)
    expect(receiver.tried).toHaveLength(5)
    await advance(3000)
    expect(receiver.tried).toHaveLength(6)
    receiver.answer = () => {}
    await advance(3000)
    expect(receiver.got.toSorted()).toEqual(['a/1', 'a/2', 'b/1', 'c/1'])
    expect(receiver.got.filter((name) => name.startsWith('a'))).toEqual(['a/1', 'a/2'])
    expect(delivery.trouble).toBeUndefined()
    expect(logged).toEqual(['a receiver of events is down'])
    expect(await count()).toEqual({ waiting: 0, dead: 0 })
    await delivery.close()
  })

  test('says how long; and half of every wait is random', async () => {
    const { receiver, start, append, advance } = scene({ backoffMs: 1000 }, { random: 0.5 })
    receiver.answer = () => {
      throw new Unreachable('busy', { retryAfterMs: 60_000 })
    }
    await append('a/1')
    const delivery = start()
    await advance(59_999)
    expect(receiver.tried).toHaveLength(1)
    receiver.answer = unreachable
    await advance(1)
    expect(receiver.tried).toHaveLength(2)
    await advance(1499)
    expect(receiver.tried).toHaveLength(2)
    await advance(1)
    expect(receiver.tried).toHaveLength(3)
    await delivery.close()
  })

  test('or takes too long, which it is told', async () => {
    const { receiver, start, append, advance } = scene({ timeoutMs: 100 })
    let signal: AbortSignal | undefined
    receiver.answer = (_, handover) => {
      ;({ signal } = handover)
      return never()
    }
    await append('a/1')
    const delivery = start()
    await settled()
    await advance(100)
    expect(signal?.aborted).toBe(true)
    expect(delivery.trouble).toBe('no answer within 100 ms')
    await delivery.close()
  })

  test('L-1: until an event is too old', async () => {
    const { receiver, start, append, advance, gone, count } = scene({ backoffMs: 1000, maxAgeMs: 2500 })
    receiver.answer = unreachable
    await append('a/1')
    const delivery = start()
    await advance(1000)
    await advance(2000)
    expect(gone).toEqual(['a/1 dead'])
    expect(await count()).toEqual({ waiting: 0, dead: 1 })
    await delivery.close()
  })
})

describe('an event that is refused', () => {
  const refuse = (name: string) => (event: Parameters<typeof nameOf>[0]) => {
    if (nameOf(event) === name) throw new OutboxError('outbox/refused', 'no')
  }

  test('holds its conversation up and no other; after some tries it is given up, and what follows comes', async () => {
    const { receiver, start, append, advance, store, logged } = scene({ maxRefusals: 3, backoffMs: 1000 })
    receiver.answer = refuse('a/1')
    await append('a/1', 'a/2', 'b/1', 'b/2')
    const delivery = start()
    await settled()
    expect(receiver.got).toEqual(['b/1', 'b/2'])
    await append('a/3')
    delivery.wake()
    await advance(1000)
    await advance(1999)
    expect(receiver.got).toEqual(['b/1', 'b/2'])
    await advance(1)
    expect(receiver.tried.filter((name) => name === 'a/1')).toHaveLength(3)
    expect(receiver.got).toEqual(['b/1', 'b/2', 'a/2', 'a/3'])
    expect(await store.dead({ limit: 10 })).toMatchObject([{ refusals: 2, error: 'no' }])
    expect(logged).toEqual(['an event was refused', 'an event was refused', 'an event was given up'])
    await delivery.close()
  })

  test('is one that makes code throw, whatever it throws', async () => {
    const { receiver, start, append, store } = scene({ maxRefusals: 1 })
    receiver.answer = () => Promise.reject(new TypeError('a bug'))
    await append('a/1')
    const delivery = start()
    await settled()
    expect(await store.dead({ limit: 10 })).toMatchObject([{ error: 'a bug' }])
    await delivery.close()
  })
})

describe('M-7: what another process has delivered meanwhile is not delivered again', () => {
  /** A store, and a way to it that can be cut. */
  function cable() {
    const store = createMemoryOutboxStore()
    let isCut = false
    let late: Promise<void> | undefined
    const pass = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isCut) throw new Error('cut off')
      return work()
    }
    const through: OutboxStore = {
      ...store,
      lease: (...args) => pass(() => store.lease(...args)),
      ack: (...args) => pass(() => store.ack(...args)),
      async waiting(...args) {
        const found = await pass(() => store.waiting(...args))
        await late
        return found
      },
    }
    return {
      store,
      through,
      cut(is: boolean) {
        isCut = is
      },
      answerLate(until: Promise<void> | undefined) {
        late = until
      },
    }
  }

  function twoProcesses() {
    const way = cable()
    const it = scene({ leaseMs: 3000, backoffMs: 1000, timeoutMs: 60_000 }, { store: way.store })
    /** Cuts the first off for so long that the second, which others follow, has delivered everything. */
    const takeOver = async ({ isHeard }: { isHeard: boolean }) => {
      way.cut(true)
      const second = it.start('two')
      await it.advance(3000)
      if (isHeard) {
        way.cut(false)
        await it.advance(3000)
      }
      await second.close()
      way.cut(false)
    }
    return { ...it, ...way, takeOver, first: () => it.start('one', way.through) }
  }

  test.each([true, false])('nor what was read before (the loss was heard of: %j)', async (isHeard) => {
    const { clock, receiver, first, append, advance, takeOver } = twoProcesses()
    const since = clock.now()
    receiver.answer = () => {
      if (clock.now() < since + 3000) unreachable()
    }
    await append('a/1', 'a/2', 'b/1')
    const delivery = first()
    await settled()
    await takeOver({ isHeard })
    expect(receiver.got).toEqual(['a/1', 'b/1', 'a/2'])
    await append('a/3')
    await advance(10_000)
    expect(receiver.got).toEqual(['a/1', 'b/1', 'a/2', 'a/3'])
    await delivery.close()
  })

  test('nor what was being read', async () => {
    const { receiver, first, append, advance, takeOver, answerLate } = twoProcesses()
    let answer = () => {}
    answerLate(
      new Promise<void>((resolve) => {
        answer = resolve
      }),
    )
    await append('a/1')
    const delivery = first()
    await settled()
    await takeOver({ isHeard: false })
    answerLate(undefined)
    await append('a/2')
    await advance(3000)
    answer()
    await settled()
    expect(receiver.got).toEqual(['a/1', 'a/2'])
    await delivery.close()
  })

  test('nor what was under way and does not arrive; what does and is not noted is not read again', async () => {
    const { receiver, first, append, advance, takeOver, count } = twoProcesses()
    const ends: { done: () => void; fail: (error: unknown) => void }[] = []
    receiver.answer = () => new Promise<void>((done, fail) => ends.push({ done, fail }))
    await append('a/1', 'a/2', 'b/1', 'b/2')
    const delivery = first()
    await settled()
    expect(receiver.tried).toEqual(['a/1', 'b/1'])
    receiver.answer = () => {}
    await takeOver({ isHeard: true })
    await append('a/3', 'b/3')
    await advance(3000)
    receiver.got.length = 0
    ends[0]?.fail(new Unreachable('cut off'))
    ends[1]?.done()
    await advance(10_000)
    expect(receiver.got).toEqual(['b/1', 'b/3', 'a/3'])
    expect(await count()).toEqual({ waiting: 0, dead: 0 })
    await delivery.close()
  })
})

describe('X-CONS: whatever happens in between, an event arrives at least once', () => {
  test('what was not confirmed is delivered by the next process, in order', async () => {
    const { receiver, start, append, advance, store } = scene({ leaseMs: 30_000 })
    receiver.answer = never
    await append('a/1', 'a/2')
    start('killed')
    await settled()
    receiver.answer = () => {}
    const next = start('next')
    await settled()
    expect(receiver.got).toEqual([])
    await advance(30_000)
    expect(await store.lease('crm', 'other', 0, 1)).toBe(false)
    while (receiver.got.length < 2) await advance(1000)
    expect(receiver.got).toEqual(['a/1', 'a/2'])
    await next.close()
  })

  test('a store that is down is told later what has arrived', async () => {
    const memory = createMemoryOutboxStore()
    let fails = true
    const store: OutboxStore = {
      ...memory,
      ack: (target, ids) => (fails ? Promise.reject(new Error('down')) : memory.ack(target, ids)),
    }
    const { receiver, start, append, advance, count, logged } = scene({ backoffMs: 1000 }, { store })
    await append('a/1', 'a/2')
    const delivery = start()
    await settled()
    expect(receiver.got).toEqual(['a/1', 'a/2'])
    expect(await count()).toEqual({ waiting: 2, dead: 0 })
    fails = false
    await append('a/3')
    await advance(1000)
    expect(receiver.got).toEqual(['a/1', 'a/2', 'a/3'])
    expect(await count()).toEqual({ waiting: 0, dead: 0 })
    expect(logged).not.toEqual([])
    await delivery.close()
  })

  test('one that cannot be read is read again', async () => {
    const memory = createMemoryOutboxStore()
    let fails = true
    const store: OutboxStore = {
      ...memory,
      waiting: (...args) => (fails ? Promise.reject(new Error('down')) : memory.waiting(...args)),
    }
    const { receiver, start, append, advance } = scene({ backoffMs: 1000 }, { store })
    await append('a/1')
    const delivery = start()
    await settled()
    fails = false
    await advance(1000)
    expect(receiver.got).toEqual(['a/1'])
    await delivery.close()
  })

  test('stopping waits for what is under way, but not for ever; no timer is left', async () => {
    const { receiver, start, append, clock, advance } = scene({ drainTimeoutMs: 100 })
    let end: () => void = () => {}
    receiver.answer = () => new Promise<void>((resolve) => (end = resolve))
    await append('a/1', 'a/2')
    const delivery = start()
    await settled()
    const closing = delivery.close()
    end()
    await closing
    expect(receiver.got).toEqual(['a/1'])
    expect(clock.timers).toBe(0)

    receiver.answer = never
    const other = start('two')
    await settled()
    const late = other.close()
    await advance(100)
    await late
    expect(clock.timers).toBe(0)
  })
})
