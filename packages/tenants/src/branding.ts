import type { Disco } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import { disposable } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import type { TenantSettings } from './ports.js'
import type { Tenants } from './tenants.js'
import { tenantChanged } from './tokens.js'

/** Collaborators of {@link brandTenants}. */
export interface BrandTenantsDeps {
  /** Whose settings they are. */
  readonly tenants: Pick<Tenants, 'customised'>
  /** Tells when settings change. */
  readonly hooks: Pick<Hooks, 'on'>
  /** What servers say of themselves. */
  readonly disco: Pick<Disco, 'addIdentity' | 'addExtension'>
}

/**
 * Lets domains with a name or contact addresses of their own say these, in place of those of the host (XEP-0030, XEP-0157).
 *
 * @example
 * ```ts
 * scope.use(brandTenants({ tenants, hooks, disco }))
 * ```
 */
export function brandTenants({ tenants, hooks, disco }: BrandTenantsDeps): Disposable {
  const faces = new Map<string, Disposable>()
  const show = (domain: string, settings: TenantSettings) => {
    faces.get(domain)?.[Symbol.dispose]()
    faces.delete(domain)
    const registered = [...registrations(disco, domain, settings)]
    if (registered.length === 0) return
    const face = disposable(() => {
      for (const one of registered) one[Symbol.dispose]()
    })
    faces.set(domain, face)
  }
  for (const [domain, settings] of tenants.customised()) show(domain, settings)
  const listener = hooks.on(tenantChanged, ({ domain, settings }) => show(domain, settings), {
    label: 'tenants',
  })
  return disposable(() => {
    listener[Symbol.dispose]()
    for (const face of faces.values()) face[Symbol.dispose]()
    faces.clear()
  })
}

function* registrations(
  disco: BrandTenantsDeps['disco'],
  domain: string,
  { name, contacts = {} }: TenantSettings,
): Iterable<Disposable> {
  if (name !== undefined) {
    yield disco.addIdentity('server', { category: 'server', type: 'im', name }, { domain })
  }
  const fields = Object.entries(contacts).filter(([, uris]) => uris.length > 0)
  if (fields.length === 0) return
  const named = Object.fromEntries(fields.map(([role, uris]) => [`${role}-addresses`, uris]))
  const extension = { formType: NS.contactAddresses, fields: named, replaces: true }
  yield disco.addExtension('server', extension, { domain })
}
