import { parseJid } from '@xmppkit/jid'
import { createManualClock, type Logger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { createDeletions } from './deletions.js'

const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.com').bare

function scene() {
  const clock = createManualClock()
  const logged: string[] = []
  const note = (text: string) => void logged.push(text)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note, child: () => logger }
  const asked: string[] = []
  const state = { fails: false, ends: Promise.resolve() }
  const deletions = createDeletions({
    clock,
    logger,
    store: {
      async ack(account, ids) {
        asked.push(`${account.local} ${ids.join()}`)
        await state.ends
        if (state.fails) throw new Error('the store is down')
        return ids.length
      },
    },
  })
  return { deletions, clock, asked, logged, state }
}

test('OFF-1 X-CONS: what a client has is deleted within a moment, many at a time', async () => {
  const { deletions, clock, asked } = scene()
  for (const id of ['1', '2', '3']) deletions.add(juliet, id)
  deletions.add(romeo, '9')
  expect(asked).toEqual([])
  await clock.advance(100)
  expect(asked).toEqual(['juliet 1,2,3', 'romeo 9'])
  expect([deletions.has(juliet, '1'), deletions.flush(juliet)]).toEqual([false, undefined])
  expect(clock.timers).toBe(0)
})

test('whoever needs to be sure waits for what is under way, and for what has come since', async () => {
  const { deletions, asked, state } = scene()
  let end = () => {}
  state.ends = new Promise((resolve) => {
    end = resolve
  })
  deletions.add(juliet, '1')
  const first = deletions.flush(juliet)
  deletions.add(juliet, '2')
  const second = deletions.flush(juliet)
  expect(asked).toEqual(['juliet 1'])
  end()
  await Promise.all([first, second])
  expect(asked).toEqual(['juliet 1', 'juliet 2'])
})

test('what the store cannot delete is known, reported, and tried again with what follows', async () => {
  const { deletions, clock, asked, logged, state } = scene()
  state.fails = true
  deletions.add(juliet, '1')
  await clock.advance(100)
  expect([deletions.has(juliet, '1'), logged.length]).toEqual([true, 1])
  await expect(deletions.flush(juliet)).rejects.toThrow('the store is down')
  state.fails = false
  deletions.add(juliet, '2')
  await clock.advance(100)
  expect(asked.at(-1)).toBe('juliet 1,2')
  expect(deletions.has(juliet, '1')).toBe(false)
})

test('X-CONS: it is tried again also if nothing follows, so that it does not come again after a restart', async () => {
  const { deletions, clock, asked, logged, state } = scene()
  state.fails = true
  deletions.add(juliet, '1')
  await clock.advance(10_100)
  expect([asked.length, logged.length]).toEqual([2, 2])
  state.fails = false
  await clock.advance(10_000)
  expect([asked.length, deletions.count(juliet), clock.timers]).toEqual([3, 0, 0])
})

test('it is not tried again once the server ends, nor for an account that is gone', async () => {
  const { deletions, clock, asked, state } = scene()
  state.fails = true
  for (const account of [juliet, romeo]) deletions.add(account, '1')
  await clock.advance(100)
  deletions.drop(romeo)
  await deletions[Symbol.asyncDispose]()
  expect([asked, clock.timers]).toEqual([['juliet 1', 'romeo 1', 'juliet 1'], 0])
})

test('X-CONS: what is deleted while somebody reads is known until the reading ends', async () => {
  const { deletions } = scene()
  deletions.add(juliet, '1')
  await deletions.whileReading(juliet, async () => {
    await deletions.flush(juliet)
    expect(deletions.has(juliet, '1')).toBe(true)
  })
  expect(deletions.has(juliet, '1')).toBe(false)
})

test('at the end everything is deleted that is due, and a failure is reported', async () => {
  const { deletions, clock, asked, logged, state } = scene()
  deletions.add(juliet, '1')
  deletions.add(romeo, '2')
  deletions.drop(romeo)
  await deletions[Symbol.asyncDispose]()
  expect([asked, clock.timers]).toEqual([['juliet 1'], 0])
  state.fails = true
  deletions.add(juliet, '3')
  await deletions[Symbol.asyncDispose]()
  expect(logged).toHaveLength(1)
})
