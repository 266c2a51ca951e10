import { LdapError } from './errors.js'

/** How a directory is reached and how accounts are found in it: by a search below `base`, or by `userDn` alone. */
export interface LdapOptions {
  /** Where it is: `ldaps://ldap.example`, or `ldap://` with STARTTLS. */
  readonly url: string
  /**
   * Upgrade `ldap://` to TLS before anything else is said. Without it passwords travel in clear, which is refused but for a
   * directory on this machine.
   * @default true
   */
  readonly startTls?: boolean
  /** Certificates of the authorities that vouch for the directory, PEM. @default those Node trusts */
  readonly ca?: string
  /**
   * The entry of an account, where its name follows from the account's: `uid={local},ou=people,dc=example,dc=org`. `{local}`
   * and `{domain}` are those of the account.
   */
  readonly userDn?: string
  /** Where to search for the entries of accounts: `ou=people,dc=example,dc=org`. `{domain}` is that of the account. */
  readonly base?: string
  /**
   * The attribute that has the name of an account: its localpart, or its whole address. An entry found by any filter counts
   * only if it has that very name.
   * @default 'uid'
   */
  readonly accountAttribute?: string
  /**
   * Which entry is the account's; `{local}` and `{domain}` are those of the account.
   * @default '(accountAttribute={local})'
   */
  readonly filter?: string
  /** Who searches. @default nobody in particular, if the directory lets nobody search */
  readonly bindDn?: string
  /** The password of who searches. */
  readonly bindPassword?: string
  /**
   * How long the directory may take for one answer, and for a connection, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number
  /**
   * Connections at one time.
   * @default 4
   */
  readonly maxConnections?: number
  /**
   * Questions that may wait for a connection; one more is refused, and the client told to try later.
   * @default 200
   */
  readonly maxWaiting?: number
  /**
   * How long a connection that is not needed stays open, in milliseconds.
   * @default 60000
   */
  readonly idleMs?: number
}

/** What {@link LdapOptions} are when left out. */
export const ldapDefaults = Object.freeze({
  startTls: true,
  accountAttribute: 'uid',
  timeoutMs: 5000,
  maxConnections: 4,
  maxWaiting: 200,
  idleMs: 60_000,
})

/** Options that were checked. @internal */
export type LdapSettings = typeof ldapDefaults &
  LdapOptions & { readonly tls: 'direct' | 'starttls' | 'none' }

/**
 * Checks options and fills in defaults. Empty texts count as left out.
 *
 * @throws LdapError `ldap/bad-options`
 * @internal
 */
export function ldapSettings(options: LdapOptions): LdapSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ''))
  const settings = { ...ldapDefaults, ...given } as Omit<LdapSettings, 'tls'>
  const { userDn, base, filter, bindDn, bindPassword } = settings
  if ((userDn === undefined) === (base === undefined)) throw bad('give either userDn or base')
  if (userDn !== undefined && !/=[^,]*\{local\}/.test(userDn)) throw bad('userDn does not name an account')
  if (filter !== undefined && !filter.includes('{local}')) throw bad('filter does not name an account')
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(settings.accountAttribute))
    throw bad('accountAttribute is no attribute')
  // RFC 4513 §5.1.2: a name without a password is nobody's login, and would be taken for one.
  if ((bindDn === undefined) !== (bindPassword === undefined))
    throw bad('bindDn and bindPassword go together')
  return Object.freeze({ ...settings, tls: tlsOf(settings) })
}

function tlsOf({ url, startTls }: Pick<LdapSettings, 'url' | 'startTls'>): LdapSettings['tls'] {
  const { protocol, hostname } = parsed(url)
  if (protocol === 'ldaps:') return 'direct'
  if (startTls) return 'starttls'
  if (/^(?:127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname)) return 'none'
  throw bad('passwords would travel in clear: use ldaps:// or leave startTls on')
}

function parsed(url: string): URL {
  const found = URL.canParse(url) ? new URL(url) : undefined
  if (found !== undefined && ['ldap:', 'ldaps:'].includes(found.protocol) && found.hostname !== '')
    return found
  throw bad('url must be ldap:// or ldaps:// and a host')
}

function bad(why: string): LdapError {
  return new LdapError('ldap/bad-options', why)
}
