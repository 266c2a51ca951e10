/**
 * An LDAP directory as the users of a host.
 *
 * @packageDocumentation
 */
import { ExternalAccountsService } from '@xmppkit/auth/module'
import { ClockService, defineModule } from '@xmppkit/module'
import { createLdapAccounts } from './ldap-accounts.js'
import type { LdapOptions } from './ldap-options.js'

/** Provides `ExternalAccountsService`: the accounts of the host are those of a directory. */
export const ldapModule = defineModule({
  name: 'ldap',
  needs: { clock: ClockService },
  provides: ExternalAccountsService,
  start: (deps, options: LdapOptions, scope) => ({ service: scope.use(createLdapAccounts(deps, options)) }),
})
