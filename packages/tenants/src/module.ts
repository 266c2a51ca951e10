/**
 * Domains that come and go, as modules of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { CommandError } from '@xmppkit/commands'
import { CommandsService } from '@xmppkit/commands/module'
import { DiscoService } from '@xmppkit/disco/module'
import {
  ClockService,
  DomainLimitsService,
  DomainsService,
  defineModule,
  HooksService,
  HostService,
  maybe,
  service,
} from '@xmppkit/module'
import { brandTenants } from './branding.js'
import { createMemoryTenantStore } from './memory-store.js'
import type { TenantStore } from './ports.js'
import { paceTenants } from './stanza-rate.js'
import { registerTenantCommands, type TenantDirectory } from './tenant-commands.js'
import { createTenants, type Tenants } from './tenants.js'

/** The domains of a host; modules that have limits find it as `DomainLimitsService`. */
export const TenantsService = service<Tenants>(DomainLimitsService.key, { providedBy: ['tenants'] })

/** Where domains are kept. */
export const TenantStoreService = service<TenantStore>('tenants/store', { providedBy: ['tenants-memory'] })

/** Provides {@link TenantStoreService} in memory: domains end with the host. */
export const memoryTenantsModule = defineModule({
  name: 'tenants-memory',
  needs: {},
  provides: TenantStoreService,
  start: () => ({ service: createMemoryTenantStore() }),
})

/**
 * Provides {@link TenantsService}. Whoever starts the host calls `restore()` afterwards, since a module cannot add domains
 * while it starts.
 */
export const tenantsModule = defineModule({
  name: 'tenants',
  needs: {
    store: TenantStoreService,
    host: HostService,
    domains: DomainsService,
    hooks: HooksService,
    clock: ClockService,
  },
  provides: TenantsService,
  start: async (deps) => ({ service: await createTenants(deps) }),
})

/**
 * Lets domains have a name, contacts and a rate of their own, and registers the commands about domains. A module apart from
 * `tenantsModule`, because others start between the two: they ask that one for limits, and this one asks them.
 */
export const tenantRulesModule = defineModule({
  name: 'tenant-rules',
  needs: {
    tenants: TenantsService,
    host: HostService,
    domains: DomainsService,
    hooks: HooksService,
    clock: ClockService,
    disco: maybe(DiscoService),
    commands: maybe(CommandsService),
  },
  xeps: [
    { number: '0030', version: '2.5.0', note: 'names of domains' },
    { number: '0157', version: '1.1.1', note: 'contacts of domains' },
  ],
  start({ host, domains, disco, commands, ...deps }, _options, scope) {
    scope.use(paceTenants(deps))
    scope.use(
      offerUserData(deps.hooks, {
        name: 'tenants',
        remove: async () => 0,
        removeDomain: async (domain) => Number(await deps.tenants.remove(domain)),
      }),
    )
    if (disco) scope.use(brandTenants({ ...deps, disco }))
    const directory: TenantDirectory = {
      of(_domain, name = host.name) {
        if (name === host.name) return deps.tenants
        throw new CommandError('commands/not-found', `there is no host ${name}`)
      },
      list: (page) => deps.tenants.list(page),
      serves: (domain) => domains.has(domain),
    }
    if (commands) scope.use(registerTenantCommands({ commands, tenants: directory }))
  },
})
