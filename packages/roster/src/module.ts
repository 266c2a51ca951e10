/**
 * Rosters, subscriptions and presence as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { C2sService } from '@xmppkit/c2s/module'
import { IqService } from '@xmppkit/iq/module'
import { ClockService, defineModule, HooksService, IdsService, LoggerService, service } from '@xmppkit/module'
import { RouterService } from '@xmppkit/router/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createMemoryRosterStore } from './memory-store.js'
import type { RosterStore } from './ports.js'
import { createRoster, type Roster } from './roster.js'
import { createRosterCache } from './roster-cache.js'
import type { RosterOptions } from './roster-options.js'
import { preApprovalFeature, rosterVersioningFeature } from './stream-features.js'
import { rosterData } from './user-data.js'

/** The rosters of a host. */
export const RosterService = service<Roster>('roster/roster', { providedBy: ['roster'] })

/** Where rosters are kept. */
export const RosterStoreService = service<RosterStore>('roster/store', { providedBy: ['roster-memory'] })

/** Provides {@link RosterStoreService} in memory: rosters end with the host. */
export const memoryRosterModule = defineModule({
  name: 'roster-memory',
  needs: { clock: ClockService },
  provides: RosterStoreService,
  start: (deps) => ({ service: createMemoryRosterStore(deps) }),
})

/** Provides {@link RosterService} and advertises roster versioning and pre-approval. */
export const rosterModule = defineModule({
  name: 'roster',
  needs: {
    store: RosterStoreService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    router: RouterService,
    c2s: C2sService,
    ids: IdsService,
    clock: ClockService,
    logger: LoggerService,
  },
  provides: RosterService,
  xeps: [{ number: '0237', version: '1.3', note: 'as in RFC 6121 §2.6' }],
  start({ router, c2s, ...deps }, options: RosterOptions, scope) {
    scope.use(c2s.features.add(rosterVersioningFeature))
    scope.use(c2s.features.add(preApprovalFeature))
    const { cachedItems = 0 } = options
    // One cache for both: what is written past it is not seen.
    const store = cachedItems > 0 ? createRosterCache(deps.store, { maxItems: cachedItems }) : deps.store
    scope.use(offerUserData(deps.hooks, rosterData(store)))
    const route = (stanza: Parameters<typeof router.route>[0]) => router.route(stanza)
    return { service: scope.use(createRoster({ ...deps, store, route }, { ...options, cachedItems: 0 })) }
  },
})
