/**
 * The suite for a `FastTokenStore` of `@xmppkit/fast`.
 *
 * @packageDocumentation
 */
import type { FastTokenStore, StoredToken } from '@xmppkit/fast'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { checkAccountPages } from './account-pages.js'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const jid = (text: string): BareJid => parseJid(text).bare
const alice = jid('alice@example.org')
const noon = Date.UTC(2026, 0, 31, 12)
const dayMs = 24 * 3600_000
const phone = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
const laptop = 'd4565fa7-4d72-4749-b3d3-740edbf87771'

let lastId = 0
const token = (more: Partial<StoredToken> = {}): StoredToken => {
  const issuedAt = more.issuedAt ?? noon
  return {
    id: `token-${++lastId}`,
    mechanism: 'HT-SHA-256-EXPR',
    issuedAt,
    expiresAt: issuedAt + dayMs,
    count: 0,
    ...more,
  }
}

const issue = (store: FastTokenStore, one: StoredToken, client = phone, account = alice, maxClients = 10) =>
  store.issue(account, client, one, {}, maxClients)
const use = (store: FastTokenStore, { id }: StoredToken, at: number, count?: number, client = phone) =>
  store.use(alice, client, { id, at, count })

/**
 * Registers the tests of a `FastTokenStore`.
 *
 * @example
 * ```ts
 * fastTokenStoreConformance('memory', () => ({ store: createMemoryFastTokenStore() }))
 * ```
 */
export function fastTokenStoreConformance(name: string, open: OpenStore<FastTokenStore>): void {
  describe(`login token store: ${name}`, () => {
    keeping(open)
    using(open)
    revoking(open)
    listing(open)
  })
}

function keeping(open: OpenStore<FastTokenStore>): void {
  test('E-17: the accounts of a domain that have anything here are listed, page by page', () =>
    withStore(open, (store) =>
      checkAccountPages(store, (one, account) => issue(one, token(), phone, account)),
    ))

  test('a token is given back as it was, and nothing where there is none', () =>
    withStore(open, async (store) => {
      expect(await store.get(alice, phone)).toEqual([])
      const one = token({ issuedAt: noon + 123, count: 7, mechanism: 'HT-SHA-256-NONE' })
      await issue(store, one)
      expect(await store.get(alice, phone)).toEqual([one])
    }))

  test('a token takes the place of one that was never used, and stands beside one that was', () =>
    withStore(open, async (store) => {
      const [first, second, third] = [token(), token({ issuedAt: noon + 1 }), token({ issuedAt: noon + 2 })]
      await issue(store, first)
      await issue(store, second)
      expect(await store.get(alice, phone)).toEqual([second])
      await use(store, second, noon + 5)
      await issue(store, third)
      expect(await store.get(alice, phone)).toEqual([third, second])
    }))

  test('accounts and clients that look alike are apart', () =>
    withStore(open, async (store) => {
      const owners = ['alice@example.org', 'alice@example.or', 'alice_@example.org', 'alice%@example.org']
      for (const owner of owners) await issue(store, token({ id: `of ${owner}` }), phone, jid(owner))
      await issue(store, token({ id: 'of laptop' }), laptop)
      await store.revoke(jid('alice_@example.org'))
      const ids = async (owner: string, client = phone) =>
        (await store.get(jid(owner), client)).map(({ id }) => id)
      expect(await Promise.all(owners.map((owner) => ids(owner)))).toEqual(
        owners.map((owner) => (owner === 'alice_@example.org' ? [] : [`of ${owner}`])),
      )
      expect(await ids('alice@example.org', laptop)).toEqual(['of laptop'])
    }))

  test('what was answered is there after a restart', () =>
    withStore(open, async (store, reopen) => {
      const one = token()
      await issue(store, one)
      await use(store, one, noon, 3)
      const again = reopen ? await reopen() : store
      expect(await again.get(alice, phone)).toEqual([{ ...one, count: 3 }])
      expect(await use(again, one, noon, 3)).toBe(false)
    }))
}

function using(open: OpenStore<FastTokenStore>): void {
  test('using a token forgets those issued before it, and none issued after it', () =>
    withStore(open, async (store) => {
      const [old, newer] = [token(), token({ issuedAt: noon + 1 })]
      await issue(store, old)
      await use(store, old, noon)
      await issue(store, newer)
      expect(await use(store, old, noon + 2)).toBe(true)
      expect((await store.get(alice, phone)).map(({ id }) => id)).toEqual([newer.id, old.id])
      expect(await use(store, newer, noon + 3)).toBe(true)
      expect((await store.get(alice, phone)).map(({ id }) => id)).toEqual([newer.id])
      expect(await use(store, old, noon + 4)).toBe(false)
    }))

  test.each([
    ['at one moment', 0],
    ['before, for the clock was set back', -60_000],
  ])('SEC-32: which of two is the older does not depend on clocks: issued %s', (_what, later) =>
    withStore(open, async (store) => {
      const [old, newer] = [token(), token({ issuedAt: noon + later })]
      await issue(store, old)
      await use(store, old, noon)
      await issue(store, newer)
      expect(await use(store, old, noon + later)).toBe(true)
      expect((await store.get(alice, phone)).map(({ id }) => id)).toEqual([newer.id, old.id])
      expect(await use(store, newer, noon + later)).toBe(true)
      expect((await store.get(alice, phone)).map(({ id }) => id)).toEqual([newer.id])
      expect(await use(store, old, noon + later)).toBe(false)
    }),
  )

  test('SEC-32: a count must grow; a use without one leaves it as it is', () =>
    withStore(open, async (store) => {
      const one = token()
      await issue(store, one)
      const uses = [2, 2, 1, undefined, 2, 3]
      const results = []
      for (const count of uses) results.push(await use(store, one, noon, count))
      expect(results).toEqual([true, false, false, true, false, true])
      expect((await store.get(alice, phone))[0]?.count).toBe(3)
    }))

  test('SEC-32: of many uses at once with one count, one succeeds', () =>
    withStore(open, async (store) => {
      const one = token()
      await issue(store, one)
      const results = await Promise.all(Array.from({ length: 10 }, () => use(store, one, noon, 1)))
      expect(results.filter(Boolean)).toHaveLength(1)
    }))

  test('a token of another client or account is not used', () =>
    withStore(open, async (store) => {
      const one = token()
      await issue(store, one)
      await issue(store, token(), laptop)
      expect(await use(store, one, noon, undefined, laptop)).toBe(false)
      expect(await store.use(jid('bob@example.org'), phone, { id: one.id, at: noon, count: undefined })).toBe(
        false,
      )
      expect(await store.get(alice, laptop)).toHaveLength(1)
    }))
}

function revoking(open: OpenStore<FastTokenStore>): void {
  test('the tokens of a client are forgotten, or of all; the answer counts clients', () =>
    withStore(open, async (store) => {
      const one = token()
      await issue(store, one)
      await use(store, one, noon)
      await issue(store, token({ issuedAt: noon + 1 }))
      await issue(store, token(), laptop)
      await issue(store, token(), 'third')
      expect(await store.revoke(alice, phone)).toBe(1)
      expect(await store.revoke(alice, phone)).toBe(0)
      expect(await store.get(alice, phone)).toEqual([])
      expect(await store.revoke(alice)).toBe(2)
      expect(await store.list(alice)).toEqual([])
    }))

  test('of too many clients those seen longest ago lose their tokens', () =>
    withStore(open, async (store) => {
      const used = token({ issuedAt: noon })
      await issue(store, used, 'used lately', alice, 2)
      await use(store, used, noon + 50, undefined, 'used lately')
      await issue(store, token({ issuedAt: noon + 10 }), 'idle', alice, 2)
      await issue(store, token({ issuedAt: noon }), phone, jid('bob@example.org'), 2)
      await issue(store, token({ issuedAt: noon + 60 }), 'new', alice, 2)
      expect((await store.list(alice)).map(({ client }) => client)).toEqual(['new', 'used lately'])
      expect(await store.list(jid('bob@example.org'))).toHaveLength(1)
    }))

  test('tokens that have ended are removed, so many at a time', () =>
    withStore(open, async (store) => {
      for (let n = 0; n < 5; n++) await issue(store, token({ issuedAt: noon + n }), `client ${n}`)
      const end = noon + dayMs
      expect(await store.removeExpired(end, 10)).toBe(0)
      expect(await store.removeExpired(end + 3, 2)).toBe(2)
      expect(await store.removeExpired(end + 3, 2)).toBe(1)
      expect(await store.removeExpired(end + 3, 2)).toBe(0)
      expect((await store.list(alice)).map(({ client }) => client)).toEqual(['client 3', 'client 4'])
    }))
}

function listing(open: OpenStore<FastTokenStore>): void {
  test('clients are listed with the names they gave last, when they were seen and until when', () =>
    withStore(open, async (store) => {
      const one = token()
      await store.issue(alice, phone, one, { software: 'old' }, 10)
      await use(store, one, noon + 7)
      const two = token({ issuedAt: noon + 20, expiresAt: noon + 2 * dayMs })
      await store.issue(alice, phone, two, { software: 'new', device: 'd' }, 10)
      await store.issue(alice, laptop, token(), {}, 10)
      expect(await store.list(alice)).toEqual([
        { client: phone, software: 'new', device: 'd', lastSeenAt: noon + 20, expiresAt: noon + 2 * dayMs },
        { client: laptop, lastSeenAt: noon, expiresAt: noon + dayMs },
      ])
    }))

  test.each(awkwardTexts.filter(([what]) => what !== 'nothing'))(
    'names come back as they were: %s',
    (_, text) =>
      withStore(open, async (store) => {
        await store.issue(alice, phone, token(), { software: text, device: text }, 10)
        expect((await store.list(alice))[0]).toMatchObject({ software: text, device: text })
      }),
  )
}
