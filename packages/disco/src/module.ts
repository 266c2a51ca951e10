/**
 * Service discovery as modules of a host.
 *
 * @packageDocumentation
 */
import { IqService } from '@xmppkit/iq/module'
import { defineModule, HooksService, maybe, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { type CapsCache, type CapsCacheOptions, createCapsCache } from './caps-cache.js'
import { createDisco, type Disco, type DiscoOptions } from './disco.js'
import { queryDiscoInfo } from './query.js'

/** The service discovery of a host. */
export const DiscoService = service<Disco>('disco/disco', { providedBy: ['disco'] })

/** The verified capabilities of others; provide one made by `createCapsCache` to share it between hosts. */
export const CapsCacheService = service<CapsCache>('disco/caps-cache', { providedBy: ['caps-cache'] })

/** Provides {@link DiscoService}; see {@link createDisco}. */
export const discoModule = defineModule({
  name: 'disco',
  needs: { iq: IqService, hooks: HooksService, sessions: maybe(SessionsService) },
  provides: DiscoService,
  xeps: [
    { number: '0030', version: '2.5.0' },
    { number: '0115', version: '1.6.0', note: 'without caps optimisation' },
    { number: '0128', version: '1.0.1' },
  ],
  start: ({ sessions, ...deps }, options: DiscoOptions, scope) => ({
    service: scope.use(createDisco({ ...deps, ...(sessions && { sessions }) }, options)),
  }),
})

/** Provides {@link CapsCacheService}; see {@link createCapsCache}. */
export const capsCacheModule = defineModule({
  name: 'caps-cache',
  needs: { iq: IqService },
  provides: CapsCacheService,
  xeps: [{ number: '0115', version: '1.6.0' }],
  start: ({ iq }, options: CapsCacheOptions) => ({
    service: createCapsCache({ query: queryDiscoInfo(iq) }, options),
  }),
})
