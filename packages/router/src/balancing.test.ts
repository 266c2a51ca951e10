import { createHooks } from '@xmppkit/hooks'
import { silentLogger } from '@xmppkit/runtime'
import { message, type Stanza } from '@xmppkit/stanza'
import { describe, expect, test } from 'vitest'
import { type Balancing, type BalancingKey, createRouter, type RouterOptions } from './index.js'

function setUp(options: RouterOptions, random?: (below: number) => number) {
  const hooks = createHooks({ onError() {} })
  const router = createRouter({ hooks, logger: silentLogger, ...(random && { random }) }, options)
  const hits: string[] = []
  const add = (name: string, instance?: number) =>
    router.register('muc.example', () => void hits.push(name), instance === undefined ? {} : { instance })
  /** Which route gets a stanza. */
  const routeOf = (stanza: Stanza) => {
    void router.route(stanza)
    return hits.pop()
  }
  return { router, add, routeOf }
}

const stanza = (n: number, resource = 'a') =>
  message({ from: `u${n}@c.example/${resource}`, to: `room${n}@muc.example/${resource}`, body: 'x' })
const many = Array.from({ length: 300 }, (_, n) => stanza(n))

test('random balancing asks for a number below that of the routes', () => {
  const asked: number[] = []
  const { add, routeOf } = setUp({}, (below) => {
    asked.push(below)
    return below - 1
  })
  add('a')
  expect(routeOf(stanza(1))).toBe('a')
  expect(asked).toEqual([])
  add('b')
  add('c')
  expect(routeOf(stanza(1))).toBe('c')
  expect(asked).toEqual([3])
})

test('the random numbers of the system reach every route', () => {
  const { add, routeOf } = setUp({})
  for (const name of ['a', 'b', 'c']) add(name)
  expect(new Set(many.map(routeOf))).toEqual(new Set(['a', 'b', 'c']))
})

describe.each<[BalancingKey, (n: number, other: number) => Stanza[]]>([
  ['source', (n, other) => [stanza(n), stanza(n).with({ to: stanza(other).to })]],
  ['destination', (n, other) => [stanza(n), stanza(n).with({ from: stanza(other).from })]],
  ['bareSource', (n, other) => [stanza(n, 'a'), stanza(n, 'b').with({ to: stanza(other).to })]],
  ['bareDestination', (n, other) => [stanza(n, 'a'), stanza(n, 'b').with({ from: stanza(other).from })]],
])('by %s', (by, alike) => {
  test('the same key always reaches the same route, and the keys spread over all', () => {
    const { add, routeOf } = setUp({ balancing: { by } })
    for (const name of ['a', 'b', 'c']) add(name)
    for (let n = 0; n < 50; n++) {
      const [one, two] = alike(n, n + 1).map(routeOf)
      expect(one).toBe(two)
    }
    const counts = new Map<unknown, number>()
    for (const one of many) counts.set(routeOf(one), (counts.get(routeOf(one)) ?? 0) + 1)
    expect(counts.size).toBe(3)
    for (const count of counts.values()) expect(count).toBeGreaterThan(50)
  })
})

test('with and without resource are different keys', () => {
  const { add, routeOf } = setUp({ balancing: { by: 'source' } })
  for (const name of ['a', 'b', 'c']) add(name)
  const differ = many.filter((_, n) => routeOf(stanza(n, 'a')) !== routeOf(stanza(n, 'other')))
  expect(differ.length).toBeGreaterThan(100)
})

test('a stanza without sender has a key like others', () => {
  const { add, routeOf } = setUp({ balancing: { by: 'source' } })
  for (const name of ['a', 'b', 'c']) add(name)
  const anonymous = stanza(1).with({ from: undefined })
  expect(routeOf(anonymous)).toBe(routeOf(anonymous))
})

test('with a fixed number of buckets, a route that goes moves only its own, and they come back with it', () => {
  const { add, routeOf } = setUp({ balancing: { by: 'bareSource', buckets: 4 } })
  const routes = ['a', 'b', 'c', 'd'].map((name, instance) => add(name, instance))
  const before = many.map(routeOf)
  routes[2]?.[Symbol.dispose]()
  const without = many.map(routeOf)
  without.forEach((now, n) => {
    if (before[n] !== 'c') expect(now).toBe(before[n])
    else expect(now).toBe('d')
  })
  add('c', 2)
  expect(many.map(routeOf)).toEqual(before)
})

test('buckets above the last route that is up go round', () => {
  const { add, routeOf } = setUp({ balancing: { by: 'bareSource', buckets: 4 } })
  add('a', 0)
  add('b', 1)
  const hits = many.map(routeOf)
  expect(new Set(hits)).toEqual(new Set(['a', 'b']))
})

test('routes without a number take the lowest that is free', () => {
  const { router, add } = setUp({})
  const first = add('a')
  add('b')
  first[Symbol.dispose]()
  add('c')
  add('d')
  expect(router.routes('muc.example').map(({ instance }) => instance)).toEqual([0, 1, 2])
})

test.each([-1, 1.5, Number.NaN])('%s is no number of a route', (instance) => {
  const { add } = setUp({})
  expect(() => add('a', instance)).toThrow(expect.objectContaining({ code: 'router/invalid-instance' }))
})

test('single domains may differ', () => {
  const bySource: Balancing = { by: 'source' }
  const { router, add, routeOf } = setUp({ balancingByDomain: { 'muc.example': bySource } }, () => 0)
  const other: string[] = []
  for (const name of ['a', 'b', 'c']) {
    add(name)
    router.register('other.example', () => void other.push(name))
  }
  expect(new Set(many.map(routeOf)).size).toBe(3)
  void router.route(message({ from: 'u@c.example', to: 'other.example', body: 'x' }))
  expect(other).toEqual(['a'])
})
