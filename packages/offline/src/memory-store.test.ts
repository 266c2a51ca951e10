import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { createMemoryOfflineStore } from './memory-store.js'

const juliet = parseJid('juliet@example.com').bare
const romeo = parseJid('romeo@example.net').bare
const message = (stanza: string, receivedAt = 0, expiresAt?: number) => ({
  stanza,
  receivedAt,
  ...(expiresAt === undefined ? {} : { expiresAt }),
})

async function filled(...stanzas: string[]) {
  const store = createMemoryOfflineStore()
  for (const stanza of stanzas) await store.append(juliet, message(stanza), 100)
  const lease = async (holder: string, now = 0, limit = 10) =>
    (await store.lease(juliet, { holder, limit, now, until: now + 100 })).map((one) => one.stanza)
  return { store, lease }
}

describe('leases', () => {
  test('M-7: in order, to one holder at a time, and a holder that asks again gets what follows', async () => {
    const { lease } = await filled('1', '2', '3')
    expect(await lease('a', 0, 2)).toEqual(['1', '2'])
    expect(await lease('b')).toEqual([])
    expect(await lease('a')).toEqual(['3'])
    expect(await lease('a')).toEqual([])
  })

  test('end when they are released, or by themselves', async () => {
    const { store, lease } = await filled('1', '2')
    await lease('a', 0, 1)
    await store.release(juliet, 'b')
    expect(await lease('b')).toEqual([])
    await store.release(juliet, 'a')
    expect(await lease('b')).toEqual(['1', '2'])
    expect(await lease('c', 99)).toEqual([])
    expect(await lease('c', 100)).toEqual(['1', '2'])
  })

  test('OFF-1: messages stay until they are acked, in any order, unknown ones ignored', async () => {
    const { store, lease } = await filled('1', '2', '3')
    const [, second] = await store.lease(juliet, { holder: 'a', limit: 2, now: 0, until: 100 })
    await store.ack(juliet, [second!.id, 'unknown'])
    expect(await store.count(juliet, 0)).toBe(2)
    await store.release(juliet, 'a')
    expect(await lease('b')).toEqual(['1', '3'])
  })
})

describe('the rest', () => {
  test('L-1: as many as allowed, not counting those that have expired', async () => {
    const store = createMemoryOfflineStore()
    expect(await store.append(juliet, message('1', 0, 50), 1)).toHaveProperty('id')
    expect(await store.append(juliet, message('2', 49), 1)).toBe('full')
    expect(await store.append(juliet, message('3', 50), 1)).toHaveProperty('id')
    expect(await store.count(juliet, 50)).toBe(1)
  })

  test('ids sort in order of arrival, also past the tenth', async () => {
    const { store } = await filled(...Array.from({ length: 12 }, (_, i) => i.toString()))
    const ids = (await store.list(juliet, { limit: 20, now: 0 })).map((one) => one.id)
    expect([...ids].sort()).toEqual(ids)
    const page = await store.list(juliet, { after: ids[9]!, limit: 5, now: 0 })
    expect(page.map((one) => one.stanza)).toEqual(['10', '11'])
    expect((await store.get(juliet, ids[3]!))?.stanza).toBe('3')
    expect(await store.get(romeo, ids[3]!)).toBeUndefined()
  })

  test('expired and old ones are removed, up to a number, of any account or of one domain', async () => {
    const store = createMemoryOfflineStore()
    for (const account of [juliet, romeo]) {
      await store.append(account, message('short', 0, 10), 10)
      await store.append(account, message('old', 5), 10)
      await store.append(account, message('new', 20), 10)
    }
    expect(await store.removeExpired(9, 10)).toBe(0)
    expect(await store.removeExpired(10, 1)).toBe(1)
    expect(await store.removeExpired(10, 10)).toBe(1)
    expect(await store.removeOlder('example.com', 20, 10)).toBe(1)
    expect(await store.count(juliet, 20)).toBe(1)
    expect(await store.count(romeo, 20)).toBe(2)
  })

  test('accounts share nothing; all of one are removed', async () => {
    const { store } = await filled('1', '2')
    await store.append(romeo, message('3'), 10)
    expect(await store.removeAll(juliet)).toBe(2)
    expect(await store.removeAll(juliet)).toBe(0)
    expect(await store.count(romeo, 0)).toBe(1)
  })
})
