import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { createMemoryOfflineStore } from './memory-store.js'
import type { OfflineStore } from './ports.js'
import { createWaitingCounts, type WaitingCountsOptions } from './waiting-counts.js'

const juliet = parseJid('juliet@example.com').bare
const nurse = parseJid('nurse@example.com').bare
const now = 1_000
const message = (body: string, expiresAt?: number) => ({
  stanza: `<message><body>${body}</body></message>`,
  receivedAt: now,
  ...(expiresAt !== undefined && { expiresAt }),
})
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A store that tells what it is asked, and whose answers can be held back or made to fail. */
function scene(options: WaitingCountsOptions = {}) {
  const memory = createMemoryOfflineStore()
  const asked: string[] = []
  let hold: ((call: string) => Promise<void> | undefined) | undefined
  const told = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    asked.push(call)
    const answer = await work()
    await hold?.(call)
    return answer
  }
  const store: OfflineStore = {
    ...memory,
    append: (account, what, limit) => told(`append ${limit}`, () => memory.append(account, what, limit)),
    count: (account, at) => told('count', () => memory.count(account, at)),
    ack: (account, ids) => told('ack', () => memory.ack(account, ids)),
  }
  const counts = createWaitingCounts(store, options)
  const idOf = async (body: string) => {
    const stored = await counts.append(juliet, message(body), 100)
    if (stored === 'full') throw new Error('full')
    return stored.id
  }
  return { memory, store, counts, asked, idOf, holding: (how: typeof hold) => (hold = how) }
}

describe('what is known', () => {
  test('an account is counted once, and its messages from then on', async () => {
    const { counts, asked, idOf } = scene()
    expect(counts.mayWait?.(juliet)).toBeUndefined()
    const id = await idOf('1')
    await settled()
    expect(counts.mayWait?.(juliet)).toBe(true)
    await idOf('2')
    expect(asked).toEqual(['append 100', 'count', 'append Infinity'])
    await counts.ack(juliet, [id, id, 'unknown'])
    expect(counts.mayWait?.(juliet)).toBe(true)
    await counts.removeAll(juliet)
    expect(counts.mayWait?.(juliet)).toBe(false)
    asked.length = 0
    expect(await counts.count(juliet, now)).toBe(0)
    expect(asked).toEqual([])
  })

  test('a message waits from the moment it is being written', async () => {
    const { counts } = scene()
    await counts.count(juliet, now)
    expect(counts.mayWait?.(juliet)).toBe(false)
    const storing = counts.append(juliet, message('1'), 100)
    expect(counts.mayWait?.(juliet)).toBe(true)
    await storing
  })

  test('a message that two acknowledge at once counts once', async () => {
    const { counts, idOf } = scene()
    const [first] = [await idOf('1'), await idOf('2')]
    await settled()
    await Promise.all([counts.ack(juliet, [first]), counts.ack(juliet, [first])])
    expect(counts.mayWait?.(juliet)).toBe(true)
    expect(await counts.count(juliet, now)).toBe(1)
  })

  test('what was counted while something was being written does not count', async () => {
    const { counts, holding } = scene()
    const answers: (() => void)[] = []
    holding((call) =>
      call === 'count' ? new Promise<void>((resolve) => void answers.push(resolve)) : undefined,
    )
    // It has found nothing, and says so when something is there.
    void counts.count(juliet, now)
    await settled()
    await counts.append(juliet, message('1'), 100)
    holding(undefined)
    for (const answer of answers) answer()
    await settled()
    expect(counts.mayWait?.(juliet)).not.toBe(false)
    expect(await counts.count(juliet, now)).toBe(1)
    await settled()
    expect(counts.mayWait?.(juliet)).toBe(true)
  })

  test('what is being written while it is not known how much waits may wait', async () => {
    const { counts } = scene()
    const storing = counts.append(juliet, message('1'), 100)
    expect(counts.mayWait?.(juliet)).toBe(true)
    await storing
  })
})

describe('the limit', () => {
  test('holds exactly, also for those who append at once; at the limit the store decides', async () => {
    const { counts, asked, idOf } = scene()
    await counts.count(juliet, now)
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, n) => counts.append(juliet, message(String(n)), 3)),
    )
    expect(outcomes.map((outcome) => outcome === 'full')).toEqual([
      ...Array(3).fill(false),
      ...Array(5).fill(true),
    ])
    expect(asked.filter((call) => call === 'append 3')).toHaveLength(5)
    await counts.ack(juliet, [(outcomes[0] as { id: string }).id])
    asked.length = 0
    expect(await counts.append(juliet, message('room again'), 3)).not.toBe('full')
    expect(asked).toEqual(['append Infinity'])
    expect(await idOf('another limit')).toBeDefined()
  })

  test('what has expired does not count, though it is still there', async () => {
    const { counts } = scene()
    await counts.append(juliet, message('short', now), 1)
    expect(await counts.append(juliet, message('1'), 1)).not.toBe('full')
    expect(await counts.append(juliet, message('2'), 1)).toBe('full')
    await settled()
    expect(counts.mayWait?.(juliet)).toBe(true)
  })
})

describe('counting anew', () => {
  test('after others were removed', async () => {
    const { counts, asked } = scene()
    await counts.append(juliet, message('short', now + 1), 10)
    await counts.append(nurse, message('kept'), 10)
    expect(await counts.removeExpired(now, 10)).toBe(0)
    expect(counts.mayWait?.(juliet)).toBe(true)
    expect(await counts.removeExpired(now + 1, 10)).toBe(1)
    expect(counts.mayWait?.(juliet)).toBeUndefined()
    asked.length = 0
    expect(await counts.count(juliet, now)).toBe(0)
    expect(counts.mayWait?.(juliet)).toBe(false)
    expect(await counts.removeOlder('example.com', now + 1, 10)).toBe(1)
    expect(counts.mayWait?.(nurse)).toBeUndefined()
  })

  test('when what was removed meanwhile cannot be told from what is being written', async () => {
    const { counts, holding } = scene()
    await counts.append(juliet, message('short', now), 10)
    let goOn = () => {}
    holding(() => new Promise<void>((resolve) => (goOn = resolve)))
    const storing = counts.append(juliet, message('1'), 10)
    await settled()
    await counts.removeExpired(now, 10)
    expect(counts.mayWait?.(juliet)).toBe(true)
    holding(undefined)
    goOn()
    await storing
    expect(counts.mayWait?.(juliet)).toBeUndefined()
    expect(await counts.count(juliet, now)).toBe(1)
  })

  test('after a write that failed: it may have been done', async () => {
    const { counts, holding } = scene()
    await counts.count(juliet, now)
    holding(() => Promise.reject(new Error('connection lost')))
    await expect(counts.append(juliet, message('1'), 10)).rejects.toThrow('connection lost')
    await expect(counts.count(juliet, now)).rejects.toThrow('connection lost')
    holding(undefined)
    expect(counts.mayWait?.(juliet)).toBeUndefined()
    expect(await counts.count(juliet, now)).toBe(1)
  })

  test('when only expired messages are left', async () => {
    const { counts, asked } = scene()
    await counts.append(juliet, message('short', now), 10)
    expect(await counts.count(juliet, now)).toBe(0)
    expect(counts.mayWait?.(juliet)).toBeUndefined()
    asked.length = 0
    await counts.count(juliet, now)
    expect(asked).toEqual(['count', 'count'])
  })

  test('L-1: whoever was counted longest ago is forgotten, but not while something is being written', async () => {
    const { counts, holding } = scene({ maxAccounts: 1 })
    await counts.count(juliet, now)
    await counts.count(nurse, now)
    let goOn = () => {}
    holding((call) => (call === 'count' ? undefined : new Promise<void>((resolve) => (goOn = resolve))))
    expect([counts.mayWait?.(juliet), counts.mayWait?.(nurse)]).toEqual([undefined, false])
    const storing = counts.append(nurse, message('1'), 10)
    await counts.count(juliet, now)
    expect(counts.mayWait?.(nurse)).toBe(true)
    goOn()
    await storing
    const { store } = scene()
    expect(createWaitingCounts(store, { maxAccounts: 0 })).toBe(store)
  })
})
