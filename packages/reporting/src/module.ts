/**
 * Reports, and the policy about strangers, as modules of a host.
 *
 * @packageDocumentation
 */
import { AccessService } from '@xmppkit/access/module'
import { DiscoService } from '@xmppkit/disco/module'
import {
  ClockService,
  DomainsService,
  defineModule,
  HooksService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createBlockStrangers } from './block-strangers.js'
import type { BlockStrangersOptions } from './block-strangers-options.js'
import type { KnownContacts } from './ports.js'
import { reportingNs } from './report.js'
import { createReporting, type Reporting } from './reporting.js'
import type { ReportingOptions } from './reporting-options.js'

/** The reports of a host. */
export const ReportingService = service<Reporting>('reporting/reporting', { providedBy: ['reporting'] })

// The key of the rosters of @xmppkit/roster, which is of this layer.
const KnownContactsService = service<KnownContacts>('roster/roster', { providedBy: ['roster'] })

/** Provides {@link ReportingService} and announces that reports are welcome. */
export const reportingModule = defineModule({
  name: 'reporting',
  needs: { hooks: HooksService, disco: DiscoService, clock: ClockService, logger: LoggerService },
  provides: ReportingService,
  xeps: [{ number: '0377', version: '0.4.1' }],
  start({ disco, ...deps }, options: ReportingOptions, scope) {
    scope.use(disco.addFeature('server', reportingNs))
    return { service: scope.use(createReporting(deps, options)) }
  },
})

/** Keeps strangers out of a host's accounts. Not part of a standard server: who uses it decides so for everybody. */
export const blockStrangersModule = defineModule({
  name: 'block-strangers',
  needs: {
    hooks: HooksService,
    sessions: SessionsService,
    contacts: KnownContactsService,
    domains: DomainsService,
    logger: LoggerService,
    access: maybe(AccessService),
  },
  start({ domains, access, ...deps }, options: BlockStrangersOptions, scope) {
    const isLocal = (domain: string) => domains.has(domain)
    scope.use(createBlockStrangers({ ...deps, isLocal, ...(access && { access }) }, options))
  },
})
