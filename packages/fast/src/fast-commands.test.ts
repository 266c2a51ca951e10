import { createCommands } from '@xmppkit/commands'
import { silentLogger } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import { registerFastCommands } from './fast-commands.js'
import { fastRig, laptop, phone, requestToken } from './fast-rig.js'

test('clients are listed, and lose their tokens one by one or all at once', async () => {
  const rig = fastRig()
  const commands = createCommands({ logger: silentLogger, clock: rig.clock })
  registerFastCommands({ commands, fast: rig.fast, store: rig.store })
  const account = 'ann@example.com'
  await rig.password('ann', phone, requestToken())
  const { held } = await rig.password('ann', laptop, requestToken())
  const clients = await commands.call('get_login_clients', { account })
  expect(clients).toMatchObject([
    { client: phone, software: 'S', last_seen: rig.clock.now() },
    { client: laptop, software: 'S' },
  ])
  expect(await commands.call('revoke_login_tokens', { account, client: phone })).toBe(1)
  expect((await rig.login({ token: held?.token ?? '', client: laptop })).outcome).toBe('success')
  expect(await commands.call('revoke_login_tokens', { account })).toBe(1)
  expect((await rig.login({ token: held?.token ?? '', client: laptop })).outcome).toBe('not-authorized')
  expect(await commands.call('get_login_clients', { account })).toEqual([])
})
