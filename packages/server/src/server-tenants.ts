import { CommandError } from '@xmppkit/commands'
import { prepareDomain } from '@xmppkit/jid'
import type { Host } from '@xmppkit/module'
import type { Logger } from '@xmppkit/runtime'
import type { StoredTenant, TenantDirectory, TenantPage, TenantSettings } from '@xmppkit/tenants'
import { TenantsService } from '@xmppkit/tenants/module'

/** Domains that are kept over restarts, of all hosts of a server. */
export interface ServerTenants {
  /**
   * Serves a domain from now on, also after a restart.
   *
   * @param hostName - the host whose modules and options it gets; the first one when absent
   * @throws TenantError `tenants/exists`, `tenants/invalid`; CommandError `commands/not-found` for an unknown host
   */
  add(domain: string, settings?: TenantSettings, hostName?: string): Promise<void>
  /**
   * Gives a domain other settings in place of those before.
   *
   * @throws TenantError `tenants/unknown`, `tenants/invalid`
   */
  set(domain: string, settings: TenantSettings): Promise<void>
  /** Serves a domain no longer, now and after a restart; its data stays. False if it was not served. */
  remove(domain: string): Promise<boolean>
  /** What a domain has of its own. */
  settings(domain: string): TenantSettings
  /** The domains that are kept, by name, page by page. */
  list(page: Omit<TenantPage, 'host'>): Promise<readonly StoredTenant[]>
}

/** Finds for each domain the host whose tenant it is. */
export function tenantDirectory(hosts: ReadonlyMap<string, Host>): TenantDirectory {
  const all = () => [...hosts.values()].filter((host) => host.has(TenantsService))
  const ownerOf = (domain: string) => all().find((host) => host.domains.has(domain))
  return {
    of(domain, name) {
      const owner = ownerOf(domain)
      const named = name === undefined ? (owner ?? all()[0]) : hosts.get(name)
      if (named === undefined) throw new CommandError('commands/not-found', `there is no host ${name}`)
      if (owner !== undefined && owner !== named) {
        throw new CommandError('commands/conflict', `${domain} is served by host ${owner.name} already`)
      }
      return named.get(TenantsService)
    },
    async list(page) {
      const pages = await Promise.all(all().map((host) => host.get(TenantsService).list(page)))
      const byName = (a: StoredTenant, b: StoredTenant) =>
        Buffer.compare(Buffer.from(a.domain), Buffer.from(b.domain))
      return pages.flat().sort(byName).slice(0, page.limit)
    },
    serves: (domain) => ownerOf(domain) !== undefined,
  }
}

/** The same for programs. */
export function serverTenants(directory: TenantDirectory): ServerTenants {
  const of = (domain: string, host?: string) => directory.of(prepareDomain(domain), host)
  return {
    add: async (domain, settings, hostName) => of(domain, hostName).add(domain, settings),
    set: async (domain, settings) => of(domain).set(domain, settings),
    remove: async (domain) => of(domain).remove(domain),
    settings: (domain) => of(domain).settings(prepareDomain(domain)),
    list: (page) => directory.list(page),
  }
}

/** Serves the domains that were added before the last stop. To be called when all hosts serve those they are configured with. */
export async function restoreTenants(hosts: ReadonlyMap<string, Host>, logger: Logger): Promise<void> {
  for (const host of hosts.values()) {
    if (!host.has(TenantsService)) continue
    await host.get(TenantsService).restore((domain, error) => {
      logger.error('a domain that was added is not served', { host: host.name, domain, error })
    })
  }
}
