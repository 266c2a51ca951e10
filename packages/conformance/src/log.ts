/**
 * The suite for a `Log` of `@xmppkit/storage`.
 *
 * @packageDocumentation
 */
import type { Log, LogEntry, LogPage, NewLogEntry } from '@xmppkit/storage'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const alice = 'alice@example.org'
const noon = Date.UTC(2026, 0, 31, 12)
const minute = 60_000

const values = (entries: readonly LogEntry[]) => entries.map(({ value }) => value)

async function add(log: Log, value: string, more: Partial<NewLogEntry> = {}, owner = alice): Promise<string> {
  const outcome = await log.append(owner, { value, at: noon, ...more })
  if (outcome === 'full') throw new Error('full without a limit')
  return outcome.id
}
async function addAll(log: Log, count: number, owner = alice): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) ids.push(await add(log, String(n), {}, owner))
  return ids
}
const lease = (
  log: Log,
  holder: string,
  more: { limit?: number; now?: number; until?: number } = {},
  owner = alice,
) => log.lease(owner, { holder, limit: 100, now: noon, until: noon + minute, ...more })
const read = (log: Log, page: Partial<LogPage> = {}, owner = alice) =>
  log.read(owner, { limit: 100, now: noon, ...page })

/**
 * Registers the tests of a `Log`.
 *
 * @example
 * ```ts
 * logConformance('memory', () => ({ store: createMemoryLog() }))
 * ```
 */
export function logConformance(name: string, open: OpenStore<Log>): void {
  describe(`log: ${name}`, () => {
    appending(open)
    reading(open)
    leasing(open)
    removing(open)
    lasting(open)
  })
}

function appending(open: OpenStore<Log>): void {
  test.each(awkwardTexts)('an entry is given back as it was: %s', (_, value) =>
    withStore(open, async (log) => {
      const id = await add(log, value, { at: noon + 123, expiresAt: noon + minute + 7 })
      expect(await log.get(alice, id)).toEqual({ id, value, at: noon + 123, expiresAt: noon + minute + 7 })
      const plain = await add(log, value)
      expect(await log.get(alice, plain)).toEqual({ id: plain, value, at: noon })
    }),
  )

  test('entries appended without waiting keep their order, and ids sort', () =>
    withStore(open, async (log) => {
      const outcomes = await Promise.all(Array.from({ length: 50 }, (_, n) => add(log, String(n))))
      expect([...outcomes].sort()).toEqual(outcomes)
      expect(values(await read(log))).toEqual(Array.from({ length: 50 }, (_, n) => String(n)))
    }))

  test('the limit holds, also for those who append at once; expired entries do not count', () =>
    withStore(open, async (log) => {
      await add(log, 'expired', { expiresAt: noon })
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) => log.append(alice, { value: String(n), at: noon }, 5)),
      )
      expect(outcomes.filter((outcome) => outcome !== 'full')).toHaveLength(5)
      expect(await log.count(alice, noon)).toBe(5)
      expect(await log.append(alice, { value: 'x', at: noon }, 0)).toBe('full')
      expect(await log.append('alice@example.or', { value: 'x', at: noon }, 1)).not.toBe('full')
    }))

  test.each([
    ['an empty owner', '', 'v'],
    ['NUL in a value', alice, 'a\0'],
    ['half a character', alice, '\uDC00'],
  ])('what no database carries is refused: %s', (_, owner, value) =>
    withStore(open, async (log) => {
      await expect(log.append(owner, { value, at: noon })).rejects.toMatchObject({ code: 'storage/bad-text' })
      expect(await log.count(alice, noon)).toBe(0)
    }),
  )
}

function reading(open: OpenStore<Log>): void {
  test('entries are read in pages, from either end', () =>
    withStore(open, async (log) => {
      const ids = await addAll(log, 6)
      expect(values(await read(log, { limit: 2 }))).toEqual(['0', '1'])
      expect(values(await read(log, { limit: 2, after: ids[1]! }))).toEqual(['2', '3'])
      expect(values(await read(log, { limit: 2, newestFirst: true }))).toEqual(['5', '4'])
      expect(values(await read(log, { limit: 2, newestFirst: true, before: ids[4]! }))).toEqual(['3', '2'])
      expect(values(await read(log, { after: ids[0]!, before: ids[3]! }))).toEqual(['1', '2'])
      expect(values(await read(log, { after: ids[5]! }))).toEqual([])
      expect(values(await read(log, { before: ids[0]! }))).toEqual([])
    }))

  test('expired entries are left out of everything but by id', () =>
    withStore(open, async (log) => {
      await add(log, 'short', { expiresAt: noon + 1 })
      await add(log, 'long', { expiresAt: noon + minute })
      expect(values(await read(log, { now: noon + 1 }))).toEqual(['long'])
      expect(await log.count(alice, noon + 1)).toBe(1)
      expect(values(await lease(log, 'a', { now: noon + 1 }))).toEqual(['long'])
    }))

  test('only entries of the owner are found by id', () =>
    withStore(open, async (log) => {
      const [id] = await addAll(log, 1)
      expect(await log.get('bob@example.org', id as string)).toBeUndefined()
      for (const wrong of ['', 'x', '-1', "' or 1=1", '9999999999999999', '99999999999999999999'])
        expect(await log.get(alice, wrong)).toBeUndefined()
    }))

  test('owners that look alike are apart', () =>
    withStore(open, async (log) => {
      const owners = [
        'alice@example.org',
        'alice@example.or',
        'lice@example.org',
        'alice@sub.example.org',
        'example.org',
        'xexample.org',
      ]
      for (const owner of owners) await add(log, owner, {}, owner)
      for (const owner of owners) expect(values(await read(log, {}, owner))).toEqual([owner])
      expect(await log.removeOwner(alice)).toBe(1)
      expect(await Promise.all(owners.map((owner) => log.count(owner, noon)))).toEqual([0, 1, 1, 1, 1, 1])
    }))
}

function leasing(open: OpenStore<Log>): void {
  test('entries are handed out oldest first and stay until they are acknowledged', () =>
    withStore(open, async (log) => {
      const ids = await addAll(log, 4)
      expect(values(await lease(log, 'a', { limit: 2 }))).toEqual(['0', '1'])
      expect(values(await lease(log, 'a', { limit: 1 }))).toEqual(['2'])
      expect(values(await lease(log, 'b'))).toEqual([])
      await log.ack(alice, [ids[0]!, 'x', ids[0]!])
      expect(await log.count(alice, noon)).toBe(3)
      await log.release(alice, 'a')
      expect(values(await lease(log, 'b'))).toEqual(['1', '2', '3'])
    }))

  test('a lease ends at its time', () =>
    withStore(open, async (log) => {
      await addAll(log, 2)
      await lease(log, 'a')
      expect(await lease(log, 'b', { now: noon + minute - 1 })).toEqual([])
      expect(values(await lease(log, 'b', { now: noon + minute, until: noon + 2 * minute }))).toEqual([
        '0',
        '1',
      ])
    }))

  test('of those who ask at once, each entry goes to one', () =>
    withStore(open, async (log) => {
      await addAll(log, 20)
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, n) => lease(log, `holder${n}`, { limit: 5 })),
      )
      const ids = taken.flat().map(({ id }) => id)
      expect(ids.length).toBeGreaterThan(0)
      expect(new Set(ids).size).toBe(ids.length)
    }))

  test('a holder must be called something', () =>
    withStore(open, async (log) => {
      await addAll(log, 1)
      await expect(lease(log, '')).rejects.toMatchObject({ code: 'storage/bad-text' })
    }))
}

function removing(open: OpenStore<Log>): void {
  test('expired entries of all owners are removed, as many as asked', () =>
    withStore(open, async (log) => {
      for (const owner of [alice, 'bob@example.org', 'example.org']) {
        await add(log, 'gone', { expiresAt: noon + 1 }, owner)
        await add(log, 'kept', {}, owner)
      }
      expect(await log.removeExpired(noon, 10)).toBe(0)
      expect(await log.removeExpired(noon + 1, 2)).toBe(2)
      expect(await log.removeExpired(noon + 1, 10)).toBe(1)
      expect(values(await read(log, {}, 'example.org'))).toEqual(['kept'])
    }))

  test('old entries of one domain and its accounts are removed, as many as asked', () =>
    withStore(open, async (log) => {
      const owners = [alice, 'example.org', 'a@sub.example.org', 'xexample.org']
      for (const owner of owners) {
        await add(log, 'old', { at: noon - 1 }, owner)
        await add(log, 'new', {}, owner)
      }
      expect(await log.removeBefore('example.org', noon - 1, 10)).toBe(0)
      expect(await log.removeBefore('example.org', noon, 1)).toBe(1)
      expect(await log.removeBefore('example.org', noon, 10)).toBe(1)
      expect(await Promise.all(owners.map((owner) => log.count(owner, noon)))).toEqual([1, 1, 2, 2])
    }))
}

function lasting(open: OpenStore<Log>): void {
  test('what was answered is there after a restart, and ids go on', () =>
    withStore(open, async (log, reopen) => {
      const ids = await addAll(log, 3)
      await log.ack(alice, [ids[0]!, ids[2]!])
      const again = reopen ? await reopen() : log
      expect(values(await read(again))).toEqual(['1'])
      expect((await add(again, 'new')) > (ids[2] as string)).toBe(true)
    }))
}
