import { parseJid } from '@xmppkit/jid'
import { describe, expect, test } from 'vitest'
import { type Caller, type CommandPolicy, defineCommand, targetOf } from './command.js'
import { createPermissions, type PermissionGroup, trustedOnly } from './permissions.js'
import { account, address, domain, nothing, optional, text } from './values.js'

const alice = parseJid('alice@example.org').bare
const bob = parseJid('bob@example.org').bare
const mallory = parseJid('mallory@other.example').bare

function command(name: string, policy: CommandPolicy = 'admin') {
  const args = { account: optional(account()), host: optional(domain()) }
  return defineCommand({
    name,
    tags: ['accounts'],
    description: 'Test',
    args,
    result: nothing(),
    policy,
    run() {},
  })
}

// Alice is admin and may configure example.org; bob is support.
const allows = (
  rule: string,
  { jid, domain: at }: { jid?: typeof alice | undefined; domain?: string | undefined },
) => {
  if (rule === 'all') return true
  if (rule === 'configure') return at === 'example.org' && (jid?.equals(alice) || jid?.equals(bob) || false)
  if (rule === 'admin') return jid?.equals(alice) ?? false
  return rule === 'support' && (jid?.equals(bob) ?? false)
}
const groups: PermissionGroup[] = [
  { name: 'support', from: ['http', 'ad-hoc'], who: ['support'], what: ['tag:accounts', '!unregister'] },
  { name: 'admins', who: ['admin'], what: ['*'] },
  { name: 'named', who: ['admin'], what: ['stop'] },
  { name: 'robots', from: ['http'], who: ['all'], scopes: ['accounts:read'], what: ['check_account'] },
]
const authorize = createPermissions({ allows }, { groups })
const http = (who?: typeof alice, scopes?: string[]): Caller => ({
  frontend: 'http',
  ...(who && { account: who }),
  ...(scopes && { scopes }),
})

describe('permissions', () => {
  const cases: [string, string, CommandPolicy, Caller, object, boolean, string][] = [
    ['open to all', 'ping', 'open', http(), {}, true, 'ping is open to everybody'],
    ['console', 'stop', 'restricted', { frontend: 'console' }, {}, true, 'console may do everything'],
    [
      'in process',
      'stop',
      'restricted',
      { frontend: 'in-process' },
      {},
      true,
      'in-process may do everything',
    ],
    ['nobody', 'register', 'admin', http(), {}, false, 'none of its rules allows somebody unknown'],
    [
      'user on itself',
      'change_password',
      'user',
      http(mallory),
      { account: mallory },
      true,
      'an account may do this to itself',
    ],
    ['user on another', 'change_password', 'user', http(mallory), { account: alice }, false, 'denied'],
    ['admin command on itself', 'ban', 'admin', http(mallory), { account: mallory }, false, 'denied'],
    ['by tag', 'register', 'admin', http(bob), { account: alice }, true, 'by group "support"'],
    ['excepted', 'unregister', 'admin', http(bob), { account: alice }, false, 'it excepts unregister'],
    [
      'other front end',
      'register',
      'admin',
      { frontend: 'telnet', account: bob },
      {},
      false,
      'telnet is not among its front ends',
    ],
    ['everything', 'register', 'admin', http(alice), { account: bob }, true, 'by group "admins"'],
    [
      'everything but restricted',
      'export',
      'restricted',
      http(alice),
      {},
      false,
      'export is restricted and must be named',
    ],
    ['restricted and named', 'stop', 'restricted', http(alice), {}, true, 'by group "named"'],
    [
      'another domain',
      'register',
      'admin',
      http(alice),
      { account: mallory },
      false,
      '"configure" does not allow alice@example.org on other.example',
    ],
    ['another host', 'register', 'admin', http(alice), { host: 'other.example' }, false, 'on other.example'],
    [
      'token with scope',
      'check_account',
      'admin',
      http(undefined, ['accounts:read']),
      {},
      true,
      'by group "robots"',
    ],
    [
      'token without scope',
      'check_account',
      'admin',
      http(undefined, ['x']),
      {},
      false,
      'the token lacks its scopes',
    ],
    ['no token', 'check_account', 'admin', http(mallory), {}, false, 'the token lacks its scopes'],
    [
      'token of an admin',
      'register',
      'admin',
      http(alice, ['accounts:read']),
      {},
      false,
      'it is not for tokens with scopes',
    ],
    [
      'token of a user on itself',
      'change_password',
      'user',
      http(mallory, ['x']),
      { account: mallory },
      false,
      'denied',
    ],
  ]
  test.each(cases)('%s: %s (%s)', (_, name, policy, caller, args, allowed, reason) => {
    expect(authorize({ command: command(name, policy), args, caller })).toEqual({
      allowed,
      reason: expect.stringContaining(reason),
    })
  })

  test('a denial says why each group did not do', () => {
    const { reason } = authorize({ command: command('register'), args: {}, caller: http(mallory) })
    expect(reason).toBe(
      'denied: not in group "support": none of its rules allows mallory@other.example; ' +
        'not in group "admins": none of its rules allows mallory@other.example; ' +
        'not in group "named": it does not include register; ' +
        'not in group "robots": it does not include register',
    )
  })

  test('no groups, no permission', () => {
    const request = { command: command('register'), args: {}, caller: http(alice) }
    expect(trustedOnly(request)).toEqual({ allowed: false, reason: 'denied: there are no permissions' })
  })
})

test('a call is about the first account or domain among its arguments', () => {
  const both = defineCommand({
    name: 'move',
    description: 'Test',
    args: { note: text(), from: address(), to: account() },
    result: nothing(),
    run() {},
  })
  expect(targetOf(both, { note: 'x', from: parseJid('alice@example.org/p'), to: bob })).toEqual({
    account: alice,
    domain: 'example.org',
  })
  expect(targetOf(both, { note: 'x', from: parseJid('example.org'), to: bob })).toEqual({
    domain: 'example.org',
  })
  expect(targetOf(both, { note: 'x' })).toEqual({})
})
