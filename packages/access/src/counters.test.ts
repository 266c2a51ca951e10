import { createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { createRateTable } from './rate-table.js'
import { createShaper } from './shaper.js'
import { createSlotTable } from './slot-table.js'
import { createTokenBucket } from './token-bucket.js'

describe('token bucket', () => {
  test('a burst is free, debt takes time', async () => {
    const clock = createManualClock()
    const bucket = createTokenBucket({ clock }, { perSecond: 1_000, burst: 5_000 })
    expect(bucket.take(5_000)).toBe(0)
    expect(bucket.take(2_500)).toBe(2_500)
    await clock.advance(2_500)
    expect(bucket.available).toBe(0)
    await clock.advance(60_000)
    expect(bucket.available).toBe(5_000)
  })

  test('what can be refused is refused without debt', async () => {
    const clock = createManualClock()
    const bucket = createTokenBucket({ clock }, { perSecond: 2 })
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false])
    await clock.advance(500)
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false])
  })

  test('a rate below one per second still lets the first through', () => {
    const bucket = createTokenBucket({ clock: createManualClock() }, { perSecond: 0.1 })
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false])
  })

  test('an infinite rate never refuses', () => {
    const bucket = createTokenBucket({ clock: createManualClock() }, { perSecond: Number.POSITIVE_INFINITY })
    expect(bucket.take(1e12)).toBe(0)
    expect(bucket.tryTake(1e12)).toBe(true)
    expect(bucket.available).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('shaper', () => {
  test('L-1: bytes and operations are limited, whichever is slower', async () => {
    const clock = createManualClock()
    const shaper = createShaper(
      { clock },
      { bytesPerSecond: 1_000, burstBytes: 2_000, operationsPerSecond: 10 },
    )
    expect(shaper.spent(2_000, 1)).toBe(0)
    expect(shaper.spent(500, 1)).toBe(500)
    await clock.advance(10_000)
    expect(shaper.spent(10, 30)).toBe(2_000)
  })

  test('no definition, no waiting', () => {
    expect(createShaper({ clock: createManualClock() }, {}).spent(1e9, 1e9)).toBe(0)
  })
})

describe('rate table', () => {
  test('L-1: attempts are counted per key and window', async () => {
    const clock = createManualClock()
    const table = createRateTable({ clock }, { limit: 2, windowMs: 1_000 })
    expect(table.peek('a')).toEqual({ allowed: true, count: 1, retryAfterMs: 0 })
    expect(table.hit('a')).toEqual({ allowed: true, count: 1, retryAfterMs: 1_000 })
    await clock.advance(400)
    expect(table.hit('a').allowed).toBe(true)
    expect(table.peek('a')).toEqual({ allowed: false, count: 3, retryAfterMs: 600 })
    expect(table.hit('a')).toEqual({ allowed: false, count: 3, retryAfterMs: 600 })
    expect(table.hit('b').allowed).toBe(true)
    await clock.advance(600)
    expect(table.hit('a')).toEqual({ allowed: true, count: 1, retryAfterMs: 1_000 })
  })

  test('a key can start anew, and an occurrence can weigh more', () => {
    const table = createRateTable({ clock: createManualClock() }, { limit: 5, windowMs: 1_000 })
    expect(table.hit('a', 6).allowed).toBe(false)
    table.forget('a')
    expect(table.hit('a', 5).allowed).toBe(true)
  })

  test('the table is bounded: ended windows go first, then the oldest', async () => {
    const clock = createManualClock()
    const table = createRateTable({ clock }, { limit: 1, windowMs: 1_000, maxKeys: 3 })
    for (let n = 0; n < 100; n += 1) table.hit(`key${n}`)
    expect(table.size).toBe(3)
    expect(table.hit('key99').allowed).toBe(false)
    await clock.advance(1_000)
    table.hit('fresh')
    expect(table.size).toBe(1)
  })
})

describe('slot table', () => {
  test('L-1: what goes on at once is limited per key and in all', () => {
    const table = createSlotTable({ perKey: 2, total: 3 })
    const first = table.enter('a')
    expect(table.enter('a')).toBeDefined()
    expect(table.enter('a')).toBeUndefined()
    expect(table.enter('b')).toBeDefined()
    expect(table.enter('c')).toBeUndefined()
    first?.[Symbol.dispose]()
    first?.[Symbol.dispose]()
    expect([table.count('a'), table.count('b'), table.total]).toEqual([1, 1, 2])
    expect(table.enter('c')).toBeDefined()
  })
})
