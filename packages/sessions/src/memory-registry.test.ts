import { type BareJid, type FullJid, isFullJid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { createMemoryRegistry } from './memory-registry.js'
import type { SessionEntry, SessionHandle } from './ports.js'

function entry(sid: string, address: string, order: number, priority?: number): SessionEntry {
  const jid = parseJid(address)
  if (!isFullJid(jid)) throw new Error(`${address} has no resource`)
  const handle: SessionHandle = { sid, jid: jid as FullJid, deliver: () => undefined, close: () => undefined }
  return { sid, jid, order, priority, presence: undefined, info: { openedAt: order }, handle }
}

const bare = (address: string) => parseJid(address) as BareJid
const sids = (entries: readonly SessionEntry[]) => entries.map((one) => one.sid)

describe('the sessions of an account', () => {
  test('are listed oldest first, whatever the order they came in', () => {
    const registry = createMemoryRegistry()
    registry.put(entry('b', 'a@example.com/2', 2))
    registry.put(entry('c', 'a@example.com/3', 3))
    registry.put(entry('a', 'a@example.com/1', 1))
    registry.put(entry('x', 'b@example.com/1', 4))
    expect(sids(registry.list(bare('a@example.com')))).toEqual(['a', 'b', 'c'])
  })

  test('a list that was handed out does not change', () => {
    const registry = createMemoryRegistry()
    registry.put(entry('a', 'a@example.com/1', 1))
    const before = registry.list(bare('a@example.com'))
    registry.put(entry('b', 'a@example.com/2', 2))
    registry.put(entry('a', 'a@example.com/1', 1, 7))
    registry.remove('a')
    expect(before.map((one) => [one.sid, one.priority])).toEqual([['a', undefined]])
  })

  test('an entry of the same sid replaces the one before', () => {
    const registry = createMemoryRegistry()
    registry.put(entry('a', 'a@example.com/1', 1))
    registry.put(entry('a', 'a@example.com/1', 1, 7))
    expect(registry.list(bare('a@example.com')).map((one) => one.priority)).toEqual([7])
    expect(registry.get('a')?.priority).toBe(7)
    expect(registry.count()).toBe(1)
    expect(registry.page({ limit: 10 }).sessions.map((one) => one.priority)).toEqual([7])
  })

  test('removing leaves no trace, twice does nothing', () => {
    const registry = createMemoryRegistry()
    registry.put(entry('a', 'a@example.com/1', 1))
    registry.remove('a')
    registry.remove('a')
    registry.remove('never')
    expect(registry.list(bare('a@example.com'))).toEqual([])
    expect(registry.get('a')).toBeUndefined()
    expect([registry.count(), registry.count('example.com')]).toEqual([0, 0])
    expect(registry.page({ limit: 10 })).toEqual({ sessions: [] })
  })
})

describe('pages', () => {
  function filled(): ReturnType<typeof createMemoryRegistry> {
    const registry = createMemoryRegistry()
    for (let i = 1; i <= 500; i += 1) {
      registry.put(entry(`s${i}`, `u${i % 7}@${i % 2 === 0 ? 'even' : 'odd'}.example/${i}`, i))
    }
    return registry
  }
  function all(registry: ReturnType<typeof createMemoryRegistry>, limit: number, domain?: string): string[] {
    const found: string[] = []
    let after: number | undefined
    do {
      const page = registry.page({
        limit,
        ...(after === undefined ? {} : { after }),
        ...(domain ? { domain } : {}),
      })
      expect(page.sessions.length).toBeLessThanOrEqual(limit)
      found.push(...sids(page.sessions))
      after = page.next
    } while (after !== undefined)
    return found
  }

  test.each([1, 7, 499, 500, 501])('of %i show every session once, in order', (limit) => {
    expect(all(filled(), limit)).toEqual(Array.from({ length: 500 }, (_, i) => `s${i + 1}`))
  })

  test('of one domain show its sessions only', () => {
    const registry = filled()
    expect(all(registry, 20, 'odd.example')).toHaveLength(250)
    expect(all(registry, 20, 'none.example')).toEqual([])
    expect([registry.count(), registry.count('even.example'), registry.count('none.example')]).toEqual([
      500, 250, 0,
    ])
  })

  test('go on where they were when sessions end meanwhile', () => {
    const registry = filled()
    const first = registry.page({ limit: 100 })
    for (let i = 50; i <= 450; i += 1) registry.remove(`s${i}`)
    expect(sids(registry.page({ limit: 100, after: first.next ?? 0 }).sessions)).toEqual(
      Array.from({ length: 50 }, (_, i) => `s${i + 451}`),
    )
  })

  test('an older order is put in its place, a hole is used again', () => {
    const registry = createMemoryRegistry()
    registry.put(entry('c', 'a@example.com/3', 3))
    registry.put(entry('a', 'a@example.com/1', 1))
    registry.remove('c')
    registry.put(entry('d', 'a@example.com/4', 3))
    expect(all(registry, 10)).toEqual(['a', 'd'])
  })
})
