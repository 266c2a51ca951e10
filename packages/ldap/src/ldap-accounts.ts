import type { ExternalAccountsDeps, PasswordVerifier } from '@xmppkit/auth'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { type LdapConnection, openConnection } from './connection.js'
import { createConnectionPool } from './connection-pool.js'
import { type LdapOptions, ldapSettings } from './ldap-options.js'
import { dnFor } from './templates.js'

/** What {@link createLdapAccounts} needs. */
export interface LdapAccountsDeps {
  /** For waits. */
  readonly clock: Pick<Clock, 'after'>
}

/** Accounts somebody keeps in a directory: give it to `createExternalAccounts`. */
export interface LdapAccounts extends AsyncDisposable, Pick<ExternalAccountsDeps, 'exists'> {
  /** Checks passwords by binding with them. */
  readonly passwords: PasswordVerifier
  /**
   * Whether there is such an account. Absent where nothing can be searched: with `userDn` and without `bindDn`, when every
   * address counts as one.
   */
  exists?(account: BareJid): Promise<boolean>
  /** Ends: every connection is closed, nothing is asked any more. */
  close(): Promise<void>
}

/**
 * Checks logins with an LDAP directory (RFC 4511): finds the entry of an account and binds with the password of who logs in.
 * The directory is asked every time, and what it cannot answer now is no wrong password: the client is told to try later.
 *
 * @throws LdapError `ldap/bad-options`
 * @example
 * ```ts
 * const ldap = createLdapAccounts(
 *   { clock: systemClock },
 *   { url: 'ldaps://ldap.example', base: 'ou=people,dc=example', bindDn: 'cn=xmpp,dc=example', bindPassword },
 * )
 * const accounts = createExternalAccounts(ldap)
 * ```
 */
export function createLdapAccounts({ clock }: LdapAccountsDeps, options: LdapOptions): LdapAccounts {
  const settings = ldapSettings(options)
  const { userDn, base, bindDn } = settings
  const open = (signal?: AbortSignal) => openConnection(settings, signal)
  const pool = createConnectionPool<LdapConnection>({ open, clock }, settings)

  const passwords: PasswordVerifier = {
    async verifyPassword(account, password, wait) {
      // RFC 4513 §5.1.2: directories let anybody bind without a password, as nobody.
      if (password === '') return false
      return pool.use(async (connection) => {
        if (userDn !== undefined) return connection.isPassword(dnFor(userDn, account), password)
        const dn = await connection.find(account)
        // as many questions for somebody who does not exist.
        const matches = await connection.isPassword(dn ?? `cn=nobody,${dnFor(base ?? '', account)}`, password)
        return dn !== undefined && matches
      }, wait?.signal)
    },
  }
  const exists = (account: BareJid): Promise<boolean> =>
    pool.use(async (connection) => (await connection.find(account)) !== undefined)

  const close = async () => await pool[Symbol.asyncDispose]()
  const mayFind = userDn === undefined || bindDn !== undefined
  return { passwords, ...(mayFind && { exists }), close, [Symbol.asyncDispose]: close }
}
