import type { Commands, Jobs } from '@xmppkit/commands'
import type { Host } from '@xmppkit/module'
import { type ExportStore, exportJobOf, registerPersonalDataCommands } from '@xmppkit/personal-data'
import { PersonalDataService } from '@xmppkit/personal-data/module'
import type { Logger, Scope } from '@xmppkit/runtime'
import { TenantsService } from '@xmppkit/tenants/module'

/** What {@link servePersonalData} needs. */
export interface ServerPersonalDataDeps {
  readonly hosts: ReadonlyMap<string, Host>
  readonly commands: Pick<Commands, 'register'>
  readonly jobs: Jobs
  readonly exports: ExportStore | undefined
  readonly logger: Logger
}

/** Domains whose last host is remembered, for what is asked about them when they are served no longer. */
const maxRemembered = 1000

/** Registers the commands about personal data for all hosts, also about domains that are served no longer. */
export function servePersonalData(deps: ServerPersonalDataDeps, scope: Scope): void {
  const { hosts, exports, ...others } = deps
  const { jobs } = others
  const all = [...hosts.values()].filter((host) => host.has(PersonalDataService))
  if (all.length === 0) return
  const lastHosts = new Map<string, Host>()

  const hostOf = (domain: string | undefined): Host => {
    if (domain === undefined) return all[0]!
    const owner = all.find((host) => host.domains.has(domain)) ?? lastHosts.get(domain)
    const keeper =
      owner ?? all.find((host) => host.has(TenantsService) && host.get(TenantsService).keeps(domain))
    const host = keeper ?? all[0]!
    lastHosts.delete(domain)
    lastHosts.set(domain, host)
    if (lastHosts.size > maxRemembered) lastHosts.delete(lastHosts.keys().next().value!)
    return host
  }
  for (const host of all) {
    scope.use(host.get(PersonalDataService).onLeaving((account) => void jobs.abort(exportJobOf(account))))
  }
  const of = (domain: string | undefined) => hostOf(domain).get(PersonalDataService)
  scope.use(registerPersonalDataCommands({ ...others, of, ...(exports && { exports }) }))
}
