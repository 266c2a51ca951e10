import { AccountStoreService } from '@xmppkit/auth/module'
import { FastTokenStoreService } from '@xmppkit/fast/module'
import { OfflineStoreService } from '@xmppkit/offline/module'
import { PushStoreService } from '@xmppkit/push/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { expect, test } from 'vitest'
import { chat, failure, openScene } from '../stream-management/scene.js'
import { inMemory } from '../wire/ways.js'
import { runJob } from './scene.js'

test('E-17: erasing an account ends a session that waits to be resumed; what it held reaches nobody of that name', async () => {
  await using scene = await openScene(inMemory)
  const { server } = scene
  const juliet = await scene.managed('juliet')
  const romeo = await scene.managed('romeo')
  const account = juliet.jid.bare
  const host = server.host()
  const now = scene.clock.now()
  await host
    .get(FastTokenStoreService)
    .issue(
      account,
      'phone',
      { id: 't', mechanism: 'HT', issuedAt: now, expiresAt: now * 2, count: 0 },
      {},
      10,
    )
  await host
    .get(PushStoreService)
    .enable(account, { service: 's', node: '', client: 'phone', enabledAt: now }, 10)
  await scene.cut(juliet)
  romeo.send(chat(juliet.jid.toString(), 'held'))
  await romeo.settle()
  expect(host.get(SessionsService).resources(account)).toHaveLength(1)

  expect(await runJob(server, 'erase_user', { account: account.toString() })).toMatchObject({
    state: 'finished',
  })
  expect(host.get(SessionsService).resources(account)).toEqual([])
  expect(await host.get(AccountStoreService).get(account)).toBeUndefined()
  expect(await host.get(FastTokenStoreService).list(account)).toEqual([])
  expect(await host.get(PushStoreService).list(account)).toEqual([])
  expect(await host.get(OfflineStoreService).count(account, now)).toBe(0)

  // The next of that name cannot go on with the session, and is given nothing.
  await server.commands.call('register', { account: account.toString(), password: 'r0m30' })
  const next = await scene.authenticated('juliet')
  expect(failure(await next.resume(juliet))).toBe('failed item-not-found')
  const fresh = await scene.managed('juliet')
  await fresh.expectNothing()
  romeo.send(chat(account.toString(), 'hello'))
  await fresh.expect('<message><body>hello</body></message>')
})
