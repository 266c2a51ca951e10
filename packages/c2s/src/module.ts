/**
 * Client sessions as a module of a host, and the route of its domains.
 *
 * @packageDocumentation
 */
import { AccessService } from '@xmppkit/access/module'
import type { LoginThrottle } from '@xmppkit/auth'
import { AccountsService } from '@xmppkit/auth/module'
import { CommandsService } from '@xmppkit/commands/module'
import { capsFeature } from '@xmppkit/disco'
import { DiscoService } from '@xmppkit/disco/module'
import {
  ClockService,
  defineModule,
  HooksService,
  hostDown,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { RouterService } from '@xmppkit/router/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { type C2s, createC2s } from './c2s.js'
import type { C2sOptions } from './c2s-options.js'
import { registerSessionCommands } from './session-commands.js'

export { localRouteModule } from './local-route-module.js'

/** The clients of a host; `createC2sPort` finds it by the domain a client wants. */
export const C2sService = service<C2s>('c2s/c2s', { providedBy: ['c2s'] })

/** Slows down who guesses passwords; provide one so that hosts count together. */
export const LoginThrottleService = service<LoginThrottle>('c2s/login-throttle')

/**
 * Runs `createC2s` on a host: clients log in with the host's accounts. Registers the commands about sessions where commands
 * are, and announces the server's capabilities (XEP-0115) where service discovery is. Stopping it ends every client's stream with `system-shutdown`.
 */
export const c2sModule = defineModule({
  name: 'c2s',
  needs: {
    hooks: HooksService,
    clock: ClockService,
    ids: IdsService,
    logger: LoggerService,
    router: RouterService,
    sessions: SessionsService,
    accounts: AccountsService,
    throttle: maybe(LoginThrottleService),
    access: maybe(AccessService),
    commands: maybe(CommandsService),
    disco: maybe(DiscoService),
  },
  provides: C2sService,
  xeps: [
    { number: '0178', version: '1.2', note: 'clients, where authorities for their certificates are given' },
    { number: '0386', version: '1.1.0', note: 'what is known of the archive comes with one' },
    { number: '0388', version: '1.0.4' },
    { number: '0440', version: '1.0.0' },
    { number: '0474', version: '0.5.0' },
    { number: '0478', version: '0.2.0' },
    { number: '0480', version: '0.2.0', note: 'SCRAM, of accounts of the server’s own' },
    { number: '0515', version: '0.1.0' },
  ],
  start({ router, accounts, throttle, access, commands, disco, ...deps }, options: C2sOptions, scope) {
    const c2s = scope.use(
      createC2s(
        {
          ...deps,
          route: (stanza) => router.route(stanza),
          credentials: accounts.credentials,
          ...(throttle && { throttle }),
          ...(access && { access }),
        },
        options,
      ),
    )
    scope.use(deps.hooks.on(hostDown, ({ domain }) => c2s.leaveDomain(domain)))
    for (const task of accounts.loginTasks ?? []) scope.use(c2s.tasks.add(task))
    if (disco) scope.use(c2s.features.add(capsFeature(disco)))
    if (commands) scope.use(registerSessionCommands({ commands, sessions: deps.sessions }))
    return { service: c2s, reload: (next) => c2s.update(next) }
  },
})
