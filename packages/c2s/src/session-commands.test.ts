import { createCommands } from '@xmppkit/commands'
import { silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { rig } from './fake-client.js'
import { registerSessionCommands } from './session-commands.js'

async function setUp() {
  const host = rig()
  const commands = createCommands({ logger: silentLogger, clock: host.clock })
  const registered = registerSessionCommands({ commands, sessions: host.sessions })
  const ann = await host.client('ann', 'phone')
  await host.client('ann', 'laptop')
  await host.client('bob', 'desk')
  const call = (name: string, args: object = {}) => commands.call(name, args)
  return { ...host, commands, registered, ann, call }
}

test('connected users are listed and counted, also of one domain', async () => {
  const { call } = await setUp()
  expect(await call('connected_users')).toEqual(
    ['ann@example.com/phone', 'ann@example.com/laptop', 'bob@example.com/desk'].map((text) =>
      expect.objectContaining({ domain: 'example.com', resource: text.split('/')[1] }),
    ),
  )
  expect(await call('connected_users', { limit: 2 })).toHaveLength(2)
  expect(await call('connected_users', { host: 'other.example' })).toEqual([])
  expect(await call('connected_users_number')).toBe(3)
  expect(await call('connected_users_number', { host: 'other.example' })).toBe(0)
})

test('the sessions of an account are listed and described', async () => {
  const { call, ann, clock } = await setUp()
  ann.feed('<presence><show>away</show><status>lunch</status><priority>3</priority></presence>')
  expect(await call('user_resources', { account: 'ann@example.com' })).toEqual(['phone', 'laptop'])
  expect(await call('user_sessions_info', { account: 'ann@example.com' })).toEqual([
    {
      resource: 'phone',
      connection: 'tls',
      secure: true,
      mechanism: 'PLAIN',
      ip: '192.0.2.7',
      since: clock.now(),
      priority: 3,
      show: 'away',
      status: 'lunch',
    },
    expect.objectContaining({ resource: 'laptop' }),
  ])
})

test('the presence of the most available resource is told', async () => {
  const { call, ann } = await setUp()
  expect(await call('get_presence', { account: 'ann@example.com' })).toMatchObject({ show: 'unavailable' })
  ann.feed('<presence><show>dnd</show></presence>')
  expect(await call('get_presence', { account: 'ann@example.com' })).toMatchObject({
    address: expect.objectContaining({ resource: 'phone' }),
    show: 'dnd',
    status: '',
  })
})

test('one session is kicked with a reason', async () => {
  const { call, ann, sessions } = await setUp()
  await call('kick_session', { address: 'ann@example.com/phone', reason: 'enough' })
  const heard = await ann.heard()
  expect(heard).toContain('<policy-violation')
  expect(heard).toContain('>enough</text>')
  expect(sessions.count()).toBe(2)
  await expect(call('kick_session', { address: 'ann@example.com/phone' })).rejects.toMatchObject({
    code: 'commands/not-found',
  })
  await expect(call('kick_session', { address: 'ann@example.com' })).rejects.toMatchObject({
    code: 'commands/bad-argument',
  })
})

test('all sessions of an account are kicked and counted', async () => {
  const { call, sessions } = await setUp()
  expect(await call('kick_user', { account: 'ann@example.com' })).toBe(2)
  expect(await call('kick_user', { account: 'ann@example.com' })).toBe(0)
  expect(sessions.count()).toBe(1)
})

test('the commands go with their registration', async () => {
  const { commands, registered } = await setUp()
  expect(commands.list({ tag: 'sessions' }).map(({ name }) => name)).toEqual([
    'connected_users',
    'connected_users_number',
    'get_presence',
    'kick_session',
    'kick_user',
    'user_resources',
    'user_sessions_info',
  ])
  registered[Symbol.dispose]()
  expect(commands.list()).toEqual([])
})
