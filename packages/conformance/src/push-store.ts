/**
 * The suite for a `PushStore` of `@xmppkit/push`.
 *
 * @packageDocumentation
 */
import { type BareJid, parseJid } from '@xmppkit/jid'
import type { PushRegistration, PushStore } from '@xmppkit/push'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const jid = (text: string): BareJid => parseJid(text).bare
const alice = jid('alice@example.org')
const noon = Date.UTC(2026, 0, 31, 12)
const noLimit = 100

function registration(node: string, more: Partial<PushRegistration> = {}): PushRegistration {
  return { service: 'push.example', node, client: 'phone', enabledAt: noon, ...more }
}

async function enableAll(
  store: PushStore,
  account: BareJid,
  all: readonly PushRegistration[],
  limit = noLimit,
) {
  for (const one of all) await store.enable(account, one, limit)
}

const nodesOf = async (store: PushStore, account = alice) =>
  (await store.list(account)).map(({ node }) => node)

/**
 * Registers the tests of a `PushStore`.
 *
 * @example
 * ```ts
 * pushStoreConformance('memory', () => ({ store: createMemoryPushStore() }))
 * ```
 */
export function pushStoreConformance(name: string, open: OpenStore<PushStore>): void {
  describe(`push store: ${name}`, () => {
    keeping(open)
    removing(open)
    bounding(open)
    enumerating(open)
    apart(open)
  })
}

function keeping(open: OpenStore<PushStore>): void {
  test('an account that never registered has nothing', () =>
    withStore(open, async (store) => {
      expect(await store.list(alice)).toEqual([])
      expect(await store.disable(alice, 'push.example')).toBe(0)
      expect(await store.removeAll(alice)).toBe(0)
      expect(await store.count('example.org')).toBe(0)
      expect(await store.accounts('example.org', { limit: 10 })).toEqual([])
    }))

  test.each(awkwardTexts)('a registration is given back as it was: %s', (_, text) =>
    withStore(open, async (store) => {
      const kept = registration(text, { client: text, options: `<x>${text}</x>`, enabledAt: noon + 123 })
      await store.enable(alice, kept, noLimit)
      expect(await store.list(alice)).toEqual([kept])
      expect(await store.disable(alice, kept.service, text)).toBe(1)
    }),
  )

  test('one without options has none', () =>
    withStore(open, async (store) => {
      await store.enable(alice, registration('a', { options: '<x/>' }), noLimit)
      await store.enable(alice, registration('a'), noLimit)
      expect(await store.list(alice)).toStrictEqual([registration('a')])
    }))

  test('there is one for each service and node, and the last one counts', () =>
    withStore(open, async (store) => {
      const all = [
        registration('a'),
        registration('b', { enabledAt: noon + 1 }),
        registration('a', { service: 'other.example', enabledAt: noon + 2 }),
        registration('', { service: 'other.example', enabledAt: noon + 3 }),
      ]
      await enableAll(store, alice, all)
      expect(await store.list(alice)).toEqual(all)
      const renewed = registration('a', { client: 'tablet', options: '<x/>', enabledAt: noon + 9 })
      await store.enable(alice, renewed, noLimit)
      expect(await store.list(alice)).toEqual([...all.slice(1), renewed])
    }))

  test('those registered at once are all there', () =>
    withStore(open, async (store) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.enable(alice, registration(`n${n}`), noLimit)),
      )
      expect((await nodesOf(store)).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `n${n}`).sort())
    }))

  test('what was answered is there after a restart', () =>
    withStore(open, async (store, reopen) => {
      await enableAll(store, alice, [registration('a'), registration('b', { options: '<x/>' })])
      await store.disable(alice, 'push.example', 'a')
      const again = reopen ? await reopen() : store
      expect(await again.list(alice)).toEqual([registration('b', { options: '<x/>' })])
    }))
}

function removing(open: OpenStore<PushStore>): void {
  const mixed = [
    registration('a'),
    registration('', { enabledAt: noon + 1 }),
    registration('a', { service: 'push.example.net', enabledAt: noon + 2 }),
  ]

  test('one node of a service is disabled, or all of them', () =>
    withStore(open, async (store) => {
      await enableAll(store, alice, mixed)
      expect(await store.disable(alice, 'push.example', 'x')).toBe(0)
      expect(await store.disable(alice, 'push.example', '')).toBe(1)
      expect(await store.list(alice)).toEqual([mixed[0], mixed[2]])
      await store.enable(alice, mixed[1]!, noLimit)
      expect(await store.disable(alice, 'push.example')).toBe(2)
      expect(await store.list(alice)).toEqual([mixed[2]])
    }))

  test('all of an account are removed', () =>
    withStore(open, async (store) => {
      await enableAll(store, alice, mixed)
      expect(await store.removeAll(alice)).toBe(3)
      expect(await store.list(alice)).toEqual([])
    }))

  test('old ones of a domain are removed, as many as asked', () =>
    withStore(open, async (store) => {
      const bob = jid('bob@example.org')
      const other = jid('alice@example.net')
      for (const account of [alice, bob, other]) {
        await enableAll(store, account, [
          registration('old'),
          registration('older', { enabledAt: noon - 1 }),
          registration('new', { enabledAt: noon + 1 }),
        ])
      }
      expect(await store.removeOlder('example.org', noon, 10)).toBe(2)
      expect(await store.removeOlder('example.org', noon + 1, 1)).toBe(1)
      expect(await store.removeOlder('example.org', noon + 1, 10)).toBe(1)
      expect(await store.removeOlder('example.org', noon + 1, 10)).toBe(0)
      expect([await nodesOf(store), await nodesOf(store, bob)]).toEqual([['new'], ['new']])
      expect(await nodesOf(store, other)).toEqual(['older', 'old', 'new'])
    }))
}

function bounding(open: OpenStore<PushStore>): void {
  test('of more than allowed those registered longest ago go', () =>
    withStore(open, async (store) => {
      const all = ['a', 'b', 'c'].map((node, n) => registration(node, { enabledAt: noon + n }))
      await enableAll(store, alice, all, 2)
      expect(await nodesOf(store)).toEqual(['b', 'c'])
      // Renewing one takes no place.
      await store.enable(alice, registration('b', { enabledAt: noon + 5 }), 2)
      expect(await nodesOf(store)).toEqual(['c', 'b'])
      await store.enable(alice, registration('d', { enabledAt: noon + 6 }), 1)
      expect(await nodesOf(store)).toEqual(['d'])
    }))

  test('what was just registered stays, also when the clock stands still', () =>
    withStore(open, async (store) => {
      for (const node of ['b', 'a', 'c']) {
        await store.enable(alice, registration(node), 1)
        expect(await nodesOf(store)).toEqual([node])
      }
    }))

  test('there are never more than allowed, whoever comes at once', () =>
    withStore(open, async (store) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          store.enable(alice, registration(`n${n}`, { enabledAt: noon + n }), 3),
        ),
      )
      expect(await nodesOf(store)).toEqual(['n17', 'n18', 'n19'])
    }))
}

function enumerating(open: OpenStore<PushStore>): void {
  test('accounts of a domain are listed in pages, each once', () =>
    withStore(open, async (store) => {
      const names = ['b', 'a', 'é', 'ab', '日', 'z']
      for (const name of names) {
        await enableAll(store, jid(`${name}@example.org`), [registration('x'), registration('y')])
      }
      await store.enable(jid('a@sub.example.org'), registration('x'), noLimit)
      const listed: string[] = []
      for (;;) {
        const after = listed.at(-1)
        const page = await store.accounts('example.org', { limit: 4, ...(after !== undefined && { after }) })
        listed.push(...page)
        if (page.length < 4) break
      }
      expect([...listed].sort()).toEqual(names.map((name) => `${name}@example.org`).sort())
      expect(await store.count('example.org')).toBe(12)
      expect(await store.count('sub.example.org')).toBe(1)
    }))
}

function apart(open: OpenStore<PushStore>): void {
  test('accounts that look alike are apart', () =>
    withStore(open, async (store) => {
      const owners = [
        'alice@example.org',
        'alice@example.or',
        'lice@example.org',
        'alice@sub.example.org',
        'alice_@example.org',
      ].map(jid)
      for (const owner of owners) await store.enable(owner, registration(owner.toString()), noLimit)
      expect(await store.removeAll(alice)).toBe(1)
      const kept = await Promise.all(owners.map((owner) => nodesOf(store, owner)))
      expect(kept).toEqual([[], ...owners.slice(1).map((owner) => [owner.toString()])])
    }))
}
