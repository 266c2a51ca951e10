import { makeJid } from '@xmppkit/jid'
import { FilterParser } from 'ldapts'
import { describe, expect, test } from 'vitest'
import { dnFor, filterFor } from './templates.js'

const named = (local: string, domain = 'example.org') => makeJid({ local, domain }).bare

describe('a filter', () => {
  test('names the account', () => {
    expect(filterFor('(&(uid={local})(o={domain}))', named('juliet'))).toBe('(&(uid=juliet)(o=example.org))')
  })

  test.each([
    ['*', '\\2a'],
    ['a*', 'a\\2a'],
    ['*)(uid=*', '\\2a\\29\\28uid=\\2a'],
    ['a)(|(uid=b', 'a\\29\\28|\\28uid=b'],
    ['a\\2a', 'a\\5c2a'],
    ['\u00fcml\u00e4ut', '\u00fcml\u00e4ut'],
    ['{domain}', '{domain}'],
  ])('is not changed by a name: %s', (name, escaped) => {
    const filter = filterFor('(uid={local})', named(name))
    expect(filter).toBe(`(uid=${escaped})`)
    // What is asked for in the end is the name itself, as one value.
    expect(FilterParser.parseString(filter)).toMatchObject({ attribute: 'uid', value: name })
  })
})

describe('the name of an entry', () => {
  test.each([
    ['juliet', 'uid=juliet,ou=people'],
    ['a,ou=admins', 'uid=a\\2cou\\3dadmins,ou=people'],
    ['a+cn=admin', 'uid=a\\2bcn\\3dadmin,ou=people'],
    ['#04024869', 'uid=\\2304024869,ou=people'],
    ['a\\,b', 'uid=a\\5c\\2cb,ou=people'],
    ['\u00fc', 'uid=\\c3\\bc,ou=people'],
    ['a;b', 'uid=a\\3bb,ou=people'],
  ])('is not led elsewhere by a name: %s', (name, dn) => {
    expect(dnFor('uid={local},ou=people', named(name))).toBe(dn)
  })
})
