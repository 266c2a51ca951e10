/**
 * In-band registration as a module of a host.
 *
 * @packageDocumentation
 */
import { AccountsService } from '@xmppkit/auth/module'
import { C2sService } from '@xmppkit/c2s/module'
import { IqService } from '@xmppkit/iq/module'
import { ClockService, defineModule, HooksService, LoggerService } from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createRegistration } from './registration.js'
import type { RegistrationOptions } from './registration-options.js'

/** Lets people manage their account in band; creating accounts is off unless its options say otherwise. */
export const registrationModule = defineModule({
  name: 'registration',
  needs: {
    accounts: AccountsService,
    iq: IqService,
    hooks: HooksService,
    sessions: SessionsService,
    c2s: C2sService,
    clock: ClockService,
    logger: LoggerService,
  },
  xeps: [{ number: '0077', version: '2.4', note: 'without extension fields and redirection' }],
  start({ c2s, ...deps }, options: RegistrationOptions, scope) {
    scope.use(createRegistration({ ...deps, features: c2s.features }, options))
  },
})
