import { TenantError } from './errors.js'
import type { TenantLimits, TenantSettings } from './ports.js'

/** Names of the limits a domain may have of its own, each with the option it stands for. */
const limitOptions = Object.freeze({
  maxAccounts: 'auth/maxAccounts',
  maxSessions: 'sessions/maxPerDomain',
  maxSessionsPerAccount: 'sessions/maxPerAccount',
  maxStanzasPerSecond: 'c2s/stanzasPerSecond',
  maxOfflineMessagesPerAccount: 'offline/maxMessagesPerAccount',
  maxArchivedMessagesPerAccount: 'archive/maxMessagesPerAccount',
  maxArchiveDays: 'archive/maxAgeDays',
} satisfies Record<keyof TenantLimits, string>)

/** The other way round: which setting stands for an option. */
export const settingOf: ReadonlyMap<string, keyof TenantLimits> = new Map(
  Object.entries(limitOptions).map(([setting, option]) => [option, setting as keyof TenantLimits]),
)

/** Roles of contact addresses (XEP-0157 §4). */
export const contactRoles = Object.freeze([
  'abuse',
  'admin',
  'feedback',
  'sales',
  'security',
  'status',
  'support',
])

const maxNameLength = 256
const maxContacts = 20
const maxContactLength = 1024

/** What domains without settings of their own share. */
export const noSettings: TenantSettings = Object.freeze({})

/**
 * The settings without what is absent.
 *
 * @throws TenantError `tenants/invalid`
 */
export function checkedSettings(settings: TenantSettings): TenantSettings {
  const limits = Object.keys(limitOptions).flatMap((name) => {
    const value: unknown = Reflect.get(settings, name)
    if (value === undefined) return []
    if (Number.isSafeInteger(value) && (value as number) >= leastOf(name)) return [[name, value] as const]
    throw new TenantError('tenants/invalid', `${name} wants a whole number from ${leastOf(name)} up`)
  })
  const { name, contacts } = settings
  if (name !== undefined && (name === '' || name.length > maxNameLength)) {
    throw new TenantError('tenants/invalid', `the name wants 1 to ${maxNameLength} characters`)
  }
  if (contacts !== undefined) checkContacts(contacts)
  const own = { ...Object.fromEntries(limits), ...(name && { name }), ...(contacts && { contacts }) }
  return Object.keys(own).length === 0 ? noSettings : Object.freeze(own)
}

// A rate of nothing would hold clients for ever.
const leastOf = (limit: string) => (limit === 'maxStanzasPerSecond' ? 1 : 0)

function checkContacts(contacts: NonNullable<TenantSettings['contacts']>): void {
  const unknown = Object.keys(contacts).find((role) => !contactRoles.includes(role))
  if (unknown !== undefined) {
    throw new TenantError('tenants/invalid', `${unknown} is not a role; there are ${contactRoles.join(', ')}`)
  }
  for (const [role, uris] of Object.entries(contacts)) {
    const invalid = uris.find((uri) => uri.length > maxContactLength || !URL.canParse(uri))
    if (invalid !== undefined) throw new TenantError('tenants/invalid', `${invalid} is not a URI`)
    if (uris.length > maxContacts) {
      throw new TenantError('tenants/invalid', `${role} has more than ${maxContacts} addresses`)
    }
  }
}
