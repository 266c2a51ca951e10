import { XmppkitError } from '@xmppkit/runtime'

/**
 * What can go wrong with the domains of a host.
 *
 * - `tenants/exists`: the domain is served already, or another host keeps it.
 * - `tenants/unknown`: there is no such domain.
 * - `tenants/invalid`: a setting has a value it cannot have.
 */
export class TenantError extends XmppkitError<'tenants/exists' | 'tenants/unknown' | 'tenants/invalid'> {}
