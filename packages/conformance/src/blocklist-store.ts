/**
 * The suite for a `BlocklistStore` of `@xmppkit/blocking`.
 *
 * @packageDocumentation
 */
import type { BlocklistStore } from '@xmppkit/blocking'
import { type BareJid, type Jid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { checkAccountPages } from './account-pages.js'
import { type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const bare = (text: string) => parseJid(text).bare
const alice = bare('alice@example.org')
const jids = (...texts: string[]): Jid[] => texts.map(parseJid)
const romeo = 'romeo@example.net'
const many = 1000

const listOf = async (store: BlocklistStore, account: BareJid) =>
  (await store.load(account)).map(String).sort()

/**
 * Registers the tests of a `BlocklistStore`.
 *
 * @example
 * ```ts
 * blocklistStoreConformance('memory', () => ({ store: createMemoryBlocklistStore() }))
 * ```
 */
export function blocklistStoreConformance(name: string, open: OpenStore<BlocklistStore>): void {
  describe(`blocklist store: ${name}`, () => {
    registerContents(open)
    registerLimits(open)
    registerOwners(open)
  })
}

function registerContents(open: OpenStore<BlocklistStore>): void {
  test('E-17: the accounts of a domain that have anything here are listed, page by page', () =>
    withStore(open, (store) => checkAccountPages(store, (one, account) => one.add(account, jids(romeo), 10))))

  test('a list that was never written is empty', () =>
    withStore(open, async (store) => {
      expect(await store.load(alice)).toEqual([])
      await store.remove(alice, jids(romeo))
      expect(await store.removeAll(alice)).toBe(0)
    }))

  test('BLOCK-4: every form of address is kept as it is, and apart', () =>
    withStore(open, async (store) => {
      const texts = [
        'example.net',
        'example.net/x',
        romeo,
        'romeo@example.net/Orchard',
        'romeo@example.net/orchard',
        'romeo@example.net/\u{1f339} %_\'"\\',
        'čeština@bücher.example',
        'o\\27hara@example.net',
      ]
      expect(await store.add(alice, jids(...texts), many)).toBe('added')
      expect(await listOf(store, alice)).toEqual(
        jids(...texts)
          .map(String)
          .sort(),
      )
      await store.remove(alice, jids('romeo@example.net/orchard', 'example.net'))
      expect(await listOf(store, alice)).toEqual(
        jids(...texts.filter((text) => text !== 'romeo@example.net/orchard' && text !== 'example.net'))
          .map(String)
          .sort(),
      )
    }))

  test('who is on it already stays on it, once', () =>
    withStore(open, async (store) => {
      await store.add(alice, jids(romeo), many)
      expect(await store.add(alice, jids(romeo, 'iago@example.net', romeo), many)).toBe('added')
      expect(await listOf(store, alice)).toEqual(['iago@example.net', romeo])
    }))

  test('nothing to add and nothing to remove is no mistake', () =>
    withStore(open, async (store) => {
      expect(await store.add(alice, [], many)).toBe('added')
      await store.add(alice, jids(romeo), many)
      await store.remove(alice, [])
      await store.remove(alice, jids('iago@example.net'))
      expect(await listOf(store, alice)).toEqual([romeo])
    }))

  test('what was written is there after a restart', () =>
    withStore(open, async (store, reopen) => {
      await store.add(alice, jids(romeo, 'iago@example.net'), many)
      await store.remove(alice, jids('iago@example.net'))
      expect(await listOf(reopen ? await reopen() : store, alice)).toEqual([romeo])
    }))
}

function registerLimits(open: OpenStore<BlocklistStore>): void {
  test('L-1: it is as long as allowed, all of an addition or nothing', () =>
    withStore(open, async (store) => {
      expect(await store.add(alice, jids('a@example.net', 'b@example.net', 'c@example.net'), 2)).toBe('full')
      expect(await store.load(alice)).toEqual([])
      expect(await store.add(alice, jids('a@example.net', 'b@example.net'), 2)).toBe('added')
      expect(await store.add(alice, jids('c@example.net'), 2)).toBe('full')
      // What is there takes no further place.
      expect(await store.add(alice, jids('b@example.net', 'a@example.net'), 2)).toBe('added')
      expect(await listOf(store, alice)).toEqual(['a@example.net', 'b@example.net'])
      await store.remove(alice, jids('a@example.net'))
      expect(await store.add(alice, jids('c@example.net'), 2)).toBe('added')
    }))

  test('L-1: also when many add at once', () =>
    withStore(open, async (store) => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.add(alice, jids(`n${n}@example.net`), 5)),
      )
      expect(outcomes.filter((outcome) => outcome === 'added')).toHaveLength(5)
      expect(await store.load(alice)).toHaveLength(5)
    }))

  test('a long list is given back whole', () =>
    withStore(open, async (store) => {
      const all = Array.from({ length: many }, (_, n) => `user${n}@example.net`)
      expect(await store.add(alice, jids(...all), many)).toBe('added')
      expect(await listOf(store, alice)).toEqual([...all].sort())
      expect(await store.add(alice, jids(romeo), many)).toBe('full')
      await store.remove(alice, jids(...all.slice(1)))
      expect(await listOf(store, alice)).toEqual(['user0@example.net'])
    }))
}

function registerOwners(open: OpenStore<BlocklistStore>): void {
  test('accounts that look alike share nothing, and one is removed as a whole', () =>
    withStore(open, async (store) => {
      const owners = [
        'alice@example.org',
        'alice@example.or',
        'lice@example.org',
        'alice@sub.example.org',
        'alice_@example.org',
      ].map(bare)
      for (const owner of owners) await store.add(owner, jids(romeo, `of.${owner}`), many)
      await store.remove(owners[1]!, jids(romeo))
      expect(await store.removeAll(owners[0]!)).toBe(2)
      expect(await store.removeAll(owners[0]!)).toBe(0)
      const lengths = await Promise.all(owners.map(async (owner) => (await store.load(owner)).length))
      expect(lengths).toEqual([0, 1, 2, 2, 2])
    }))
}
