import {
  ClockService,
  DomainsService,
  defineModule,
  IdsService,
  LoggerService,
  service,
} from '@xmppkit/module'
import { createIq, type Iq, type IqDeps, type IqOptions } from './iq.js'

/** The iq dispatcher of a host. */
export const IqService = service<Iq>('iq/iq', { providedBy: ['iq'] })

// The key of the router's own token: what provides that service provides this, of which only two members are needed.
const IqRouterService = service<Pick<IqDeps, 'route' | 'interceptReplies'>>('router/router', {
  providedBy: ["provide(RouterService, createRouter(…)) among the host's services"],
})

/** Runs {@link createIq} on a host. */
export const iqModule = defineModule({
  name: 'iq',
  needs: {
    router: IqRouterService,
    clock: ClockService,
    ids: IdsService,
    logger: LoggerService,
    domains: DomainsService,
  },
  provides: IqService,
  start({ router, domains, ...deps }, options: IqOptions, scope) {
    const dispatcher = createIq(
      {
        ...deps,
        route: (stanza) => router.route(stanza),
        interceptReplies: (accept) => router.interceptReplies(accept),
        isLocal: (domain) => domains.has(domain),
      },
      options,
    )
    return { service: scope.use(dispatcher) }
  },
})
