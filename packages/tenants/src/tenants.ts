import type { Hooks } from '@xmppkit/hooks'
import { prepareDomain } from '@xmppkit/jid'
import { type Clock, createKeyedQueue } from '@xmppkit/runtime'
import { TenantError } from './errors.js'
import type { StoredTenant, TenantPage, TenantSettings, TenantStore } from './ports.js'
import { checkedSettings, noSettings, settingOf } from './settings.js'
import { tenantChanged } from './tokens.js'

/** The host whose domains these are; `HostService` of `@xmppkit/module` fits. */
export interface TenantHost {
  /** Its name. */
  readonly name: string
  /** Serves one more domain. */
  addDomain(domain: string): Promise<void>
  /** Serves a domain no longer. */
  removeDomain(domain: string): Promise<void>
}

/** Collaborators of {@link createTenants}. */
export interface TenantsDeps {
  /** Where domains are kept. */
  readonly store: TenantStore
  /** Serves them. */
  readonly host: TenantHost
  /** Which domains the host serves now. */
  readonly domains: { has(domain: string): boolean }
  /** Fires {@link tenantChanged}. */
  readonly hooks: Pick<Hooks, 'run'>
  /** Dates domains. */
  readonly clock: Pick<Clock, 'now'>
}

/** The domains of a host that were added at run time, and what single domains have of their own. */
export interface Tenants {
  /**
   * Serves a domain from now on, also after a restart.
   *
   * @throws TenantError `tenants/exists`, `tenants/invalid`; JidError for what is no domain; ModuleError when the host cannot
   */
  add(domain: string, settings?: TenantSettings): Promise<void>
  /**
   * Gives a domain other settings in place of those before, at once and for good. It may be one the host was configured with.
   *
   * @throws TenantError `tenants/unknown`, `tenants/invalid`
   */
  set(domain: string, settings: TenantSettings): Promise<void>
  /**
   * Serves a domain no longer: its sessions end; what belongs to its accounts stays. A domain the host was configured with is
   * served again after a restart. False if it was neither served nor kept.
   */
  remove(domain: string): Promise<boolean>
  /** What a domain has of its own; nothing for one that has not, and for one that is not served. */
  settings(domain: string): TenantSettings
  /** Whether a domain is kept for this host, served or not. */
  keeps(domain: string): boolean
  /** The limit of a domain in place of an option, `sessions/maxPerAccount` for example; undefined if it has none. */
  limit(domain: string, option: string): number | undefined
  /** All domains with settings of their own. */
  customised(): Iterable<readonly [domain: string, settings: TenantSettings]>
  /** The domains that are kept for this host, by name, page by page. */
  list(page: Omit<TenantPage, 'host'>): Promise<readonly StoredTenant[]>
  /**
   * Serves the domains that are kept, after a start. Those that cannot be served are told of and left out.
   *
   * @param failed - told of a domain that could not be served
   * @returns how many there are
   */
  restore(failed: (domain: string, error: unknown) => void): Promise<number>
}

const pageSize = 1000

/**
 * Reads which domains are kept for a host, and makes the block that adds, changes and removes them.
 *
 * @example
 * ```ts
 * const tenants = await createTenants({ store, host, domains: host.domains, hooks: host.hooks, clock })
 * await tenants.restore((domain, error) => logger.error('a domain is not served', { domain, error }))
 * await tenants.add('tenant-42.example', { name: 'Tenant 42', maxAccounts: 100 })
 * ```
 */
export async function createTenants(deps: TenantsDeps): Promise<Tenants> {
  const { store, host, domains, hooks, clock } = deps
  const queue = createKeyedQueue()
  // Domains without settings share one object, so that a tenant costs an entry.
  const kept = new Map<string, TenantSettings>()
  for await (const { domain, settings } of all(store, host.name)) {
    kept.set(domain, Object.keys(settings).length === 0 ? noSettings : Object.freeze(settings))
  }

  const changed = async (domain: string, settings: TenantSettings) => {
    await hooks.run(tenantChanged, { domain, settings })
  }
  const keep = async (domain: string, settings: TenantSettings): Promise<boolean> => {
    const added = await store.add({ domain, host: host.name, createdAt: clock.now(), settings })
    if (added) kept.set(domain, settings)
    return added
  }

  const add = async (domain: string, settings: TenantSettings) => {
    const exists = new TenantError('tenants/exists', `${domain} is served already`)
    // Kept first: should the process die now, the next one serves it.
    if (domains.has(domain) || !(await keep(domain, settings))) throw exists
    try {
      await host.addDomain(domain)
    } catch (error) {
      kept.delete(domain)
      await store.remove(domain)
      throw error
    }
    if (settings !== noSettings) await changed(domain, settings)
  }

  const set = async (domain: string, settings: TenantSettings) => {
    if (!domains.has(domain) && !kept.has(domain)) {
      throw new TenantError('tenants/unknown', `${domain} is not served`)
    }
    if (await store.setSettings(domain, settings)) kept.set(domain, settings)
    else await keep(domain, settings)
    await changed(domain, settings)
  }

  const remove = async (domain: string) => {
    const served = domains.has(domain)
    if (!served && !kept.has(domain)) return false
    await host.removeDomain(domain)
    await store.remove(domain)
    const before = kept.get(domain)
    kept.delete(domain)
    if (before !== undefined && before !== noSettings) await changed(domain, noSettings)
    return true
  }

  return {
    async add(text, settings = noSettings) {
      const [domain, checked] = [prepareDomain(text), checkedSettings(settings)]
      await queue.run(domain, () => add(domain, checked))
    },
    async set(text, settings) {
      const [domain, checked] = [prepareDomain(text), checkedSettings(settings)]
      await queue.run(domain, () => set(domain, checked))
    },
    async remove(text) {
      const domain = prepareDomain(text)
      return queue.run(domain, () => remove(domain))
    },
    settings: (domain) => kept.get(domain) ?? noSettings,
    keeps: (domain) => kept.has(domain),
    limit(domain, option) {
      const name = settingOf.get(option)
      return name && kept.get(domain)?.[name]
    },
    *customised() {
      for (const entry of kept) if (entry[1] !== noSettings) yield entry
    },
    list: (page) => store.list({ ...page, host: host.name }),
    async restore(failed) {
      for (const domain of kept.keys()) {
        await host.addDomain(domain).catch((error: unknown) => failed(domain, error))
      }
      return kept.size
    },
  }
}

async function* all(store: TenantStore, host: string): AsyncIterable<StoredTenant> {
  for (let after: string | undefined; ; ) {
    const page = await store.list({ host, limit: pageSize, ...(after !== undefined && { after }) })
    yield* page
    if (page.length < pageSize) return
    after = page.at(-1)!.domain
  }
}
