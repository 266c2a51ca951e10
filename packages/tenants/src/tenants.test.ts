import { createHooks } from '@xmppkit/hooks'
import { createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { createMemoryTenantStore } from './memory-store.js'
import type { TenantSettings } from './ports.js'
import { createTenants, type Tenants } from './tenants.js'
import { tenantChanged } from './tokens.js'

const failing = (code: string) => expect.objectContaining({ code })

async function rig({
  name = 'main',
  configured = ['fixed.example'],
  store = createMemoryTenantStore(),
} = {}) {
  const served = new Set(configured)
  const changes: [string, TenantSettings][] = []
  const hooks = createHooks({ onError: (error) => expect.fail(String(error)) })
  hooks.on(tenantChanged, ({ domain, settings }) => void changes.push([domain, settings]))
  const broken = new Set<string>()
  const host = {
    name,
    async addDomain(domain: string) {
      if (broken.has(domain)) throw new Error('no')
      served.add(domain)
    },
    async removeDomain(domain: string) {
      served.delete(domain)
    },
  }
  const tenants: Tenants = await createTenants({
    store,
    host,
    domains: served,
    hooks,
    clock: createManualClock(1_700_000_000_000),
  })
  return { tenants, served, changes, store, broken }
}

describe('domains that come', () => {
  test('are served, kept with their host and the time, and served again after a restart', async () => {
    const { tenants, served, store } = await rig()
    await tenants.add('B.example', { maxAccounts: 3 })
    await tenants.add('a.example')
    expect([...served]).toEqual(['fixed.example', 'b.example', 'a.example'])
    expect(await store.get('b.example')).toEqual({
      domain: 'b.example',
      host: 'main',
      createdAt: 1_700_000_000_000,
      settings: { maxAccounts: 3 },
    })
    const again = await rig({ store })
    expect(await again.tenants.restore(expect.fail)).toBe(2)
    expect([...again.served]).toEqual(['fixed.example', 'a.example', 'b.example'])
    expect(again.tenants.limit('b.example', 'auth/maxAccounts')).toBe(3)
  })

  test('are not those of another host', async () => {
    const { tenants, store } = await rig()
    await tenants.add('a.example', { name: 'A' })
    const other = await rig({ name: 'other', configured: [], store })
    expect(await other.tenants.restore(expect.fail)).toBe(0)
    expect(other.tenants.settings('a.example')).toEqual({})
    expect(await other.tenants.list({ limit: 9 })).toEqual([])
    await expect(other.tenants.add('a.example')).rejects.toEqual(failing('tenants/exists'))
    await expect(other.tenants.set('a.example', {})).rejects.toEqual(failing('tenants/unknown'))
    expect(await other.tenants.remove('a.example')).toBe(false)
    expect((await store.get('a.example'))?.settings).toEqual({ name: 'A' })
  })

  test('that are there already are not added again, also of two at once', async () => {
    const { tenants } = await rig()
    await expect(tenants.add('fixed.example')).rejects.toEqual(failing('tenants/exists'))
    const both = await Promise.allSettled([tenants.add('a.example'), tenants.add('a.example')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('the host cannot serve are not kept', async () => {
    const { tenants, broken, store } = await rig()
    broken.add('a.example')
    await expect(tenants.add('a.example', { name: 'A' })).rejects.toThrow('no')
    expect(await store.get('a.example')).toBeUndefined()
    expect(tenants.settings('a.example')).toEqual({})
  })

  test('one that cannot be served after a restart is told of; the others are', async () => {
    const { tenants, store } = await rig()
    await tenants.add('a.example')
    await tenants.add('b.example')
    const again = await rig({ store })
    again.broken.add('a.example')
    const failed: string[] = []
    await again.tenants.restore((domain) => failed.push(domain))
    expect(failed).toEqual(['a.example'])
    expect(again.served.has('b.example')).toBe(true)
  })

  test('of thousands, all come back', async () => {
    const store = createMemoryTenantStore()
    for (let n = 0; n < 2001; n += 1) {
      await store.add({ domain: `t${n}.example`, host: 'main', createdAt: 0, settings: {} })
    }
    const { tenants, served } = await rig({ store })
    expect(await tenants.restore(expect.fail)).toBe(2001)
    expect(served.size).toBe(2002)
  })
})

describe('settings', () => {
  test('are replaced as a whole, told of, and kept; also those of a domain the host was configured with', async () => {
    const { tenants, changes, store } = await rig()
    await tenants.set('fixed.example', { name: 'Fixed', maxSessions: 5 })
    await tenants.set('fixed.example', { maxSessionsPerAccount: 2 })
    expect(changes).toEqual([
      ['fixed.example', { name: 'Fixed', maxSessions: 5 }],
      ['fixed.example', { maxSessionsPerAccount: 2 }],
    ])
    const again = await rig({ store })
    expect(again.tenants.settings('fixed.example')).toEqual({ maxSessionsPerAccount: 2 })
    expect([...again.tenants.customised()]).toEqual([['fixed.example', { maxSessionsPerAccount: 2 }]])
    await tenants.remove('fixed.example')
    expect(changes.at(-1)).toEqual(['fixed.example', {}])
    expect(tenants.limit('fixed.example', 'sessions/maxPerAccount')).toBeUndefined()
  })

  test.each<[string, TenantSettings]>([
    ['a limit below nothing', { maxAccounts: -1 }],
    ['a limit that is no whole number', { maxSessions: 1.5 }],
    ['a rate of nothing', { maxStanzasPerSecond: 0 }],
    ['an empty name', { name: '' }],
    ['a long name', { name: 'x'.repeat(257) }],
    ['a role nobody knows', { contacts: { boss: ['mailto:a@b.example'] } }],
    ['a contact that is no URI', { contacts: { abuse: ['a b'] } }],
    ['many contacts', { contacts: { abuse: Array(21).fill('mailto:a@b.example') } }],
  ])('%s is refused, with nothing done', async (_, settings) => {
    const { tenants, store, served } = await rig()
    await expect(tenants.add('a.example', settings)).rejects.toEqual(failing('tenants/invalid'))
    await expect(tenants.set('fixed.example', settings)).rejects.toEqual(failing('tenants/invalid'))
    expect(await store.list({ limit: 9 })).toEqual([])
    expect(served.has('a.example')).toBe(false)
  })
})
