import { XmppkitError } from '@xmppkit/runtime'

/**
 * What a directory refuses, or why it could not be asked. No text of these contains a password.
 *
 * - `ldap/bad-options`: the options would send passwords in clear, let somebody in who gave none, or find nobody.
 * - `ldap/unavailable`: the directory does not answer, or not in time, or not with what was asked.
 * - `ldap/ambiguous`: several entries have the name of one account, so that nobody knows whose password counts.
 * - `ldap/overloaded`: too many questions wait for a connection.
 */
export class LdapError extends XmppkitError<
  'ldap/bad-options' | 'ldap/unavailable' | 'ldap/ambiguous' | 'ldap/overloaded'
> {}
