/**
 * Logins checked by an LDAP directory: search and bind, over TLS.
 *
 * @packageDocumentation
 */
export { LdapError } from './errors.js'
export { createLdapAccounts, type LdapAccounts, type LdapAccountsDeps } from './ldap-accounts.js'
export { type LdapOptions, ldapDefaults } from './ldap-options.js'
