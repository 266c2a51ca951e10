import { createCommands } from '@xmppkit/commands'
import { createHooks, stop } from '@xmppkit/hooks'
import { type BareJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createJsonLogger, createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { registerAccountCommands } from './account-commands.js'
import { createAccounts } from './accounts.js'
import { createExternalAccounts } from './external-accounts.js'
import { createMemoryAccountStore } from './memory-store.js'
import { checkRegisterUser } from './tokens.js'

const juliet = parseJid('juliet@example.org') as BareJid

function rig() {
  const hooks = createHooks({ onError: () => {} })
  const clock = createManualClock()
  const log: string[] = []
  const logger = createJsonLogger((line) => log.push(line), { level: 'debug' })
  const commands = createCommands({ logger, clock })
  const domains = { has: (domain: string) => domain === 'example.org' }
  const store = createMemoryAccountStore()
  const accounts = createAccounts(
    { store, hooks, clock, ids: createCountingIds('id'), domains },
    { iterations: 4096 },
  )
  const registration = registerAccountCommands({ commands, accounts, domains })
  return { accounts, commands, hooks, clock, store, log, registration, call: commands.call }
}

test('A-17: an account made by command has the password as typed', async () => {
  const { accounts, call } = rig()
  await call('register', { account: 'Juliet@example.org', password: 'Cafe\u0301 🐎' })
  expect(await accounts.verifyPassword(juliet, 'Caf\u00e9 🐎')).toBe(true)
  expect(await call('check_password', { account: 'juliet@example.org', password: 'Caf\u00e9 🐎' })).toBe(true)
  expect(await call('check_password', { account: 'juliet@example.org', password: 'other' })).toBe(false)
  await call('change_password', { account: 'juliet@example.org', password: 'I\u00adX' })
  expect(await call('check_password', { account: 'juliet@example.org', password: 'IX' })).toBe(true)
})

test('accounts are found, counted and listed page by page', async () => {
  const { call } = rig()
  for (const name of ['c', 'a', 'b'])
    await call('register', { account: `${name}@example.org`, password: 'pencil' })
  expect(await call('check_account', { account: 'a@example.org' })).toBe(true)
  expect(await call('check_account', { account: 'z@example.org' })).toBe(false)
  expect(await call('registered_users_number', { host: 'Example.org' })).toBe(3)
  expect(await call('registered_users', { host: 'example.org' })).toEqual(['a', 'b', 'c'])
  expect(await call('registered_users', { host: 'example.org', limit: 2 })).toEqual(['a', 'b'])
  expect(await call('registered_users', { host: 'example.org', limit: 2, after: 'b' })).toEqual(['c'])
})

test('an account is removed, after a dry run that removes nothing', async () => {
  const { call, commands } = rig()
  await call('register', { account: 'juliet@example.org', password: 'pencil' })
  await commands.call('unregister', { account: 'juliet@example.org' }, { dryRun: true })
  expect(await call('check_account', { account: 'juliet@example.org' })).toBe(true)
  await call('unregister', { account: 'juliet@example.org' })
  expect(await call('check_account', { account: 'juliet@example.org' })).toBe(false)
  expect(commands.find('unregister')).toMatchObject({ destructive: true, hasDryRun: true, policy: 'admin' })
  expect(commands.find('change_password')).toMatchObject({ policy: 'user' })
})

test('an account is banned and let in again', async () => {
  const { accounts, call } = rig()
  await call('register', { account: 'juliet@example.org', password: 'pencil' })
  await call('ban_account', { account: 'juliet@example.org', reason: 'spam' })
  expect(await accounts.get(juliet)).toMatchObject({ disabled: 'spam' })
  await call('unban_account', { account: 'juliet@example.org' })
  expect(await accounts.get(juliet)).not.toHaveProperty('disabled')
})

describe('a command that cannot be', () => {
  const account = 'nobody@example.org'

  test.each([
    ['unregister', { account }, 'commands/not-found'],
    ['change_password', { account, password: 'pencil' }, 'commands/not-found'],
    ['ban_account', { account, reason: 'spam' }, 'commands/not-found'],
    ['unban_account', { account }, 'commands/not-found'],
    ['registered_users', { host: 'example.net' }, 'commands/not-found'],
    ['registered_users_number', { host: 'example.net' }, 'commands/not-found'],
    ['register', { account: 'a@example.net', password: 'pencil' }, 'commands/not-found'],
    ['register', { account: 'example.org', password: 'pencil' }, 'commands/bad-argument'],
    ['register', { account: 'a b@example.org', password: 'pencil' }, 'commands/bad-argument'],
    ['register', { account: 'root@example.org', password: 'pencil' }, 'commands/conflict'],
    ['register', { account: 'juliet@example.org', password: 'pencil' }, 'commands/conflict'],
    ['register', { account: 'b@example.org', password: '' }, 'commands/bad-argument'],
    ['register', { account: 'b@example.org', password: 'x'.repeat(1025) }, 'commands/bad-argument'],
    ['register', { account: 'b@example.org' }, 'commands/bad-argument'],
    ['registered_users', { host: 'example.org', limit: 1001 }, 'commands/bad-argument'],
  ])('%s %j is answered with %s', async (name, args, code) => {
    const { hooks, call } = rig()
    hooks.on(checkRegisterUser, (allowed, { account: wanted }) =>
      wanted.local === 'root' ? stop(false) : allowed,
    )
    await call('register', { account: 'juliet@example.org', password: 'pencil' })
    await expect(call(name, args)).rejects.toMatchObject({ code })
  })

  test('accounts kept elsewhere say so', async () => {
    const { commands, registration } = rig()
    registration[Symbol.dispose]()
    registerAccountCommands({ commands, accounts: createExternalAccounts({}) })
    await expect(commands.call('unregister', { account })).rejects.toMatchObject({
      code: 'commands/conflict',
    })
    await expect(commands.call('registered_users', { host: 'any.example' })).rejects.toMatchObject({
      code: 'commands/conflict',
    })
  })

  test('what nobody expects is for the log', async () => {
    const { commands, registration } = rig()
    registration[Symbol.dispose]()
    const down = () => Promise.reject(new Error('database password is hunter2'))
    registerAccountCommands({ commands, accounts: { ...createExternalAccounts({}), exists: down } })
    await expect(commands.call('check_account', { account })).rejects.toMatchObject({
      code: 'commands/failed',
    })
    await expect(commands.call('check_account', { account })).rejects.not.toThrow(/hunter2/)
  })
})

test('SEC-33: no password reaches the log', async () => {
  const { call, log } = rig()
  await call('register', { account: 'juliet@example.org', password: 'battery staple' })
  await call('check_password', { account: 'juliet@example.org', password: 'battery staple' })
  await call('change_password', { account: 'juliet@example.org', password: 'battery staple 2' })
  await expect(
    call('register', { account: 'juliet@example.org', password: 'battery\u0000staple' }),
  ).rejects.toThrow()
  expect(log.length).toBeGreaterThan(3)
  expect(log.join('\n')).not.toMatch(/battery|staple/)
})

test('the commands go with their registration', () => {
  const { commands, registration } = rig()
  expect(commands.list({ tag: 'accounts' })).toHaveLength(9)
  expect(commands.list({ tag: 'statistics' }).map(({ name }) => name)).toEqual(['registered_users_number'])
  registration[Symbol.dispose]()
  expect(commands.list()).toEqual([])
})

test.each([
  ['register', { password: 'pencil' }],
  ['unregister', {}],
  ['change_password', { password: 'stolen' }],
  ['check_account', {}],
  ['check_password', { password: 'pencil' }],
  ['ban_account', { reason: 'none' }],
  ['unban_account', {}],
])(
  '%s is not for accounts of domains this host does not serve, though they are in its store',
  async (name, args) => {
    const { call, store, hooks, clock } = rig()
    const elsewhere = createAccounts(
      { store, hooks, clock, ids: createCountingIds('other') },
      { iterations: 4096 },
    )
    const theirs = parseJid('romeo@example.net').bare
    await elsewhere.register(theirs, 'pencil')
    await expect(call(name, { account: 'romeo@example.net', ...args })).rejects.toMatchObject({
      code: 'commands/not-found',
    })
    expect(await elsewhere.verifyPassword(theirs, 'pencil')).toBe(true)
  },
)
