import type { BareJid } from '@xmppkit/jid'
import { makeJid } from '@xmppkit/jid'
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
}

/** Tells which accounts exist; whoever keeps accounts provides it. */
export const AccountDirectoryService = service<AccountDirectory>('sessions/account-directory', {
  providedBy: ['auth'],
})

/** Sends a stanza on its way: the router's `route`, provided by whoever wires the server. */
export const StanzaRouteService = service<(stanza: Stanza) => Awaitable<void>>('sessions/stanza-route')

/** Answers iq requests to bare addresses: the iq dispatcher's `dispatch` for the target `account`. */
export const AccountIqService = service<(stanza: Stanza) => Awaitable<void>>('sessions/account-iq')

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
    route: StanzaRouteService,
    accountIq: AccountIqService,
    registry: maybe(SessionRegistryService),
  },
  provides: SessionsService,
  xeps: [],
  start(deps, options: SessionsOptions, scope) {
    const { accounts, registry, ...rest } = deps
    const sessions = createSessions(
      { ...rest, accountExists: (account) => accounts.exists(account), ...(registry ? { registry } : {}) },
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
