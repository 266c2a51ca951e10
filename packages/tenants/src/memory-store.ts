import type { StoredTenant, TenantStore } from './ports.js'

/**
 * Keeps domains in memory: they end with the process.
 *
 * @example
 * ```ts
 * const store = createMemoryTenantStore()
 * ```
 */
export function createMemoryTenantStore(): TenantStore {
  const tenants = new Map<string, StoredTenant>()
  const byName = (a: StoredTenant, b: StoredTenant) =>
    Buffer.compare(Buffer.from(a.domain), Buffer.from(b.domain))
  return {
    async add(tenant) {
      if (tenants.has(tenant.domain)) return false
      tenants.set(tenant.domain, tenant)
      return true
    },
    async setSettings(domain, settings) {
      const tenant = tenants.get(domain)
      if (tenant === undefined) return false
      tenants.set(domain, { ...tenant, settings })
      return true
    },
    get: async (domain) => tenants.get(domain),
    remove: async (domain) => tenants.delete(domain),
    async list({ host, after, limit }) {
      const from = after === undefined ? undefined : Buffer.from(after)
      return [...tenants.values()]
        .filter((tenant) => host === undefined || tenant.host === host)
        .filter(({ domain }) => from === undefined || Buffer.compare(Buffer.from(domain), from) > 0)
        .sort(byName)
        .slice(0, limit)
    },
  }
}
