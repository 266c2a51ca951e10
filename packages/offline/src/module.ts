/**
 * Offline messages as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { CommandsService, JobsService } from '@xmppkit/commands/module'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import type { BareJid } from '@xmppkit/jid'
import {
  ClockService,
  DomainLimitsService,
  defineModule,
  HooksService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createFlexibleRetrieval } from './flexible-retrieval.js'
import { createMemoryOfflineStore } from './memory-store.js'
import { createOffline, type Offline } from './offline.js'
import { registerOfflineCommands } from './offline-commands.js'
import type { OfflineOptions } from './offline-options.js'
import type { OfflineStore } from './ports.js'
import { offlineData } from './user-data.js'

/** The offline storage of a host. */
export const OfflineService = service<Offline>('offline/offline', { providedBy: ['offline'] })

/** Where offline messages wait. */
export const OfflineStoreService = service<OfflineStore>('offline/store', { providedBy: ['offline-memory'] })

/** Provides {@link OfflineStoreService} in memory: messages end with the host. */
export const memoryOfflineModule = defineModule({
  name: 'offline-memory',
  needs: {},
  provides: OfflineStoreService,
  start: () => ({ service: createMemoryOfflineStore() }),
})

/** Provides {@link OfflineService}, flexible retrieval and the commands about offline messages. */
export const offlineModule = defineModule({
  name: 'offline',
  needs: {
    store: OfflineStoreService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    disco: DiscoService,
    clock: ClockService,
    logger: LoggerService,
    commands: maybe(CommandsService),
    jobs: maybe(JobsService),
    limits: maybe(DomainLimitsService),
  },
  provides: OfflineService,
  xeps: [
    { number: '0160', version: '1.0.1' },
    { number: '0013', version: '1.3' },
    { number: '0203', version: '2.0', note: 'stamps what was stored' },
    { number: '0334', version: '1.0.0', note: 'storage hints' },
    { number: '0023', version: '1.3' },
  ],
  start({ iq, disco, commands, jobs, limits, ...deps }, options: OfflineOptions, scope) {
    const limitOf = ({ domain }: BareJid) => limits?.limit(domain, 'offline/maxMessagesPerAccount')
    const offline = scope.use(createOffline({ ...deps, limitOf }, options))
    scope.use(disco.addFeature('server', 'msgoffline'))
    scope.use(createFlexibleRetrieval({ ...deps, iq, disco, offline }, options))
    scope.use(offerUserData(deps.hooks, offlineData(deps.store, deps.clock)))
    if (commands) scope.use(registerOfflineCommands({ ...deps, commands, ...(jobs && { jobs }) }))
    return { service: offline }
  },
})
