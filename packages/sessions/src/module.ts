import type { BareJid } from '@xmppkit/jid'
import { makeJid } from '@xmppkit/jid'
import {
  ClockService,
  DomainLimitsService,
  defineModule,
  HooksService,
  hostDown,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import type { Awaitable } from '@xmppkit/runtime'
import { type Stanza, StreamError } from '@xmppkit/stanza'
import type { SessionRegistry } from './ports.js'
import { createSessions, type Sessions, type SessionsOptions } from './sessions.js'

/** The session manager of a host. */
export const SessionsService = service<Sessions>('sessions/sessions', { providedBy: ['sessions'] })

/** Knows which accounts exist. */
export interface AccountDirectory {
  /** Tells whether there is such an account. */
  exists(account: BareJid): Awaitable<boolean>
  /** Tells whether that is known without looking; `false` says nothing. */
  isKnown?(account: BareJid): boolean
}

/**
 * Tells which accounts exist. The key is that of the accounts of `@xmppkit/auth`, whose module therefore provides it;
 * without that module provide any object that knows.
 */
export const AccountDirectoryService = service<AccountDirectory>('auth/accounts', { providedBy: ['auth'] })

// The keys of the tokens of router and iq, which are of this layer: what provides those provides these.
const SessionsRouterService = service<{ route(stanza: Stanza): Awaitable<void> }>('router/router', {
  providedBy: ["provide(RouterService, createRouter(…)) among the host's services"],
})
const SessionsIqService = service<{ dispatch(stanza: Stanza, target: 'account'): Awaitable<void> }>('iq/iq', {
  providedBy: ['iq'],
})

/** A registry shared with other machines; without it sessions are known in memory. */
export const SessionRegistryService = service<SessionRegistry>('sessions/registry')

/** Runs {@link createSessions} on a host; the sessions of a domain that goes down end. */
export const sessionsModule = defineModule({
  name: 'sessions',
  needs: {
    hooks: HooksService,
    logger: LoggerService,
    clock: ClockService,
    ids: IdsService,
    accounts: AccountDirectoryService,
    router: SessionsRouterService,
    iq: SessionsIqService,
    registry: maybe(SessionRegistryService),
    limits: maybe(DomainLimitsService),
  },
  provides: SessionsService,
  start(deps, options: SessionsOptions, scope) {
    const { accounts, router, iq, registry, limits, ...rest } = deps
    const sessions = createSessions(
      {
        ...rest,
        route: (stanza) => router.route(stanza),
        accountExists: (account) => accounts.exists(account),
        accountIsKnown: (account) => accounts.isKnown?.(account) === true,
        accountIq: (stanza) => iq.dispatch(stanza, 'account'),
        ...(registry ? { registry } : {}),
        ...(limits && { limitOf: (domain, limit) => limits.limit(domain, `sessions/${limit}`) }),
      },
      options,
    )
    scope.use(
      deps.hooks.on(hostDown, async ({ domain }) => {
        await sessions.kick(makeJid({ domain }), new StreamError('system-shutdown'))
      }),
    )
    return { service: sessions }
  },
})
