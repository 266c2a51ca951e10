import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createPushQueue } from './push-queue.js'
import { settled } from './push-scene.js'

function scene(limits: { concurrency?: number; maxWaiting?: number; minIntervalMs?: number } = {}) {
  const clock = createManualClock()
  const started: string[] = []
  const ends: (() => void)[] = []
  const work = (item: string) => {
    started.push(item)
    return new Promise<void>((resolve) => ends.push(resolve))
  }
  const queue = createPushQueue<string>(
    { clock, work },
    { concurrency: 2, maxWaiting: 10, minIntervalMs: 0, ...limits },
  )
  const add = (key: string, text = key) =>
    queue.add(key, (waiting) => (waiting ? `${waiting}+${text}` : text))
  const end = async () => {
    ends.shift()?.()
    await settled()
  }
  return { clock, queue, started, add, end }
}

test('so many at a time, in their order; of one key never two', async () => {
  const { started, add, end, queue } = scene()
  expect(['a', 'b', 'c', 'd'].map((key) => add(key))).toEqual(['queued', 'queued', 'queued', 'queued'])
  expect(started).toEqual(['a', 'b'])
  expect([add('a', '1'), add('a', '2'), add('c', '2')]).toEqual(['queued', 'coalesced', 'coalesced'])
  await end()
  expect(started).toEqual(['a', 'b', 'c+2'])
  await end()
  await end()
  expect(started).toEqual(['a', 'b', 'c+2', 'd', '1+2'])
  await end()
  await end()
  expect(queue.size).toBe(0)
})

test('a key that is forgotten is not worked on, and has its turn when something comes again', async () => {
  const { started, add, end, queue } = scene({ concurrency: 1 })
  for (const key of ['a', 'b', 'c']) add(key)
  queue.forget('b')
  queue.forget('c')
  queue.forget('unknown')
  add('c', 'again')
  await end()
  expect(started).toEqual(['a', 'again'])
  await end()
  expect(queue.size).toBe(0)
})

test('between two of one key there is a pause, which holds up no other', async () => {
  const { started, add, end, clock, queue } = scene({ concurrency: 1, minIntervalMs: 100 })
  add('a')
  await end()
  add('a', 'second')
  add('b')
  expect(started).toEqual(['a', 'b'])
  await end()
  await clock.advance(99)
  expect(started).toEqual(['a', 'b'])
  await clock.advance(1)
  expect(started).toEqual(['a', 'b', 'second'])
  await end()
  await clock.advance(100)
  expect([queue.size, clock.timers]).toEqual([0, 0])
})

test('there is room for so many keys, those that pause included', async () => {
  const { add, end, clock } = scene({ maxWaiting: 2, minIntervalMs: 100 })
  expect(['a', 'b', 'c'].map((key) => add(key))).toEqual(['queued', 'queued', 'dropped'])
  await end()
  expect(add('c')).toBe('dropped')
  expect(add('a')).toBe('queued')
  await end()
  await clock.advance(100)
  expect(add('c')).toBe('queued')
})

test('the end waits for what is under way and starts nothing more', async () => {
  const { add, end, queue, started, clock } = scene({ concurrency: 1, minIntervalMs: 100 })
  for (const key of ['a', 'b']) add(key)
  let isOver = false
  const over = queue[Symbol.asyncDispose]().then(() => (isOver = true))
  await settled()
  expect([isOver, add('c')]).toEqual([false, 'dropped'])
  await end()
  await over
  expect([started, clock.timers, queue.size]).toEqual([['a'], 0, 0])
})
