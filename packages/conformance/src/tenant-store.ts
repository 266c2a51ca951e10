/**
 * The suite for a `TenantStore` of `@xmppkit/tenants`.
 *
 * @packageDocumentation
 */
import type { StoredTenant, TenantSettings, TenantStore } from '@xmppkit/tenants'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, type OpenStore, withStore } from './open-store.js'

export type { OpenedStore, OpenStore } from './open-store.js'

const noon = Date.UTC(2026, 0, 31, 12)
const tenant = (domain: string, settings: TenantSettings = {}, host = 'main'): StoredTenant => ({
  domain,
  host,
  createdAt: noon + 123,
  settings,
})
const everything: TenantSettings = {
  name: 'Montague',
  contacts: { abuse: ['mailto:abuse@a.example', 'xmpp:abuse@a.example'], support: ['https://a.example'] },
  maxAccounts: 0,
  maxSessions: 1,
  maxSessionsPerAccount: 2,
  maxStanzasPerSecond: 3,
  maxOfflineMessagesPerAccount: 4,
  maxArchivedMessagesPerAccount: 5_000_000_000,
  maxArchiveDays: 6,
}

/**
 * Registers the tests of a `TenantStore`.
 *
 * @example
 * ```ts
 * tenantStoreConformance('memory', () => ({ store: createMemoryTenantStore() }))
 * ```
 */
export function tenantStoreConformance(name: string, open: OpenStore<TenantStore>): void {
  describe(`tenant store: ${name}`, () => {
    test('what was never added is not there', () =>
      withStore(open, async (store) => {
        expect(await store.get('a.example')).toBeUndefined()
        expect(await store.setSettings('a.example', everything)).toBe(false)
        expect(await store.remove('a.example')).toBe(false)
        expect(await store.list({ limit: 10 })).toEqual([])
      }))

    test.each([
      ['nothing', {}],
      ['everything', everything],
      ['a limit only', { maxAccounts: 7 }],
    ])('a domain is given back as it was added: with %s of its own', (_, settings) =>
      withStore(open, async (store) => {
        expect(await store.add(tenant('a.example', settings))).toBe(true)
        expect(await store.get('a.example')).toEqual(tenant('a.example', settings))
        expect(await store.list({ limit: 10 })).toEqual([tenant('a.example', settings)])
      }),
    )

    test.each(awkwardTexts)('a name is kept as it is: %s', (_, text) =>
      withStore(open, async (store) => {
        await store.add(tenant('a.example', { name: text }))
        expect((await store.get('a.example'))?.settings.name).toBe(text)
      }),
    )

    test('one that is there is not added again, and stays as it is', () =>
      withStore(open, async (store) => {
        await store.add(tenant('a.example', { maxAccounts: 1 }))
        expect(await store.add(tenant('a.example', {}, 'other'))).toBe(false)
        expect(await store.get('a.example')).toEqual(tenant('a.example', { maxAccounts: 1 }))
      }))

    test('of several added at once one is', () =>
      withStore(open, async (store) => {
        const added = await Promise.all(
          [1, 2, 3].map((n) => store.add(tenant('a.example', { maxAccounts: n }))),
        )
        expect(added.filter(Boolean)).toHaveLength(1)
      }))

    test('settings are replaced as a whole', () =>
      withStore(open, async (store) => {
        await store.add(tenant('a.example', everything))
        await store.add(tenant('b.example', everything))
        expect(await store.setSettings('a.example', { maxSessions: 9 })).toBe(true)
        expect(await store.get('a.example')).toEqual(tenant('a.example', { maxSessions: 9 }))
        expect(await store.get('b.example')).toEqual(tenant('b.example', everything))
      }))

    test('what was removed is gone, and can be added again', () =>
      withStore(open, async (store) => {
        await store.add(tenant('a.example', everything))
        expect(await store.remove('a.example')).toBe(true)
        expect(await store.get('a.example')).toBeUndefined()
        expect(await store.add(tenant('a.example'))).toBe(true)
        expect(await store.get('a.example')).toEqual(tenant('a.example'))
      }))

    test('pages go by the bytes of the names, of one host or of all', () =>
      withStore(open, async (store) => {
        const names = ['b.example', 'a.example', 'ü.example', 'a-b.example', 'z.example']
        for (const [n, domain] of names.entries()) await store.add(tenant(domain, {}, n % 2 ? 'two' : 'main'))
        const order = ['a-b.example', 'a.example', 'b.example', 'z.example', 'ü.example']
        const page = async (request: Parameters<TenantStore['list']>[0]) =>
          (await store.list(request)).map(({ domain }) => domain)
        expect(await page({ limit: 10 })).toEqual(order)
        expect(await page({ limit: 2 })).toEqual(order.slice(0, 2))
        expect(await page({ limit: 2, after: order[1]! })).toEqual(order.slice(2, 4))
        expect(await page({ limit: 2, after: order[3]! })).toEqual(order.slice(4))
        expect(await page({ limit: 10, after: 'c.example' })).toEqual(order.slice(3))
        expect(await page({ limit: 10, host: 'two' })).toEqual(['a-b.example', 'a.example'])
        expect(await page({ limit: 10, host: 'none' })).toEqual([])
      }))

    test('what was added is there after a restart', () =>
      withStore(open, async (store, reopen) => {
        await store.add(tenant('a.example', everything))
        const again = reopen ? await reopen() : store
        expect(await again.get('a.example')).toEqual(tenant('a.example', everything))
      }))
  })
}
