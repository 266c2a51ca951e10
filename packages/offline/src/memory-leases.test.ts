import { parseJid } from '@xmppkit/jid'
import { expect, test } from 'vitest'
import { createMemoryLeases } from './memory-leases.js'
import { createMemoryOfflineStore } from './memory-store.js'

const juliet = parseJid('juliet@example.com').bare
const request = (holder: string, more = {}) => ({ holder, limit: 100, now: 0, until: 1000, ...more })
const bodies = (messages: readonly { readonly stanza: string }[]) => messages.map(({ stanza }) => stanza)

async function scene(count: number) {
  const memory = createMemoryOfflineStore()
  const written: string[] = []
  const store = createMemoryLeases({
    ...memory,
    lease: () => Promise.reject(new Error('asked to write a lease')),
    release: () => Promise.reject(new Error('asked to end a lease')),
    ack: (account, ids) => {
      written.push(...ids)
      return memory.ack(account, ids)
    },
  })
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const stored = await store.append(juliet, { stanza: String(n), receivedAt: 0 }, 100)
    if (stored !== 'full') ids.push(stored.id)
  }
  return { memory, store, ids, written }
}

test('OFF-1: what one holds is not given to others, nor what follows it, until it is released or over', async () => {
  const { store } = await scene(4)
  expect(bodies(await store.lease(juliet, request('a', { limit: 2 })))).toEqual(['0', '1'])
  expect(await store.lease(juliet, request('b'))).toEqual([])
  expect(bodies(await store.lease(juliet, request('a', { limit: 1 })))).toEqual(['2'])
  await store.release(juliet, 'b')
  expect(await store.lease(juliet, request('b'))).toEqual([])
  await store.release(juliet, 'a')
  expect(bodies(await store.lease(juliet, request('b', { limit: 1 })))).toEqual(['0'])
  expect(await store.lease(juliet, request('a', { now: 999 }))).toEqual([])
  expect(bodies(await store.lease(juliet, request('a', { now: 1000, until: 2000 })))).toHaveLength(4)
})

test('of those who ask at once, each message goes to one', async () => {
  const { store } = await scene(6)
  const taken = await Promise.all(
    ['a', 'b', 'a'].map((holder) => store.lease(juliet, request(holder, { limit: 2 }))),
  )
  expect(taken.map(bodies)).toEqual([['0', '1'], [], ['2', '3']])
})

test('X-CONS: what could not be deleted stays with its holder', async () => {
  const { store, memory, ids } = await scene(2)
  const [first] = ids
  await store.lease(juliet, request('a'))
  const { ack } = memory
  memory.ack = () => Promise.reject(new Error('down'))
  const failing = createMemoryLeases({ ...memory, mayWait: () => true })
  await failing.lease(juliet, request('a'))
  await expect(failing.ack(juliet, [first!])).rejects.toThrow('down')
  expect(await failing.lease(juliet, request('b'))).toEqual([])
  memory.ack = ack
  expect(await store.ack(juliet, [first!, first!])).toBe(1)
  await store.release(juliet, 'a')
  expect(bodies(await store.lease(juliet, request('b')))).toEqual(['1'])
})

test('L-1: leases end with the messages, and with their time', async () => {
  const { store } = await scene(2)
  await store.lease(juliet, request('a'))
  expect(await store.removeAll(juliet)).toBe(2)
  await store.append(juliet, { stanza: 'new', receivedAt: 0 }, 100)
  expect(bodies(await store.lease(juliet, request('b')))).toEqual(['new'])
  await store.removeExpired(1000, 10)
  expect(bodies(await store.lease(juliet, request('a')))).toEqual(['new'])
})
