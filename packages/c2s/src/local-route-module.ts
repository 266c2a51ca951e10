import { IqService } from '@xmppkit/iq/module'
import { DomainsService, defineModule, forEachDomain, HooksService } from '@xmppkit/module'
import { domainHandler } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { SessionsService } from '@xmppkit/sessions/module'

/**
 * Makes the domains of a host routes of the router: what is for an account goes to the session manager, requests to the
 * domain go to the iq dispatcher.
 */
export const localRouteModule = defineModule({
  name: 'local-route',
  needs: {
    hooks: HooksService,
    domains: DomainsService,
    router: RouterService,
    sessions: SessionsService,
    iq: IqService,
  },
  async start({ hooks, domains, router, sessions, iq }, _options, scope) {
    const handler = domainHandler({
      account: (stanza) => sessions.deliver(stanza),
      server: (stanza) => iq.dispatch(stanza, 'server'),
      hooks,
    })
    const serve = (domain: string) => router.register(domain, handler, { label: 'local', exclusive: true })
    scope.use(await forEachDomain({ hooks, domains }, serve))
  },
})
