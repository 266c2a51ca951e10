/**
 * The suite for an `AccountStore` of `@xmppkit/auth`.
 *
 * @packageDocumentation
 */
import type { AccountStore, StoredAccount } from '@xmppkit/auth'
import { type BareJid, makeJid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const alice = parseJid('alice@example.org').bare
const bytes = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed) % 256)

const verifier = (hash: 'SHA-1' | 'SHA-256' | 'SHA-512', seed = 1) => {
  const length = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 }[hash]
  return {
    hash,
    salt: bytes(16, seed),
    iterations: 10_000 + seed,
    storedKey: bytes(length, seed + 1),
    serverKey: bytes(length, seed + 2),
  }
}

let lastId = 0
const account = (more: Partial<StoredAccount> = {}): StoredAccount => ({
  id: `id-${++lastId}`,
  createdAt: Date.UTC(2026, 0, 31, 12, 30, 15, 123),
  scram: [verifier('SHA-256')],
  ...more,
})

/** Bytes may be any kind of Uint8Array. */
const plain = (stored: StoredAccount | undefined) =>
  stored && {
    ...stored,
    scram: stored.scram
      .map(({ salt, storedKey, serverKey, ...rest }) => ({
        ...rest,
        salt: [...salt],
        storedKey: [...storedKey],
        serverKey: [...serverKey],
      }))
      .sort((a, b) => (a.hash < b.hash ? -1 : 1)),
  }

/**
 * Registers the tests of an `AccountStore`.
 *
 * @example
 * ```ts
 * accountStoreConformance('memory', () => ({ store: createMemoryAccountStore() }))
 * ```
 */
export function accountStoreConformance(name: string, open: OpenStore<AccountStore>): void {
  describe(`account store: ${name}`, () => {
    keeping(open)
    changing(open)
    listing(open)
    apart(open)
    lasting(open)
  })
}

function keeping(open: OpenStore<AccountStore>): void {
  test('an account is given back as it was', () =>
    withStore(open, async (store) => {
      const stored = account({ scram: [verifier('SHA-1'), verifier('SHA-256', 2), verifier('SHA-512', 3)] })
      expect(await store.create(alice, stored)).toBe(true)
      expect(plain(await store.get(alice))).toEqual(plain(stored))
    }))

  test('an account that was never created is not there', () =>
    withStore(open, async (store) => {
      expect(await store.get(alice)).toBeUndefined()
      expect(await store.count('example.org')).toBe(0)
      expect(await store.list('example.org', { limit: 10 })).toEqual([])
    }))

  test('an account may have no credentials, and be disabled from the start', () =>
    withStore(open, async (store) => {
      const stored = account({ scram: [], disabled: 'not yet' })
      await store.create(alice, stored)
      expect(await store.get(alice)).toEqual(stored)
    }))

  test('a name is taken once, and the first stays', () =>
    withStore(open, async (store) => {
      const first = account()
      expect(await store.create(alice, first)).toBe(true)
      expect(await store.create(alice, account({ scram: [verifier('SHA-512', 9)] }))).toBe(false)
      expect(plain(await store.get(alice))).toEqual(plain(first))
      expect(await store.count('example.org')).toBe(1)
    }))

  test('of those who create one name at once, one succeeds', () =>
    withStore(open, async (store) => {
      const rivals = Array.from({ length: 20 }, (_, n) => account({ scram: [verifier('SHA-256', n)] }))
      const created = await Promise.all(rivals.map((rival) => store.create(alice, rival)))
      expect(created.filter(Boolean)).toHaveLength(1)
      expect(plain(await store.get(alice))).toEqual(plain(rivals[created.indexOf(true)]))
    }))
}

function changing(open: OpenStore<AccountStore>): void {
  test('credentials are replaced as a whole', () =>
    withStore(open, async (store) => {
      const stored = account({ scram: [verifier('SHA-1'), verifier('SHA-256')] })
      await store.create(alice, stored)
      expect(await store.setCredentials(alice, { scram: [verifier('SHA-512', 5)] })).toBe(true)
      expect(plain(await store.get(alice))).toEqual(plain({ ...stored, scram: [verifier('SHA-512', 5)] }))
      expect(await store.setCredentials(alice, { scram: [] })).toBe(true)
      expect((await store.get(alice))?.scram).toEqual([])
    }))

  test('credentials are replaced only as long as they are those that were read', () =>
    withStore(open, async (store) => {
      const scram = [verifier('SHA-1'), verifier('SHA-256')]
      await store.create(alice, account({ scram }))
      const more = [...scram, verifier('SHA-512')]
      const others = [
        [],
        [verifier('SHA-1')],
        [verifier('SHA-1'), verifier('SHA-256', 2)],
        [...scram, verifier('SHA-512', 3)],
      ]
      for (const other of others)
        expect(await store.setCredentials(alice, { scram: more }, { scram: other })).toBe(false)
      expect((await store.get(alice))?.scram).toHaveLength(2)
      expect(await store.setCredentials(alice, { scram: more }, { scram: [...scram].reverse() })).toBe(true)
      expect((await store.get(alice))?.scram).toHaveLength(3)
      expect(await store.setCredentials(alice, { scram: [] }, { scram })).toBe(false)
      expect(await store.setCredentials(named('nobody'), { scram }, { scram: [] })).toBe(false)
      await store.setCredentials(alice, { scram: [] })
      expect(await store.setCredentials(alice, { scram }, { scram: [] })).toBe(true)
    }))

  test('of those who add to the same credentials at once, one succeeds', () =>
    withStore(open, async (store) => {
      const scram = [verifier('SHA-1')]
      await store.create(alice, account({ scram }))
      const added = await Promise.all(
        [1, 2, 3, 4].map((seed) =>
          store.setCredentials(alice, { scram: [...scram, verifier('SHA-256', seed)] }, { scram }),
        ),
      )
      expect(added.filter(Boolean)).toHaveLength(1)
    }))

  test('concurrent changes of credentials leave one of them, not a mixture', () =>
    withStore(open, async (store) => {
      await store.create(alice, account())
      const sets = [1, 2, 3, 4, 5].map((seed) => [verifier('SHA-1', seed), verifier('SHA-256', seed)])
      await Promise.all(sets.map((scram) => store.setCredentials(alice, { scram })))
      const seeds = new Set((await store.get(alice))?.scram.map(({ iterations }) => iterations - 10_000))
      expect(seeds.size).toBe(1)
    }))

  test.each(awkwardTexts.filter(([what]) => what !== 'nothing'))(
    'an account is disabled for a reason: %s',
    (_, reason) =>
      withStore(open, async (store) => {
        const stored = account()
        await store.create(alice, stored)
        expect(await store.setDisabled(alice, reason)).toBe(true)
        expect((await store.get(alice))?.disabled).toBe(reason)
        expect(await store.setDisabled(alice, undefined)).toBe(true)
        expect(plain(await store.get(alice))).toEqual(plain(stored))
      }),
  )

  test('what does not exist is not changed, and not made', () =>
    withStore(open, async (store) => {
      expect(await store.setCredentials(alice, { scram: [verifier('SHA-1')] })).toBe(false)
      expect(await store.setDisabled(alice, 'why not')).toBe(false)
      expect(await store.remove(alice)).toBe(false)
      expect(await store.get(alice)).toBeUndefined()
      expect(await store.count('example.org')).toBe(0)
    }))

  test('a name made again has nothing of the account before', () =>
    withStore(open, async (store) => {
      await store.create(
        alice,
        account({ scram: [verifier('SHA-1'), verifier('SHA-512')], disabled: 'spam' }),
      )
      expect(await store.remove(alice)).toBe(true)
      expect(await store.get(alice)).toBeUndefined()
      const second = account({ scram: [verifier('SHA-256', 8)] })
      expect(await store.create(alice, second)).toBe(true)
      expect(plain(await store.get(alice))).toEqual(plain(second))
    }))
}

const named = (local: string, domain = 'example.org'): BareJid => makeJid({ local, domain }).bare

function listing(open: OpenStore<AccountStore>): void {
  test('accounts are listed in pages, each once, in the order of their bytes', () =>
    withStore(open, async (store) => {
      // U+FA0E comes before U+10330 as bytes and after it as JavaScript compares.
      const locals = ['b', 'a', 'ab', 'a-b', 'a.b', 'z', 'é', '日本', '\uFA0E', '\u{10330}', '0', '10', '9']
      for (const local of locals) await store.create(named(local), account())
      const listed: string[] = []
      for (;;) {
        const after = listed.at(-1)
        const page = await store.list('example.org', { limit: 3, ...(after !== undefined && { after }) })
        listed.push(...page)
        if (page.length < 3) break
      }
      const inBytes = [...locals].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(listed).toEqual(inBytes)
      expect(await store.count('example.org')).toBe(locals.length)
    }))

  test('a page after a name that is gone goes on behind it', () =>
    withStore(open, async (store) => {
      for (const local of ['a', 'b', 'c']) await store.create(named(local), account())
      await store.remove(named('b'))
      expect(await store.list('example.org', { after: 'b', limit: 10 })).toEqual(['c'])
      expect(await store.list('example.org', { limit: 1 })).toEqual(['a'])
    }))
}

function apart(open: OpenStore<AccountStore>): void {
  test('domains that look alike are apart', () =>
    withStore(open, async (store) => {
      const domains = ['example.org', 'sub.example.org', 'xexample.org', 'example.or']
      const stored = domains.map((_, n) => account({ scram: [verifier('SHA-256', n)] }))
      for (const [n, domain] of domains.entries()) await store.create(named('alice', domain), stored[n]!)
      for (const [n, domain] of domains.entries()) {
        expect(plain(await store.get(named('alice', domain)))).toEqual(plain(stored[n]))
        expect(await store.list(domain, { limit: 10 })).toEqual(['alice'])
        expect(await store.count(domain)).toBe(1)
      }
      await store.remove(named('alice', 'example.org'))
      expect(await store.count('sub.example.org')).toBe(1)
    }))

  test('names that look alike are apart', () =>
    withStore(open, async (store) => {
      const locals = ['alice', 'alice2', 'al', 'alic', 'alice%', 'alice_', 'álice']
      for (const [n, local] of locals.entries())
        await store.create(named(local), account({ scram: [verifier('SHA-256', n)] }))
      await store.setDisabled(named('alice'), 'only this one')
      await store.remove(named('alice_'))
      for (const [n, local] of locals.entries()) {
        const found = await store.get(named(local))
        if (local === 'alice_') expect(found).toBeUndefined()
        else
          expect([found?.scram[0]?.iterations, found?.disabled]).toEqual([
            10_000 + n,
            local === 'alice' ? 'only this one' : undefined,
          ])
      }
    }))
}

function lasting(open: OpenStore<AccountStore>): void {
  test('what was answered is there after a restart', () =>
    withStore(open, async (store, reopen) => {
      const stored = account({ scram: [verifier('SHA-1'), verifier('SHA-256')], disabled: 'why' })
      await store.create(alice, stored)
      await store.create(named('bob'), account())
      await store.remove(named('bob'))
      if (!reopen) return
      const again = await reopen()
      expect(plain(await again.get(alice))).toEqual(plain(stored))
      expect(await again.list('example.org', { limit: 10 })).toEqual(['alice'])
    }))
}
