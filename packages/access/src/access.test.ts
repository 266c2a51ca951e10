import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { createAccess } from './access.js'
import type { AccessConfig, AccessSubject, Conditions } from './config.js'

const subject = (jid: string, ip?: string, domain?: string): AccessSubject => ({
  jid: parseJid(jid),
  ip,
  domain,
})
const alice = subject('alice@example.org/Phone', '192.0.2.7')

describe('conditions', () => {
  const cases: [Conditions, AccessSubject, boolean][] = [
    [{ user: 'alice@example.org' }, alice, true],
    [{ user: 'ALICE@Example.Org' }, alice, true],
    [{ user: ['bob@example.org', 'alice@example.org'] }, alice, true],
    [{ user: [] }, alice, false],
    [{ user: 'alice' }, alice, true],
    [{ user: 'alice' }, subject('alice@evil.example', undefined, 'example.org'), false],
    [{ user: 'alice' }, subject('example.org'), false],
    [{ userGlob: 'al*' }, alice, true],
    [{ userGlob: '*' }, subject('example.org'), false],
    [{ userGlob: '*@*.org' }, alice, true],
    [{ userGlob: '*' }, subject('x@evil.example', undefined, 'example.org'), false],
    [{ userRegexp: '^a.*e$' }, alice, true],
    [{ server: 'example.org' }, alice, true],
    [{ server: 'example.org' }, subject('example.org'), true],
    [{ server: 'example.org' }, subject('alice@sub.example.org'), false],
    [{ serverGlob: '*.org' }, alice, true],
    [{ serverRegexp: '^example' }, alice, true],
    [{ resource: 'Phone' }, alice, true],
    [{ resource: 'phone' }, alice, false],
    [{ resourceGlob: 'Ph*' }, alice, true],
    [{ resourceRegexp: 'one$' }, alice, true],
    [{ resourceGlob: '*' }, subject('alice@example.org'), false],
    [{ ip: '192.0.2.0/24' }, alice, true],
    [{ ip: ['10.0.0.0/8', '192.0.2.7'] }, alice, true],
    [{ ip: '192.0.2.0/24' }, subject('alice@example.org'), false],
    [{ user: 'alice@example.org', ip: '10.0.0.0/8' }, alice, false],
    [{ user: 'alice@example.org', ip: '192.0.2.0/24' }, alice, true],
    [{ user: 'alice' }, {}, false],
    [{ server: 'example.org' }, {}, false],
    [{ ip: '192.0.2.0/24' }, { ip: '192.0.2.1' }, true],
  ]
  test.each(cases)('%j of %j is %s', (conditions, who, expected) => {
    expect(createAccess({ acls: { tested: conditions } }).matches('tested', who)).toBe(expected)
  })
})

describe('ACLs', () => {
  test('an ACL is the union of its entries', () => {
    const access = createAccess({
      acls: { staff: [{ user: 'alice@example.org', ip: '10.0.0.0/8' }, { user: 'bob@example.org' }] },
    })
    expect(access.matches('staff', alice)).toBe(false)
    expect(access.matches('staff', subject('alice@example.org', '10.1.1.1'))).toBe(true)
    expect(access.matches('staff', subject('bob@example.org'))).toBe(true)
  })

  test('ACLs may refer to others, in any order', () => {
    const access = createAccess({ acls: { a: { acl: 'b' }, b: { acl: 'c' }, c: { user: 'alice' } } })
    expect(access.matches('a', alice)).toBe(true)
    expect(access.matches('a', subject('bob@example.org'))).toBe(false)
  })

  test('all and none are there', () => {
    const access = createAccess()
    expect(access.matches('all', {})).toBe(true)
    expect(access.matches('none', alice)).toBe(false)
    expect(access.matches('unheard-of', alice)).toBe(false)
    expect(access.matches('constructor', alice)).toBe(false)
  })
})

describe('access rules', () => {
  const access = createAccess({
    acls: {
      blocked: { user: 'eve@example.org' },
      office: { ip: '192.0.2.0/24' },
      local: { userGlob: '*' },
    },
    accessRules: {
      c2s: [{ deny: 'blocked' }, { allow: ['local', 'office'] }, { allow: { user: 'root@example.org' } }],
      empty: [],
      mixed: [{ allow: ['office', { resource: 'Phone' }] }],
    },
  })

  test('the first entry that holds decides', () => {
    expect(access.allows('c2s', subject('eve@example.org', '192.0.2.8'))).toBe(false)
    expect(access.allows('c2s', alice)).toBe(true)
    expect(access.allows('c2s', subject('root@example.org', '203.0.113.1'))).toBe(true)
  })

  test('all terms of an entry must hold', () => {
    expect(access.allows('c2s', subject('alice@example.org', '203.0.113.1'))).toBe(false)
    expect(access.allows('mixed', alice)).toBe(true)
    expect(access.allows('mixed', subject('alice@example.org/tab', '192.0.2.7'))).toBe(false)
  })

  test('no entry, or no rule, is no', () => {
    expect(access.allows('empty', alice)).toBe(false)
    expect(access.allows('unheard-of', alice)).toBe(false)
    expect(access.allows('toString', alice)).toBe(false)
    expect(access.hasRule('unheard-of')).toBe(false)
    expect(access.hasRule('c2s')).toBe(true)
  })

  test('all and none are there', () => {
    expect(access.allows('all', {})).toBe(true)
    expect(access.allows('none', alice)).toBe(false)
  })

  test('an explanation names the entry that decided and those that did not', () => {
    expect(access.explain('c2s', subject('eve@example.org', '192.0.2.8'))).toEqual({
      allowed: false,
      reason: 'denied by entry 1 of access rule "c2s": acl blocked',
      steps: ['denied by entry 1 of access rule "c2s": acl blocked'],
    })
    expect(access.explain('c2s', alice)).toEqual({
      allowed: true,
      reason: 'allowed by entry 2 of access rule "c2s": acl local and acl office',
      steps: [
        'entry 1 of access rule "c2s" does not hold: deny acl blocked',
        'allowed by entry 2 of access rule "c2s": acl local and acl office',
      ],
    })
    expect(access.explain('c2s', subject('alice@example.org', '203.0.113.1')).reason).toBe(
      'denied: no entry of access rule "c2s" holds for alice@example.org from 203.0.113.1',
    )
    expect(access.explain('c2s', {}).reason).toBe(
      'denied: no entry of access rule "c2s" holds for somebody unknown',
    )
    expect(access.explain('nope', alice).reason).toBe('denied: there is no access rule "nope"')
    expect(access.explain('mixed', alice).reason).toBe(
      'allowed by entry 1 of access rule "mixed": acl office and resource is Phone',
    )
  })

  test('explain and allows never disagree', () => {
    const jids = ['alice@example.org', 'eve@example.org', 'root@example.org/x', 'example.org']
    for (const rule of ['c2s', 'empty', 'mixed', 'all', 'none', 'nope'])
      for (const jid of jids)
        for (const ip of [undefined, '192.0.2.1', '203.0.113.1'])
          expect(access.explain(rule, subject(jid, ip)).allowed).toBe(access.allows(rule, subject(jid, ip)))
  })
})

describe('shaper rules', () => {
  const access = createAccess({
    acls: { admin: { user: 'admin@example.org' } },
    shapers: { normal: { bytesPerSecond: 3_000, burstBytes: 20_000 } },
    shaperRules: {
      c2s: [
        { shaper: 'none', for: 'admin' },
        { shaper: 'normal', for: 'all' },
      ],
      sessions: [
        { limit: Number.POSITIVE_INFINITY, for: 'admin' },
        { limit: 10, for: { userGlob: '*' } },
      ],
    },
  })
  const admin = subject('admin@example.org')

  test('the first entry that holds yields a shaper or a number', () => {
    expect(access.shaper('c2s', admin)).toBeUndefined()
    expect(access.shaper('c2s', alice)).toEqual({ bytesPerSecond: 3_000, burstBytes: 20_000 })
    expect(access.shaper('normal', alice)).toEqual({ bytesPerSecond: 3_000, burstBytes: 20_000 })
    expect(access.shape('c2s', alice)).toMatchObject({ kind: 'shaper', name: 'normal' })
    expect(access.limit('sessions', admin, 5)).toBe(Number.POSITIVE_INFINITY)
    expect(access.limit('sessions', alice, 5)).toBe(10)
    expect(access.limit('sessions', subject('example.org'), 5)).toBe(5)
    expect(access.limit('unheard-of', alice, 5)).toBe(5)
    expect(access.shape('sessions', subject('example.org'))).toEqual({ kind: 'none' })
  })

  test('asking for the other kind is an error', () => {
    expect(() => access.limit('c2s', alice, 1)).toThrow(
      expect.objectContaining({ code: 'access/not-a-shaper' }),
    )
    expect(() => access.shaper('sessions', alice)).toThrow(
      expect.objectContaining({ code: 'access/not-a-shaper' }),
    )
    expect(() => access.shaper('nope', alice)).toThrow(
      expect.objectContaining({ code: 'access/unknown-name' }),
    )
  })
})

describe('refused configurations', () => {
  const cases: [string, AccessConfig, string, string][] = [
    [
      'unknown ACL',
      { accessRules: { c2s: [{ allow: 'admn' }] } },
      'access/unknown-name',
      'accessRules.c2s[0].allow: there is no ACL "admn"',
    ],
    [
      'inherited name',
      { accessRules: { c2s: [{ allow: 'constructor' }] } },
      'access/unknown-name',
      'constructor',
    ],
    [
      'unknown condition',
      { acls: { a: { usr: 'x' } as Conditions } },
      'access/unknown-name',
      'acls.a[0].usr',
    ],
    [
      'inherited condition',
      { acls: { a: { toString: 'x' } as never } },
      'access/unknown-name',
      'acls.a[0].toString',
    ],
    ['cycle', { acls: { a: { acl: 'b' }, b: { acl: 'a' } } }, 'access/cycle', 'a → b → a'],
    ['no conditions', { acls: { a: {} } }, 'access/empty', 'acls.a[0]: no conditions'],
    ['no terms', { accessRules: { c2s: [{ allow: [] }] } }, 'access/empty', 'accessRules.c2s[0].allow'],
    ['reserved ACL', { acls: { all: { user: 'x' } } }, 'access/reserved-name', 'acls.all'],
    ['reserved rule', { accessRules: { none: [] } }, 'access/reserved-name', 'accessRules.none'],
    ['reserved shaper', { shapers: { none: {} } }, 'access/reserved-name', 'shapers.none'],
    [
      'bad network',
      { acls: { a: { ip: '10.0.0.0/99' } } },
      'access/bad-address',
      'acls.a[0].ip: "10.0.0.0/99"',
    ],
    ['bad pattern', { acls: { a: { userRegexp: '(' } } }, 'access/bad-pattern', 'acls.a[0].userRegexp'],
    ['full JID as user', { acls: { a: { user: 'a@b/c' } } }, 'access/bad-jid', 'acls.a[0].user'],
    ['bad localpart', { acls: { a: { user: 'a b' } } }, 'access/bad-jid', 'acls.a[0].user'],
    ['bad domain', { acls: { a: { server: '' } } }, 'access/bad-jid', 'acls.a[0].server'],
    [
      'bad rate',
      { shapers: { slow: { bytesPerSecond: 0 } } },
      'access/bad-rate',
      'shapers.slow.bytesPerSecond',
    ],
    [
      'bad limit',
      { shaperRules: { n: [{ limit: Number.NaN, for: 'all' }] } },
      'access/bad-rate',
      'shaperRules.n[0].limit',
    ],
    [
      'unknown shaper',
      { shaperRules: { n: [{ shaper: 'fast', for: 'all' }] } },
      'access/unknown-name',
      'shaperRules.n[0].shaper',
    ],
  ]
  test.each(cases)('%s', (_, config, code, message) => {
    expect(() => createAccess(config)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })

  test('a refused update keeps what was there', () => {
    const access = createAccess({ accessRules: { c2s: [{ allow: 'all' }] } })
    expect(() => access.update({ accessRules: { c2s: [{ allow: 'nope' }] } })).toThrow('nope')
    expect(access.allows('c2s', alice)).toBe(true)
    access.update({})
    expect(access.allows('c2s', alice)).toBe(false)
  })
})
