import { describe, expect, test } from 'vitest'
import { createBatcher, type Outcome } from './batcher.js'

const limits = { maxBatch: 3, maxPending: 10, maxPendingLength: 100 }

/** A batcher whose batches end when they are told to. */
function held(more: Partial<typeof limits> = {}) {
  const batches: string[][] = []
  const ends: ((outcomes?: readonly Outcome<string>[]) => void)[] = []
  const fails: ((error: Error) => void)[] = []
  const batcher = createBatcher<string, string>(
    (items) => {
      batches.push([...items])
      return new Promise((resolve, reject) => {
        ends.push((outcomes = items.map((item) => ({ value: item.toUpperCase() }))) => resolve(outcomes))
        fails.push(reject)
      })
    },
    { ...limits, ...more },
  )
  const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)))
  return { batcher, batches, ends, fails, turn }
}

describe('batches', () => {
  test('what is asked in one turn goes together, what comes meanwhile goes next', async () => {
    const { batcher, batches, ends, turn } = held()
    const answers = ['a', 'b'].map((item) => batcher.submit(item, 1))
    await turn()
    answers.push(...['c', 'd', 'e', 'f'].map((item) => batcher.submit(item, 1)))
    expect(batches).toEqual([['a', 'b']])
    ends[0]?.()
    await turn()
    expect(batches).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ])
    ends[1]?.()
    await turn()
    ends[2]?.()
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D', 'E', 'F'])
    expect(batches[2]).toEqual(['f'])
  })

  test('an outcome is that of its own item', async () => {
    const { batcher, ends, turn } = held()
    const answers = ['a', 'b', 'c'].map((item) => batcher.submit(item, 1))
    await turn()
    ends[0]?.([{ value: 'A' }, { error: new Error('only b') }])
    const outcomes = await Promise.allSettled(answers)
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    await expect(answers[1]).rejects.toThrow('only b')
    await expect(answers[2]).rejects.toThrow('no answer')
  })

  test('a batch that fails fails its items, and the next goes on', async () => {
    const { batcher, ends, fails, turn } = held()
    const answers = ['a', 'b', 'c', 'd'].map((item) => batcher.submit(item, 1))
    await turn()
    fails[0]?.(new Error('disk on fire'))
    for (const answer of answers.slice(0, 3)) await expect(answer).rejects.toThrow('disk on fire')
    await turn()
    ends[1]?.()
    expect(await answers[3]).toBe('D')
  })
})

describe('limits', () => {
  test('more items than may wait are refused', async () => {
    const { batcher, ends, turn } = held({ maxPending: 2 })
    const first = batcher.submit('a', 1)
    await turn()
    const waiting = [batcher.submit('b', 1), batcher.submit('c', 1)]
    await expect(batcher.submit('d', 1)).rejects.toMatchObject({
      code: 'storage-sql/overloaded',
      message: expect.stringContaining('2 calls (2 characters) wait already'),
    })
    ends[0]?.()
    await first
    await turn()
    ends[1]?.()
    expect(await Promise.all(waiting)).toEqual(['B', 'C'])
  })

  test('more text than may wait is refused', async () => {
    const { batcher } = held()
    const waiting = batcher.submit('a', 60)
    await expect(batcher.submit('b', 60)).rejects.toMatchObject({ code: 'storage-sql/overloaded' })
    await expect(batcher.submit('c', 101)).rejects.toMatchObject({ code: 'storage-sql/overloaded' })
    void waiting
  })
})

describe('closing', () => {
  test('waits for what was taken and refuses the rest', async () => {
    const { batcher, ends, turn } = held()
    const answers = ['a', 'b', 'c', 'd'].map((item) => batcher.submit(item, 1))
    let closed = false
    const closing = batcher.close().then(() => (closed = true))
    await expect(batcher.submit('e', 1)).rejects.toMatchObject({ code: 'storage-sql/closed' })
    await turn()
    ends[0]?.()
    await turn()
    expect(closed).toBe(false)
    ends[1]?.()
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D'])
    await closing
    await batcher.close()
  })
})
