/**
 * Client State Indication as a module of a host.
 *
 * @packageDocumentation
 */
import { C2sService } from '@xmppkit/c2s/module'
import { defineModule, HooksService, service } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { type ClientState, createClientState } from './client-state.js'
import type { ClientStateOptions } from './client-state-options.js'

/** Which clients of a host are being looked at. */
export const ClientStateService = service<ClientState>('client-state/client-state', {
  providedBy: ['client-state'],
})

/** Provides {@link ClientStateService} and offers the feature on clients' streams. */
export const clientStateModule = defineModule({
  name: 'client-state',
  needs: { hooks: HooksService, sessions: SessionsService, c2s: C2sService },
  provides: ClientStateService,
  xeps: [{ number: '0352', version: '1.0.0' }],
  start({ c2s, ...deps }, options: ClientStateOptions, scope) {
    const clientState = scope.use(createClientState({ ...deps, bind2: c2s.bind2 }, options))
    scope.use(c2s.features.add(clientState.feature))
    return { service: clientState }
  },
})
