import { expect, test } from 'vitest'
import { silentLogger } from './logger.js'
import { createManualClock } from './manual-clock.js'
import { startSweep } from './sweep.js'

const failed = 'rows could not be removed'

test('L-1: what is over is removed from time to time, in batches, until the sweep is disposed', async () => {
  const clock = createManualClock(0)
  let left = 2500
  const calls: number[] = []
  const sweep = startSweep({ clock, logger: silentLogger, failed, everyMs: 1000 }, (removeAll) =>
    removeAll(async (limit) => {
      calls.push(clock.now())
      const removed = Math.min(limit, left)
      left -= removed
      return removed
    }),
  )
  await clock.advance(999)
  expect(calls).toEqual([])
  await clock.advance(1)
  expect(calls).toEqual([1000, 1000, 1000])
  await clock.advance(1000)
  expect(calls).toHaveLength(4)
  sweep[Symbol.dispose]()
  await clock.advance(5000)
  expect(calls).toHaveLength(4)
  expect(clock.timers).toBe(0)
})

test('a sweep that is disposed while it removes ends with the batch under way', async () => {
  const clock = createManualClock(0)
  let calls = 0
  const sweep = startSweep({ clock, logger: silentLogger, failed, everyMs: 1000, batch: 10 }, (removeAll) =>
    removeAll(async (limit) => {
      calls += 1
      sweep[Symbol.dispose]()
      return limit
    }),
  )
  await clock.advance(5000)
  expect(calls).toBe(1)
  expect(clock.timers).toBe(0)
})

test('a store that fails is reported, and asked again later', async () => {
  const clock = createManualClock(0)
  const logged: unknown[] = []
  const logger = { error: (...told: unknown[]) => void logged.push(told) }
  const down = new Error('down')
  let calls = 0
  using sweep = startSweep({ clock, logger, failed, everyMs: 1000 }, (removeAll) =>
    removeAll(() => {
      calls += 1
      return calls === 1 ? Promise.reject(down) : Promise.resolve(0)
    }),
  )
  await clock.advance(2000)
  expect(sweep).toBeDefined()
  expect(calls).toBe(2)
  expect(logged).toEqual([[failed, { cause: down }]])
})
