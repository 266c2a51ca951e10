/**
 * The Blocking Command as a module of a host.
 *
 * @packageDocumentation
 */
import { offerUserData } from '@xmppkit/auth'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import { defineModule, HooksService, IdsService, maybe, service } from '@xmppkit/module'
import { RouterService } from '@xmppkit/router/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { NS } from '@xmppkit/stanza'
import { type Blocking, createBlocking } from './blocking.js'
import type { BlockingOptions } from './blocking-options.js'
import { createMemoryBlocklistStore } from './memory-store.js'
import type { BlockingContacts, BlocklistStore } from './ports.js'
import { blocklistData } from './user-data.js'

/** The blocklists of a host. */
export const BlockingService = service<Blocking>('blocking/blocking', { providedBy: ['blocking'] })

/** Where blocklists are kept. */
export const BlocklistStoreService = service<BlocklistStore>('blocking/store', {
  providedBy: ['blocking-memory'],
})

// The key of the rosters of @xmppkit/roster, which is of this layer.
const BlockingContactsService = service<BlockingContacts>('roster/roster', { providedBy: ['roster'] })

/** Provides {@link BlocklistStoreService} in memory: blocklists end with the host. */
export const memoryBlockingModule = defineModule({
  name: 'blocking-memory',
  needs: {},
  provides: BlocklistStoreService,
  start: () => ({ service: createMemoryBlocklistStore() }),
})

/** Provides {@link BlockingService} and announces the feature. */
export const blockingModule = defineModule({
  name: 'blocking',
  needs: {
    store: BlocklistStoreService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    disco: DiscoService,
    router: RouterService,
    ids: IdsService,
    contacts: maybe(BlockingContactsService),
  },
  provides: BlockingService,
  xeps: [{ number: '0191', version: '1.3' }],
  start({ disco, router, contacts, ...deps }, options: BlockingOptions, scope) {
    scope.use(disco.addFeature('server', NS.blocking))
    const route = (stanza: Parameters<typeof router.route>[0]) => router.route(stanza)
    const blocking = scope.use(createBlocking({ ...deps, route, ...(contacts && { contacts }) }, options))
    scope.use(offerUserData(deps.hooks, blocklistData(deps.store, blocking)))
    return { service: blocking }
  },
})
