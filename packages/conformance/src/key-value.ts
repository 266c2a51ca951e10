/**
 * The suite for a `KeyValue` of `@xmppkit/storage`.
 *
 * @packageDocumentation
 */
import type { KeyValue } from '@xmppkit/storage'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const alice = 'alice@example.org'

async function listAll(store: KeyValue, owner: string, prefix?: string, limit = 3): Promise<string[]> {
  const keys: string[] = []
  for (;;) {
    const after = keys.at(-1)
    const page = await store.list(owner, {
      limit,
      ...(prefix !== undefined && { prefix }),
      ...(after !== undefined && { after }),
    })
    keys.push(...page.map(({ key }) => key))
    if (page.length < limit) return keys
  }
}

/**
 * Registers the tests of a `KeyValue`.
 *
 * @example
 * ```ts
 * keyValueConformance('memory', () => ({ store: createMemoryKeyValue() }))
 * ```
 */
export function keyValueConformance(name: string, open: OpenStore<KeyValue>): void {
  describe(`key-value store: ${name}`, () => {
    keeping(open)
    listing(open)
    updating(open)
    apart(open)
    lasting(open)
  })
}

function keeping(open: OpenStore<KeyValue>): void {
  test.each(awkwardTexts)('a value is given back as it was: %s', (_, text) =>
    withStore(open, async (store) => {
      await store.set(alice, 'k', text)
      expect(await store.get(alice, 'k')).toBe(text)
      expect(await store.list(alice, { limit: 5 })).toEqual([{ key: 'k', value: text }])
    }),
  )

  test.each(awkwardTexts.filter(([what]) => what !== 'nothing'))('a key may be anything: %s', (_, key) =>
    withStore(open, async (store) => {
      await store.set(alice, key, 'v')
      expect(await store.get(alice, key)).toBe('v')
      expect(await listAll(store, alice, key)).toEqual([key])
      expect(await store.delete(alice, key)).toBe(true)
    }),
  )

  test('a large value is given back as it was', () =>
    withStore(open, async (store) => {
      const value = 'Grüße \u{1F600} '.repeat(60_000)
      await store.set(alice, 'k', value)
      expect((await store.get(alice, 'k')) === value).toBe(true)
    }))

  test('what was never set is not there', () =>
    withStore(open, async (store) => {
      expect(await store.get(alice, 'k')).toBeUndefined()
      expect(await store.delete(alice, 'k')).toBe(false)
      expect(await store.list(alice, { limit: 5 })).toEqual([])
      expect(await store.count(alice)).toBe(0)
      expect(await store.removeOwner(alice)).toBe(0)
    }))

  test('a value is replaced and removed', () =>
    withStore(open, async (store) => {
      await store.set(alice, 'k', '1')
      await store.set(alice, 'k', '2')
      expect([await store.get(alice, 'k'), await store.count(alice)]).toEqual(['2', 1])
      expect(await store.delete(alice, 'k')).toBe(true)
      expect([await store.get(alice, 'k'), await store.count(alice)]).toEqual([undefined, 0])
    }))

  const refused: [string, string, string, string][] = [
    ['an empty owner', '', 'k', 'v'],
    ['an empty key', alice, '', 'v'],
    ['NUL in a key', alice, 'a\0', 'v'],
    ['NUL in a value', alice, 'k', 'a\0'],
    ['half a character', alice, 'k', 'a\uD800'],
    ['a very long key', alice, 'k'.repeat(2_000), 'v'],
  ]
  test.each(refused)('what no database carries is refused: %s', (_, owner, key, value) =>
    withStore(open, async (store) => {
      await expect(store.set(owner, key, value)).rejects.toMatchObject({ code: 'storage/bad-text' })
      await expect(store.update(owner, key, () => value)).rejects.toMatchObject({ code: 'storage/bad-text' })
      expect(await store.count(alice)).toBe(0)
    }),
  )
}

function listing(open: OpenStore<KeyValue>): void {
  test('entries are listed in pages, each once, always in the same order', () =>
    withStore(open, async (store) => {
      const keys = [
        'b',
        'a',
        'B',
        'A',
        'ab',
        'a%',
        'a_',
        'é',
        'e',
        '日',
        '\uFA0E',
        '\u{10330}',
        ' ',
        '10',
        '9',
      ]
      for (const key of keys) await store.set(alice, key, `value of ${key}`)
      const listed = await listAll(store, alice)
      expect([...listed].sort()).toEqual([...keys].sort())
      expect(await listAll(store, alice, undefined, 4)).toEqual(listed)
      expect((await store.list(alice, { limit: 100 })).map(({ value }) => value)).toEqual(
        listed.map((key) => `value of ${key}`),
      )
    }))

  const prefixes: [string, string[]][] = [
    ['a', ['a', 'a%b', 'a_b', 'ab', 'aab']],
    ['a%', ['a%b']],
    ['a_', ['a_b']],
    ['A', ['A', 'Ab']],
    ['\u{1F600}', ['\u{1F600}x']],
    ['[', ['[a]']],
    ['*', []],
    ['\\', ['\\x']],
  ]
  test.each(prefixes)('a prefix means just these characters: %s', (prefix, expected) =>
    withStore(open, async (store) => {
      for (const key of [
        'a',
        'a%b',
        'a_b',
        'ab',
        'aab',
        'A',
        'Ab',
        'b',
        '\u{1F600}x',
        '\u{1F601}x',
        '[a]',
        '\\x',
      ])
        await store.set(alice, key, 'v')
      expect((await listAll(store, alice, prefix, 2)).sort()).toEqual([...expected].sort())
    }),
  )
}

function updating(open: OpenStore<KeyValue>): void {
  test('an update reads, decides and writes', () =>
    withStore(open, async (store) => {
      expect(await store.update(alice, 'k', (current) => `${current}`)).toEqual({
        value: 'undefined',
        changed: true,
      })
      expect(await store.update(alice, 'k', () => 'two')).toEqual({
        previous: 'undefined',
        value: 'two',
        changed: true,
      })
      expect(await store.update(alice, 'k', (current) => current)).toEqual({
        previous: 'two',
        value: 'two',
        changed: false,
      })
      expect(await store.update(alice, 'k', () => undefined)).toEqual({ previous: 'two', changed: true })
      expect(await store.update(alice, 'k', () => undefined)).toEqual({ changed: false })
      expect(await store.count(alice)).toBe(0)
    }))

  test('a value may be empty, which is not none', () =>
    withStore(open, async (store) => {
      expect(await store.update(alice, 'k', () => '')).toEqual({ value: '', changed: true })
      expect(await store.update(alice, 'k', (current) => `${current}x`)).toEqual({
        previous: '',
        value: 'x',
        changed: true,
      })
    }))

  test('of concurrent updates none is lost', () =>
    withStore(open, async (store) => {
      const count = (key: string) => store.update(alice, key, (current) => String(Number(current ?? 0) + 1))
      await Promise.all(Array.from({ length: 60 }, (_, n) => count(n % 2 ? 'odd' : 'even')))
      expect([await store.get(alice, 'odd'), await store.get(alice, 'even')]).toEqual(['30', '30'])
    }))

  test('of those who make one value at once, one finds it missing', () =>
    withStore(open, async (store) => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.update(alice, 'k', (current) => current ?? String(n))),
      )
      expect(outcomes.filter(({ changed }) => changed)).toHaveLength(1)
      expect(new Set(outcomes.map(({ value }) => value)).size).toBe(1)
    }))

  test('an update that throws rejects with that and writes nothing', () =>
    withStore(open, async (store) => {
      await store.set(alice, 'k', 'v')
      const refuse = () => {
        throw new Error('refused')
      }
      await expect(store.update(alice, 'k', refuse)).rejects.toThrow('refused')
      expect(await store.get(alice, 'k')).toBe('v')
      expect((await store.update(alice, 'k', () => 'w')).value).toBe('w')
    }))
}

function apart(open: OpenStore<KeyValue>): void {
  const owners = [
    'alice@example.org',
    'alice@example.or',
    'lice@example.org',
    'alice@sub.example.org',
    'alice_@example.org',
    'example.org',
    'sub.example.org',
    'xexample.org',
  ]

  test('owners that look alike are apart', () =>
    withStore(open, async (store) => {
      for (const owner of owners) await store.set(owner, 'k', owner)
      await store.set(alice, 'other', 'v')
      expect(await store.removeOwner(alice)).toBe(2)
      for (const owner of owners.slice(1)) expect(await store.get(owner, 'k')).toBe(owner)
      expect(await store.get(alice, 'k')).toBeUndefined()
    }))

  test('a domain is removed with all its accounts, as many entries as asked', () =>
    withStore(open, async (store) => {
      for (const owner of owners) for (const key of ['a', 'b']) await store.set(owner, key, 'v')
      let removed = 0
      for (let count = 1; count > 0; removed += count) {
        count = await store.removeDomain('example.org', 3)
        expect(count).toBeLessThanOrEqual(3)
      }
      expect(removed).toBe(8)
      const counts = await Promise.all(owners.map((owner) => store.count(owner)))
      expect(counts).toEqual([0, 2, 0, 2, 0, 0, 2, 2])
    }))
}

function lasting(open: OpenStore<KeyValue>): void {
  test('what was answered is there after a restart', () =>
    withStore(open, async (store, reopen) => {
      await store.set(alice, 'a', '1')
      await store.set(alice, 'b', '2')
      await store.update(alice, 'a', () => '3')
      await store.delete(alice, 'b')
      const again = reopen ? await reopen() : store
      expect(await again.list(alice, { limit: 10 })).toEqual([{ key: 'a', value: '3' }])
    }))
}
