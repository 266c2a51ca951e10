import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createManualClock, systemClock } from './index.js'

describe('manual clock', () => {
  test('timers fire in order of their time, equals in order of their making', async () => {
    const clock = createManualClock()
    const log: string[] = []
    clock.after(20, () => log.push('20'))
    clock.after(10, () => log.push('10 a'))
    clock.after(10, () => log.push('10 b'))
    clock.after(21, () => log.push('21'))
    await clock.advance(20)
    expect(log).toEqual(['10 a', '10 b', '20'])
    expect(clock.timers).toBe(1)
  })

  test('a timer sees the time it was set for', async () => {
    const clock = createManualClock(1_000)
    const seen: number[] = []
    clock.after(5, () => seen.push(clock.now(), clock.monotonic()))
    await clock.advance(100)
    expect(seen).toEqual([1_005, 5])
    expect([clock.now(), clock.monotonic()]).toEqual([1_100, 100])
  })

  test('timers set by timers, and by promises between them, fire if they are due in time', async () => {
    const clock = createManualClock()
    const log: string[] = []
    const rearm = async () => {
      for (let i = 0; i < 50; i++) await Promise.resolve()
      clock.after(10, () => log.push('second'))
    }
    clock.after(10, () => {
      log.push('first')
      void rearm()
    })
    clock.after(25, () => log.push('third'))
    await clock.advance(30)
    expect(log).toEqual(['first', 'second', 'third'])
  })

  test('a disposed timer does not fire', async () => {
    const clock = createManualClock()
    let fired = false
    clock
      .after(10, () => {
        fired = true
      })
      [Symbol.dispose]()
    await clock.advance(10)
    expect(fired).toBe(false)
    expect(clock.timers).toBe(0)
  })

  test('infinitely late is never, and in the past is now', async () => {
    const clock = createManualClock()
    let fired = 0
    clock.after(Number.POSITIVE_INFINITY, () => fired++)
    expect(clock.timers).toBe(0)
    clock.after(-5, () => fired++)
    await clock.advance(0)
    expect(fired).toBe(1)
  })

  test('what a timer throws reaches whoever moves the clock', async () => {
    const clock = createManualClock()
    clock.after(5, () => {
      throw new Error('broken')
    })
    await expect(clock.advance(10)).rejects.toThrow('broken')
    expect(clock.monotonic()).toBe(5)
  })
})

test('NODE-7: a timer of the system clock does not keep the process alive', () => {
  const started = vi.spyOn(globalThis, 'setTimeout')
  const timer = systemClock.after(60_000, () => {})
  const handle = started.mock.results[0]?.value as NodeJS.Timeout
  started.mockRestore()
  expect(handle.hasRef()).toBe(false)
  timer[Symbol.dispose]()
})

describe('system clock', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('NODE-7: a disposed timer is cleared', () => {
    const fn = vi.fn()
    systemClock.after(10, fn)[Symbol.dispose]()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('fires once', () => {
    const fn = vi.fn()
    systemClock.after(10, fn)
    vi.advanceTimersByTime(9)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(100)
    expect(fn).toHaveBeenCalledOnce()
  })

  test('waits longer than a signed 32-bit number of milliseconds', () => {
    const fn = vi.fn()
    const ms = 2 ** 31 + 5
    systemClock.after(ms, fn)
    vi.advanceTimersByTime(ms - 1)
    expect(fn).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(fn).toHaveBeenCalledOnce()
  })

  test('can be stopped in the middle of such a wait, and never starts an infinite one', () => {
    const fn = vi.fn()
    const timer = systemClock.after(2 ** 31 + 5, fn)
    vi.advanceTimersByTime(2 ** 31)
    timer[Symbol.dispose]()
    systemClock.after(Number.POSITIVE_INFINITY, fn)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('tells the time', () => {
    vi.setSystemTime(1_234)
    expect(systemClock.now()).toBe(1_234)
    const before = systemClock.monotonic()
    vi.advanceTimersByTime(7)
    expect(systemClock.monotonic() - before).toBeCloseTo(7)
  })
})
