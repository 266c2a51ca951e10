import type { Disco } from '@xmppkit/disco'
import { prepareDomain } from '@xmppkit/jid'
import { disposable } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'

/** What somebody is to be contacted for (XEP-0157 §4). */
export type ContactRole = 'abuse' | 'admin' | 'feedback' | 'sales' | 'security' | 'status' | 'support'

/** Addresses by role: URIs such as `mailto:abuse@example.com`, `xmpp:support@example.com` or `https://example.com/status`. */
export type ContactAddresses = { readonly [Role in ContactRole]?: readonly string[] }

const roles: readonly ContactRole[] = ['abuse', 'admin', 'feedback', 'sales', 'security', 'status', 'support']

/**
 * Publishes how to reach whoever runs a server (XEP-0157).
 *
 * @param addresses - URIs by role; roles without any are left out
 * @param domain - only there; by default on all domains of the host
 * @throws RangeError for a role that is not registered, or an address that is not a URI; JidError for a domain that is none
 * @example
 * ```ts
 * scope.use(createContactAddresses({ disco }, { abuse: ['mailto:abuse@example.com'] }))
 * ```
 */
export function createContactAddresses(
  { disco }: { readonly disco: Pick<Disco, 'addExtension'> },
  addresses: ContactAddresses,
  domain?: string,
): Disposable {
  const unknown = Object.keys(addresses).find((role) => !roles.some((known) => known === role))
  if (unknown !== undefined) throw new RangeError(`${unknown} is not a role of XEP-0157`)
  const fields = roles.flatMap((role) => {
    const uris = addresses[role] ?? []
    const invalid = uris.find((uri) => !URL.canParse(uri))
    if (invalid !== undefined) throw new RangeError(`${invalid} is not a URI`)
    return uris.length === 0 ? [] : [[`${role}-addresses`, uris] as const]
  })
  if (fields.length === 0) return disposable(() => {})
  const extension = { formType: NS.contactAddresses, fields: Object.fromEntries(fields) }
  return disco.addExtension(
    'server',
    extension,
    domain === undefined ? {} : { domain: prepareDomain(domain) },
  )
}
