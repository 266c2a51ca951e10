/**
 * Logins with tokens as a module of a host.
 *
 * @packageDocumentation
 */

import { createHmac } from 'node:crypto'
import { offerUserData } from '@xmppkit/auth'
import { DecoySecretService } from '@xmppkit/auth/module'
import { C2sService } from '@xmppkit/c2s/module'
import { CommandsService } from '@xmppkit/commands/module'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import {
  ClockService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createClientAccess } from './client-access.js'
import { createFast, type Fast } from './fast.js'
import { registerFastCommands } from './fast-commands.js'
import type { FastOptions } from './fast-options.js'
import { createMemoryFastTokenStore } from './memory-store.js'
import type { FastTokenStore } from './ports.js'
import { fastTokenData } from './user-data.js'

/** Logins with tokens on a host. */
export const FastService = service<Fast>('fast/fast', { providedBy: ['fast'] })

/** Where tokens are kept. */
export const FastTokenStoreService = service<FastTokenStore>('fast/store', { providedBy: ['fast-memory'] })

/** Key tokens are derived with; keep it outside the store. */
export const FastSecretService = service<Uint8Array>('fast/secret')

/** Provides {@link FastTokenStoreService} in memory: tokens end with the host. */
export const memoryFastModule = defineModule({
  name: 'fast-memory',
  needs: {},
  provides: FastTokenStoreService,
  start: () => ({ service: createMemoryFastTokenStore() }),
})

/**
 * Provides {@link FastService}: clients get tokens with SASL2. They are derived with {@link FastSecretService}, or else with a
 * key made of `DecoySecretService`; where there is neither, they end with the process. Accounts may ask which clients have
 * access (XEP-0494).
 */
export const fastModule = defineModule({
  name: 'fast',
  needs: {
    store: FastTokenStoreService,
    c2s: C2sService,
    hooks: HooksService,
    clock: ClockService,
    ids: IdsService,
    logger: LoggerService,
    secret: maybe(FastSecretService),
    decoySecret: maybe(DecoySecretService),
    commands: maybe(CommandsService),
    iq: maybe(IqService),
    sessions: maybe(SessionsService),
    disco: maybe(DiscoService),
  },
  provides: FastService,
  xeps: [
    { number: '0484', version: '0.2.0', note: 'without TLS 0-RTT, which Node does not take' },
    { number: '0494', version: '0.1.0', note: 'when a client was first seen is not kept' },
  ],
  start({ c2s, commands, secret, decoySecret, iq, sessions, disco, ...deps }, options: FastOptions, scope) {
    const key = secret ?? (decoySecret && createHmac('sha256', decoySecret).update('fast tokens').digest())
    const fast = scope.use(createFast({ ...deps, inline: c2s.inline, ...(key && { secret: key }) }, options))
    if (iq && sessions) {
      scope.use(createClientAccess({ ...deps, fast, iq, sessions, ...(disco && { disco }) }))
    }
    scope.use(offerUserData(deps.hooks, fastTokenData(deps.store)))
    if (commands) scope.use(registerFastCommands({ commands, fast, store: deps.store }))
    return { service: fast }
  },
})
