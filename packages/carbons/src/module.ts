/**
 * Message Carbons as a module of a host.
 *
 * @packageDocumentation
 */
import { C2sService } from '@xmppkit/c2s/module'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import { defineModule, HooksService, maybe, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { NS } from '@xmppkit/stanza'
import { type Carbons, createCarbons } from './carbons.js'
import type { CarbonsOptions } from './carbons-options.js'

/** The carbons of a host. */
export const CarbonsService = service<Carbons>('carbons/carbons', { providedBy: ['carbons'] })

/** Provides {@link CarbonsService} and announces the feature. */
export const carbonsModule = defineModule({
  name: 'carbons',
  needs: {
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    disco: DiscoService,
    c2s: maybe(C2sService),
  },
  provides: CarbonsService,
  xeps: [{ number: '0280', version: '1.0.1', note: 'errors are not copied' }],
  start({ disco, c2s, ...deps }, options: CarbonsOptions, scope) {
    scope.use(disco.addFeature('server', NS.carbons))
    return { service: scope.use(createCarbons({ ...deps, ...(c2s && { bind2: c2s.bind2 }) }, options)) }
  },
})
