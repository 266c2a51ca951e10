import { createManualClock } from '@xmppkit/runtime'
import { wireFromText } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type FakeTransport, fakeTransport, settled } from './fake-transport.js'
import { createOutbox, type OutboxOptions, outboxDefaults } from './outbox.js'
import { createWriteTurn, type WriteTurn } from './write-turn.js'

function open(transport: FakeTransport = fakeTransport(), options: OutboxOptions = {}, turn?: WriteTurn) {
  const clock = createManualClock()
  const outcomes: string[] = []
  const exhausted: string[] = []
  const outbox = createOutbox<string>(
    {
      transport,
      clock,
      turn,
      settled: (ticket, outcome) => outcomes.push(`${ticket} ${outcome}`),
      exhausted: (why) => {
        exhausted.push(why)
        outbox.fail()
      },
    },
    { ...outboxDefaults, ...options },
  )
  const push = (text: string, ticket?: string) => outbox.push(wireFromText(text), ticket)
  return { transport, clock, outbox, push, outcomes, exhausted }
}

test('everything written in one turn leaves in one write', async () => {
  const { transport, push } = open()
  push('<a/>')
  push('<b/>')
  expect(transport.writes).toEqual([])
  await settled()
  expect(transport.writes).toEqual(['<a/><b/>'])
})

test('a corked outbox writes once, when it is uncorked', async () => {
  const { transport, outbox, push } = open()
  outbox.cork()
  push('<a/>')
  await settled()
  expect(transport.writes).toEqual([])
  push('<b/>')
  outbox.uncork()
  expect(transport.writes).toEqual(['<a/><b/>'])
})

test('what comes up while a corked outbox writes leaves too', async () => {
  for (const write of ['uncork', 'flushAll'] as const) {
    const { transport, outbox, push } = open()
    // One in memory may answer at once.
    transport.flushed = () => {
      transport.flushed = () => {}
      push('<more/>')
    }
    push('<a/>')
    if (write === 'uncork') outbox.cork()
    outbox[write]()
    await settled()
    expect(transport.writes).toEqual(['<a/>', '<more/>'])
  }
})

describe('outboxes of one turn', () => {
  function pair() {
    const turn = createWriteTurn()
    const order: string[] = []
    const noting = (name: string) => {
      const transport = fakeTransport()
      transport.write = (wire) => order.push(`${name} ${wire.replace(/x+/, '…')}`) > 0
      return open(transport, {}, turn)
    }
    return { order, asker: noting('asker'), recipient: noting('recipient') }
  }

  test('X-CONS: an answer leaves behind what was queued for others before', () => {
    const { order, asker, recipient } = pair()
    asker.outbox.cork()
    recipient.push('<message/>')
    asker.push('<answer/>')
    asker.outbox.uncork()
    expect(order).toEqual(['recipient <message/>', 'asker <answer/>'])
  })

  test('X-CONS: also one that is too large to wait', () => {
    const { order, asker, recipient } = pair()
    asker.outbox.cork()
    recipient.push('<message/>')
    asker.push('x'.repeat(100_000))
    expect(order).toEqual(['recipient <message/>', 'asker …'])
  })

  test('X-CONS: though something waited for the asker already', () => {
    const { order, asker, recipient } = pair()
    asker.push('<before/>')
    asker.outbox.cork()
    recipient.push('<message/>')
    asker.push('<answer/>')
    asker.outbox.uncork()
    expect(order).toEqual(['recipient <message/>', 'asker <before/><answer/>'])
  })

  test('X-CONS: a goodbye is an answer too', () => {
    const { order, asker, recipient } = pair()
    asker.push('<before/>')
    recipient.push('<message/>')
    asker.push('</stream:stream>')
    asker.outbox.flushAll()
    expect(order).toEqual(['recipient <message/>', 'asker <before/></stream:stream>'])
  })

  test('who has nothing to answer has nobody write early', async () => {
    const { order, asker, recipient } = pair()
    asker.outbox.cork()
    recipient.push('<a/>')
    asker.outbox.uncork()
    recipient.push('<b/>')
    expect(order).toEqual([])
    await settled()
    expect(order).toEqual(['recipient <a/><b/>'])
  })
})

test('framed transports get one message per write', async () => {
  const { transport, push } = open(fakeTransport({ framing: 'framed' }))
  push('<a/>')
  push('<b/>')
  await settled()
  expect(transport.writes).toEqual(['<a/>', '<b/>'])
})

test('a long turn hands over in pieces of 64 KiB', () => {
  const { transport, outbox, push } = open()
  outbox.cork()
  push('x'.repeat(65_536))
  expect(transport.writes.length).toBe(1)
})

test('NODE-2: a transport above its high water is not written to until it has drained', async () => {
  const { transport, outbox, push } = open()
  transport.room = false
  push('<a/>')
  await settled()
  push('<b/>')
  push('<c/>')
  await settled()
  expect(transport.taken()).toBe('<a/>')
  transport.room = true
  outbox.drained()
  expect(transport.taken()).toBe('<b/><c/>')
})

test('tickets are settled in order once the operating system has the bytes', async () => {
  const { transport, push, outcomes } = open()
  transport.instant = false
  push('<a/>', 'a')
  push('<b/>')
  push('<c/>', 'c')
  await settled()
  expect(outcomes).toEqual([])
  transport.flush()
  expect(outcomes).toEqual(['a delivered', 'c delivered'])
})

test('what was not handed over fails, exactly once and in order, also what is pushed later', async () => {
  const { transport, outbox, push, outcomes } = open()
  transport.instant = false
  push('<a/>', 'a')
  await settled()
  push('<b/>', 'b')
  outbox.fail()
  push('<c/>', 'c')
  outbox.fail()
  transport.flush()
  await settled()
  expect(outcomes).toEqual(['a failed', 'b failed', 'c failed'])
  expect(transport.taken()).toBe('<a/>')
})

test('flushAll writes even above the high water', async () => {
  const { transport, outbox, push } = open()
  transport.room = false
  push('<a/>')
  await settled()
  push('</stream:stream>')
  outbox.flushAll()
  expect(transport.taken()).toBe('<a/></stream:stream>')
})

test.each([
  { name: 'bytes', options: { maxOutboxBytes: 10 }, elements: ['<abcdefgh/>', '<i/>'] },
  { name: 'elements', options: { maxOutboxStanzas: 1 }, elements: ['<a/>', '<b/>'] },
])('NODE-2: too many waiting $name for longer than the grace cut a slow reader off', async (row) => {
  const { transport, clock, push, outcomes, exhausted } = open(fakeTransport(), {
    ...row.options,
    outboxGraceMs: 2_000,
  })
  transport.room = transport.instant = false
  for (const element of row.elements) push(element, element)
  await clock.advance(1_999)
  expect(exhausted).toEqual([])
  await clock.advance(1)
  expect(exhausted).toEqual(['slow-reader'])
  expect(outcomes).toEqual(row.elements.map((element) => `${element} failed`))
})

test('a burst the peer takes in time is no backlog', async () => {
  const { transport, clock, push, exhausted } = open(fakeTransport(), { maxOutboxStanzas: 2 })
  transport.instant = false
  for (const element of ['<a/>', '<b/>', '<c/>', '<d/>']) push(element)
  await clock.advance(1_000)
  transport.flush()
  await clock.advance(60_000)
  expect(exhausted).toEqual([])
})

test('NODE-2: four times the limit is cut off at once, so memory stays bounded', () => {
  const { push, exhausted, outbox } = open(fakeTransport(), { maxOutboxStanzas: 2 })
  outbox.cork()
  for (let i = 0; i < 9; i++) push('<a/>')
  expect(exhausted).toEqual(['slow-reader'])
})

test('Infinity lifts the limits', async () => {
  const { transport, clock, push, exhausted } = open(fakeTransport(), {
    maxOutboxBytes: Number.POSITIVE_INFINITY,
    maxOutboxStanzas: Number.POSITIVE_INFINITY,
    writeTimeoutMs: Number.POSITIVE_INFINITY,
  })
  transport.room = transport.instant = false
  for (let i = 0; i < 5_000; i++) push('<a/>')
  await clock.advance(1_000_000)
  expect(exhausted).toEqual([])
})

test('S-14: bytes the operating system does not take for the write time-out exhaust the peer', async () => {
  const { transport, clock, push, exhausted } = open()
  transport.instant = false
  push('<a/>')
  await clock.advance(29_999)
  expect(exhausted).toEqual([])
  await clock.advance(1)
  expect(exhausted).toEqual(['write-timeout'])
})

test('S-14: progress restarts the write time-out', async () => {
  const { transport, clock, push, exhausted } = open()
  transport.instant = false
  push('<a/>')
  await clock.advance(20_000)
  transport.flush()
  push('<b/>')
  await clock.advance(29_000)
  expect(exhausted).toEqual([])
  await clock.advance(1_000)
  expect(exhausted).toEqual(['write-timeout'])
})

test('BO-4 S-14: while a transport takes nothing by its own account, the write time-out does not count', async () => {
  const { outbox, transport, clock, push, exhausted } = open()
  transport.instant = false
  outbox.stalled()
  push('<a/>')
  await clock.advance(60_000)
  expect(transport.writes).toEqual([])
  outbox.drained()
  expect(transport.writes).toEqual(['<a/>'])
  outbox.stalled()
  await clock.advance(100_000)
  expect(exhausted).toEqual([])
  outbox.drained()
  await clock.advance(29_999)
  expect(exhausted).toEqual([])
  await clock.advance(1)
  expect(exhausted).toEqual(['write-timeout'])
})

test('NODE-7: a failed outbox leaves no timer behind', async () => {
  const { transport, clock, push, outbox } = open(fakeTransport(), { maxOutboxStanzas: 1 })
  transport.instant = false
  push('<a/>')
  push('<b/>')
  await settled()
  expect(clock.timers).toBeGreaterThan(0)
  outbox.fail()
  expect(clock.timers).toBe(0)
})
