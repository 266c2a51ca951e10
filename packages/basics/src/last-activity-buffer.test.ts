import { parseJid } from '@xmppkit/jid'
import { createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createLastActivityBuffer, type LastActivityBufferOptions } from './last-activity-buffer.js'
import { createMemoryLastActivityStore } from './memory-store.js'
import type { LastActivityStore } from './ports.js'

const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.com').bare
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A buffer over a store that tells what is written, and can be made to fail or to wait. */
function scene(options: LastActivityBufferOptions = {}) {
  const memory = createMemoryLastActivityStore()
  const written: string[] = []
  const logged: string[] = []
  let before: () => Promise<void> | void = () => {}
  const store: LastActivityStore = {
    ...memory,
    async set(account, activity) {
      await before()
      written.push(`${account.local} ${activity.status}`)
      await memory.set(account, activity)
    },
    async remove(account) {
      written.push(`${account.local} removed`)
      await memory.remove(account)
    },
  }
  const clock = createManualClock()
  const logger = { error: (message: string) => void logged.push(message) }
  const buffer = createLastActivityBuffer({ store, clock, logger }, { flushMs: 1000, ...options })
  const holdWrites = (wait: typeof before) => {
    before = wait
  }
  return { memory, written, logged, clock, buffer, holdWrites }
}

test('logouts wait to be written together, the last one of an account counts', async () => {
  const { buffer, clock, written, memory } = scene()
  expect(buffer.set(juliet, { at: 1, status: 'first' })).toBeUndefined()
  void buffer.set(romeo, { at: 2, status: 'adieu' })
  await clock.advance(999)
  void buffer.set(juliet, { at: 3, status: 'second' })
  await settled()
  expect(written).toEqual([])
  await clock.advance(1)
  await settled()
  expect(written).toEqual(['juliet second', 'romeo adieu'])
  expect(await memory.get(juliet)).toEqual({ at: 3, status: 'second' })
  await clock.advance(10_000)
  await settled()
  expect(written).toHaveLength(2)
})

test('what waits is what is read', async () => {
  const { buffer, memory } = scene()
  await memory.set(juliet, { at: 1, status: 'old' })
  expect(await buffer.get(juliet)).toEqual({ at: 1, status: 'old' })
  void buffer.set(juliet, { at: 2, status: 'new' })
  expect(await buffer.get(juliet)).toEqual({ at: 2, status: 'new' })
})

test('what comes while it is being written is written the next time, and is read meanwhile', async () => {
  const { buffer, clock, written, holdWrites } = scene()
  let goOn = () => {}
  holdWrites(() => new Promise((resolve) => (goOn = resolve)))
  void buffer.set(juliet, { at: 1, status: 'first' })
  await clock.advance(1000)
  await settled()
  expect(await buffer.get(juliet)).toEqual({ at: 1, status: 'first' })
  void buffer.set(juliet, { at: 2, status: 'second' })
  goOn()
  await settled()
  expect(written).toEqual(['juliet first'])
  expect(await buffer.get(juliet)).toEqual({ at: 2, status: 'second' })
  holdWrites(() => {})
  await clock.advance(1000)
  await settled()
  expect(written).toEqual(['juliet first', 'juliet second'])
})

test('closing writes what waits; afterwards every logout is written at once', async () => {
  const { buffer, written } = scene()
  void buffer.set(juliet, { at: 1, status: 'first' })
  await buffer.close()
  expect(written).toEqual(['juliet first'])
  await buffer.set(juliet, { at: 2, status: 'late' })
  expect(written).toEqual(['juliet first', 'juliet late'])
})

test('what could not be written is told, kept and tried again', async () => {
  const { buffer, clock, written, logged, holdWrites } = scene()
  holdWrites(() => Promise.reject(new Error('disk full')))
  void buffer.set(juliet, { at: 1, status: 'first' })
  await clock.advance(1000)
  await settled()
  expect(logged).toEqual(['last activity could not be written'])
  expect(await buffer.get(juliet)).toEqual({ at: 1, status: 'first' })
  holdWrites(() => {})
  await clock.advance(1000)
  await settled()
  expect(written).toEqual(['juliet first'])
})

test('P-10: a removed account is not written afterwards', async () => {
  const { buffer, clock, written, holdWrites } = scene()
  void buffer.set(juliet, { at: 1, status: 'waits' })
  await buffer.remove(juliet)
  await clock.advance(1000)
  await settled()
  expect(written).toEqual(['juliet removed'])
  expect(await buffer.get(juliet)).toBeUndefined()
  let goOn = () => {}
  holdWrites(() => new Promise((resolve) => (goOn = resolve)))
  void buffer.set(romeo, { at: 1, status: 'under way' })
  await clock.advance(1000)
  await settled()
  const removal = buffer.remove(romeo)
  goOn()
  await removal
  expect(written.slice(1)).toEqual(['romeo under way', 'romeo removed'])
  expect(await buffer.get(romeo)).toBeUndefined()
})

test('L-1: with too many waiting, and without an interval, a logout is written at once', async () => {
  const { buffer, written } = scene({ maxWaiting: 1 })
  void buffer.set(juliet, { at: 1, status: 'waits' })
  await buffer.set(romeo, { at: 1, status: 'at once' })
  void buffer.set(juliet, { at: 2, status: 'waits still' })
  expect(written).toEqual(['romeo at once'])
  const direct = scene({ flushMs: 0 })
  await direct.buffer.set(juliet, { at: 1, status: 'at once' })
  expect(direct.written).toEqual(['juliet at once'])
})
