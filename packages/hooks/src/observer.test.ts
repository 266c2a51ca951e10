import { describe, expect, test } from 'vitest'
import { createHooks, drop, event, filter, stop } from './index.js'

const opened = event<string>('test/opened')
const text = filter<string>('test/text')

function observed() {
  let now = 0
  const seen: unknown[][] = []
  const reports: unknown[][] = []
  const hooks = createHooks({
    onError: (error, { hook, label }) => void reports.push([String(error), hook, label]),
    clock: { monotonic: () => now },
  })
  const observer = hooks.observe({
    before: ({ hook, kind, seq, label }) => void seen.push(['before', hook, kind, seq, label]),
    after: ({ label }, durationMs, outcome) => void seen.push(['after', label, durationMs, outcome]),
  })
  const pass = (ms: number) => {
    now += ms
  }
  return { hooks, observer, pass, seen, reports }
}

test('each call is told before and after, with its time', async () => {
  const { hooks, pass, seen } = observed()
  hooks.on(opened, () => pass(3), { label: 'sync', seq: 20 })
  hooks.on(
    opened,
    async () => {
      await Promise.resolve()
      pass(5)
    },
    { label: 'async' },
  )
  await hooks.run(opened, 'x')
  expect(seen).toEqual([
    ['before', 'test/opened', 'event', 20, 'sync'],
    ['after', 'sync', 3, 'done'],
    ['before', 'test/opened', 'event', 50, 'async'],
    ['after', 'async', 5, 'done'],
  ])
})

describe('outcomes', () => {
  test.each([
    ['value', (v: string) => v, 'done'],
    ['promise', async (v: string) => v, 'done'],
    ['stop', (v: string) => stop(v), 'stopped'],
    ['promised stop', async (v: string) => stop(v), 'stopped'],
    ['drop', () => drop, 'dropped'],
    ['promised drop', async () => drop, 'dropped'],
    [
      'throw',
      (): string => {
        throw new Error('no')
      },
      'failed',
    ],
    ['rejection', () => Promise.reject(new Error('no')), 'failed'],
  ] as const)('%s', async (_, handler, outcome) => {
    const { hooks, seen } = observed()
    hooks.on(text, handler)
    let failed = false
    try {
      await hooks.fold(text, 'a')
    } catch {
      failed = true
    }
    expect(failed).toBe(outcome === 'failed')
    expect(seen.at(-1)).toEqual(['after', undefined, 0, outcome])
  })
})

test('watching changes nothing: synchronous stays synchronous, failures stay failures', () => {
  const { hooks, reports } = observed()
  hooks.on(text, (value) => `${value}!`)
  expect(hooks.fold(text, 'a')).toBe('a!')
  hooks.on(
    opened,
    () => {
      throw new Error('x')
    },
    { label: 'broken' },
  )
  expect(hooks.run(opened, '')).toBeUndefined()
  expect(reports).toEqual([['Error: x', 'test/opened', 'broken']])
})

test('an observer that fails is reported, and the walk goes on', () => {
  const { hooks, reports } = observed()
  hooks.observe({
    before() {
      throw new Error('metrics are down')
    },
  })
  hooks.on(text, (value) => `${value}!`)
  expect(hooks.fold(text, 'a')).toBe('a!')
  expect(reports).toEqual([['Error: metrics are down', 'test/text', 'observer']])
})

test('an observer sees handlers registered before and after it, until it leaves', () => {
  const { hooks, observer, seen } = observed()
  const early = createHooks({ onError() {} })
  const times: number[] = []
  early.on(text, (value) => value)
  early.observe({ after: (_, ms) => void times.push(ms) })
  void early.fold(text, 'a')
  expect(times).toHaveLength(1)
  expect(times[0]).toBeGreaterThanOrEqual(0)

  hooks.on(text, (value) => value)
  void hooks.fold(text, 'a')
  expect(seen).toHaveLength(2)
  observer[Symbol.dispose]()
  observer[Symbol.dispose]()
  void hooks.fold(text, 'a')
  expect(seen).toHaveLength(2)
})
