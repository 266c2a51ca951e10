/**
 * The suite for a `LastActivityStore` of `@xmppkit/basics`.
 *
 * @packageDocumentation
 */
import type { LastActivityStore } from '@xmppkit/basics'
import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { checkAccountPages } from './account-pages.js'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const jid = (text: string) => parseJid(text).bare
const alice = jid('alice@example.org')
const noon = Date.UTC(2026, 0, 31, 12)

/**
 * Registers the tests of a `LastActivityStore`.
 *
 * @example
 * ```ts
 * lastActivityStoreConformance('memory', () => ({ store: createMemoryLastActivityStore() }))
 * ```
 */
export function lastActivityStoreConformance(name: string, open: OpenStore<LastActivityStore>): void {
  describe(`last activity store: ${name}`, () => {
    test('what was never set is not there', () =>
      withStore(open, async (store) => {
        expect(await store.get(alice)).toBeUndefined()
        await store.remove(alice)
      }))

    test.each(awkwardTexts)('it is given back as it was: %s', (_, status) =>
      withStore(open, async (store) => {
        await store.set(alice, { at: noon + 123, status })
        expect(await store.get(alice)).toEqual({ at: noon + 123, status })
      }),
    )

    test('a later one takes the place of an earlier one, and the other way round', () =>
      withStore(open, async (store) => {
        await store.set(alice, { at: noon, status: 'first' })
        await store.set(alice, { at: noon + 1, status: 'second' })
        expect(await store.get(alice)).toEqual({ at: noon + 1, status: 'second' })
        await store.set(alice, { at: noon - 1, status: '' })
        expect(await store.get(alice)).toEqual({ at: noon - 1, status: '' })
      }))

    test('the last of several set without waiting stays', () =>
      withStore(open, async (store) => {
        await Promise.all(
          Array.from({ length: 20 }, (_, n) => store.set(alice, { at: noon + n, status: String(n) })),
        )
        expect(await store.get(alice)).toEqual({ at: noon + 19, status: '19' })
      }))

    test('what was removed is gone', () =>
      withStore(open, async (store) => {
        await store.set(alice, { at: noon, status: 'x' })
        await store.remove(alice)
        expect(await store.get(alice)).toBeUndefined()
      }))

    test('accounts that look alike are apart', () =>
      withStore(open, async (store) => {
        const owners = [
          'alice@example.org',
          'alice@example.or',
          'lice@example.org',
          'alice@sub.example.org',
          'alice_@example.org',
        ].map(jid)
        for (const owner of owners) await store.set(owner, { at: noon, status: owner.toString() })
        await store.remove(owners[0]!)
        const kept = await Promise.all(owners.map(async (owner) => (await store.get(owner))?.status))
        expect(kept).toEqual([undefined, ...owners.slice(1).map(String)])
      }))

    test('E-17: the accounts of a domain that have anything here are listed, page by page', () =>
      withStore(open, (store) =>
        checkAccountPages(store, async (one, account) => one.set(account, { at: noon, status: '' })),
      ))

    test('what was set is there after a restart', () =>
      withStore(open, async (store, reopen) => {
        await store.set(alice, { at: noon, status: 'away' })
        const again = reopen ? await reopen() : store
        expect(await again.get(alice)).toEqual({ at: noon, status: 'away' })
      }))
  })
}
