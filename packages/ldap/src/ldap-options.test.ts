import { expect, test } from 'vitest'
import { type LdapOptions, ldapSettings } from './ldap-options.js'

const good: LdapOptions = { url: 'ldaps://ldap.example', base: 'ou=people,dc=example' }

test.each<[string, Partial<LdapOptions>]>([
  ['no address', { url: '' }],
  ['another protocol', { url: 'http://ldap.example' }],
  ['no host', { url: 'ldap://' }],
  ['SEC-7: passwords in clear over the network', { url: 'ldap://ldap.example', startTls: false }],
  [
    'SEC-7: passwords in clear to a name that begins like this machine',
    {
      url: 'ldap://localhost.example',
      startTls: false,
    },
  ],
  ['no way to an entry', { base: '' }],
  ['two ways', { userDn: 'uid={local},dc=example' }],
  ['an entry that is everybody’s', { base: '', userDn: 'uid=juliet,dc=example' }],
  ['an entry anybody can choose', { base: '', userDn: '{local}' }],
  ['a filter that finds everybody', { filter: '(objectClass=person)' }],
  ['an attribute that is a filter', { accountAttribute: 'uid=*)(x' }],
  ['a name without a password, which directories take for nobody', { bindDn: 'cn=xmpp', bindPassword: '' }],
  ['a password without a name', { bindPassword: 'x' }],
])('a mistake is found at once: %s', (_what, options) => {
  expect(() => ldapSettings({ ...good, ...options })).toThrow(
    expect.objectContaining({ code: 'ldap/bad-options' }),
  )
})

test.each<[Partial<LdapOptions>, string]>([
  [{}, 'direct'],
  [{ url: 'ldap://ldap.example' }, 'starttls'],
  [{ url: 'ldap://127.0.0.1', startTls: false }, 'none'],
  [{ url: 'ldap://[::1]', startTls: false }, 'none'],
])('TLS is used unless the directory is on this machine: %j', (options, tls) => {
  expect(ldapSettings({ ...good, ...options }).tls).toBe(tls)
})
