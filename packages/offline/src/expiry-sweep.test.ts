import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { sweepExpired } from './expiry-sweep.js'

test('L-1: what has expired is removed from time to time, in batches, until the sweep is disposed', async () => {
  const clock = createManualClock(0)
  let left = 2500
  const calls: number[] = []
  const store = {
    async removeExpired(now: number, limit: number) {
      calls.push(now)
      const removed = Math.min(limit, left)
      left -= removed
      return removed
    },
  }
  const sweep = sweepExpired({ store, clock, logger: silentLogger }, 1000)
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

test('a store that fails is reported, and asked again later', async () => {
  const clock = createManualClock(0)
  const logged: string[] = []
  const logger = { ...silentLogger, error: (message: string) => void logged.push(message) }
  let calls = 0
  const store = {
    removeExpired() {
      calls += 1
      return calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve(0)
    },
  }
  using sweep = sweepExpired({ store, clock, logger }, 1000)
  await clock.advance(2000)
  expect(sweep).toBeDefined()
  expect(calls).toBe(2)
  expect(logged).toEqual(['expired messages could not be removed'])
})
