/**
 * Your own code among the users of a host, as a module.
 *
 * @packageDocumentation
 */
import { AccountsService } from '@xmppkit/auth/module'
import {
  ClockService,
  DomainsService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  service,
} from '@xmppkit/module'
import { RouterService } from '@xmppkit/router/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createInProcess, type InProcess } from './in-process.js'
import type { InProcessOptions } from './in-process-options.js'

/** Messages in anybody's name, a look at every message, bots. */
export const InProcessService = service<InProcess>('in-process/in-process', { providedBy: ['in-process'] })

/** Provides {@link InProcessService}. */
export const inProcessModule = defineModule({
  name: 'in-process',
  needs: {
    hooks: HooksService,
    domains: DomainsService,
    clock: ClockService,
    ids: IdsService,
    logger: LoggerService,
    router: RouterService,
    sessions: SessionsService,
    accounts: AccountsService,
  },
  provides: InProcessService,
  start({ router, ...deps }, options: InProcessOptions, scope) {
    return {
      service: scope.use(createInProcess({ ...deps, route: (stanza) => router.route(stanza) }, options)),
    }
  },
})
