import type { Disco, DiscoExtension } from '@xmppkit/disco'
import type { Hooks } from '@xmppkit/hooks'
import { disposable } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import type { Tenants } from './tenants.js'
import { tenantChanged } from './tokens.js'

/** Collaborators of {@link brandTenants}. */
export interface BrandTenantsDeps {
  /** Whose settings they are. */
  readonly tenants: Pick<Tenants, 'settings'>
  /** Tells when settings change. */
  readonly hooks: Pick<Hooks, 'on'>
  /** What servers say of themselves. */
  readonly disco: Pick<Disco, 'addSource'>
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
  const source = disco.addSource({
    has(domain) {
      const { name, contacts } = tenants.settings(domain)
      return name !== undefined || contacts !== undefined
    },
    identities(domain) {
      const { name } = tenants.settings(domain)
      return name === undefined ? [] : [{ category: 'server', type: 'im', name }]
    },
    extensions: (domain) => contactForms(tenants.settings(domain).contacts ?? {}),
  })
  const listener = hooks.on(tenantChanged, () => source.changed(), { label: 'tenants' })
  return disposable(() => {
    listener[Symbol.dispose]()
    source[Symbol.dispose]()
  })
}

function contactForms(contacts: Readonly<Record<string, readonly string[]>>): readonly DiscoExtension[] {
  const fields = Object.entries(contacts).filter(([, uris]) => uris.length > 0)
  if (fields.length === 0) return []
  const named = Object.fromEntries(fields.map(([role, uris]) => [`${role}-addresses`, uris]))
  return [{ formType: NS.contactAddresses, fields: named, replaces: true }]
}
