import { type BareJid, parseJid } from '@xmppkit/jid'
import { expect, test } from 'vitest'
import { createBlocklistCache } from './blocklist-cache.js'
import { createMemoryBlocklistStore } from './memory-store.js'

const account = (name: string) => parseJid(`${name}@example.com`).bare
const romeo = parseJid('romeo@example.net')

/** A store that notes what is read, and waits with it until `go`. */
function scene(maxItems: number) {
  const memory = createMemoryBlocklistStore()
  const reads: string[] = []
  let hold: Promise<void> | undefined
  const store = {
    ...memory,
    async load(of: BareJid) {
      reads.push(of.local)
      const list = await memory.load(of)
      await hold
      return list
    },
  }
  return {
    cache: createBlocklistCache(store, { maxItems }),
    reads,
    holdUntil: (until: Promise<void>) => {
      hold = until
    },
  }
}

test('a list is read once and then there at once, empty or not', async () => {
  const { cache, reads } = scene(10)
  await cache.load(account('a'))
  expect(cache.load(account('a'))).toEqual([])
  await cache.add(account('b'), [romeo], 10)
  await cache.load(account('b'))
  expect(cache.load(account('b'))).toEqual([romeo])
  expect(reads).toEqual(['a', 'b'])
})

test('what is written is read anew, whatever the writing comes to', async () => {
  const { cache, reads } = scene(10)
  for (const write of [
    () => cache.add(account('a'), [romeo], 10),
    () => cache.add(account('a'), [parseJid('iago@example.net')], 1),
    () => cache.remove(account('a'), [romeo]),
    () => cache.removeAll(account('a')),
  ]) {
    await cache.load(account('a'))
    await write()
  }
  await cache.load(account('a'))
  expect(reads).toHaveLength(5)
})

test('what was read while something was written is not kept', async () => {
  const { cache, reads, holdUntil } = scene(10)
  let go = () => {}
  holdUntil(
    new Promise((resolve) => {
      go = resolve
    }),
  )
  const early = cache.load(account('a'))
  await cache.add(account('a'), [romeo], 10)
  go()
  expect(await early).toEqual([])
  expect(await cache.load(account('a'))).toEqual([romeo])
  expect(reads).toEqual(['a', 'a'])
})

test('nor what was read before a write that had begun was in force, and is answered after', async () => {
  const memory = createMemoryBlocklistStore()
  const answers: (() => void)[] = []
  const later = () => new Promise<void>((resolve) => answers.push(resolve))
  const cache = createBlocklistCache({
    ...memory,
    async load(of) {
      const list = await memory.load(of)
      await later()
      return list
    },
    async add(...args) {
      await later()
      return memory.add(...args)
    },
  })
  const write = cache.add(account('a'), [romeo], 10)
  const read = Promise.resolve(cache.load(account('a')))
  await expect.poll(() => answers.length).toBe(2)
  answers[0]?.()
  await write
  answers[1]?.()
  expect(await read).toEqual([])
  const again = Promise.resolve(cache.load(account('a')))
  await expect.poll(() => answers.length).toBe(3)
  answers[2]?.()
  expect(await again).toEqual([romeo])
})

test('L-1: as many entries as allowed, and those used last', async () => {
  const { cache, reads } = scene(2)
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.load(account(name))
  expect(reads).toEqual(['a', 'b', 'c', 'b'])
  reads.length = 0
  await cache.add(account('d'), [romeo, parseJid('a.example'), parseJid('b.example')], 10)
  for (const name of ['d', 'd']) await cache.load(account(name))
  expect(reads).toEqual(['d', 'd'])
})
