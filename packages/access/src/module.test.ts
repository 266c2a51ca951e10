import { createHost, use } from '@xmppkit/module'
import { expect, test } from 'vitest'
import { AccessService, accessModule } from './module.js'

test('a host serves the rules and replaces them at once', async () => {
  const open = [use(accessModule, { accessRules: { c2s: [{ allow: 'all' }] } })]
  await using host = await createHost({}, { modules: open })
  const access = host.get(AccessService)
  expect(access.allows('c2s', {})).toBe(true)
  await host.reload([use(accessModule, { accessRules: { c2s: [{ deny: 'all' }] } })])
  expect(access.allows('c2s', {})).toBe(false)
  await expect(host.reload([use(accessModule, { acess: {} } as never)])).rejects.toThrow('acess')
  expect(access.allows('c2s', {})).toBe(false)
})

test('a host without a configuration lets nobody in', async () => {
  await using host = await createHost({}, { modules: [use(accessModule)] })
  expect(host.get(AccessService).allows('c2s', {})).toBe(false)
})
