import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { discoModule } from '@xmppkit/disco/module'
import { iqModule } from '@xmppkit/iq/module'
import { createHost, type Provided, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { AccountDirectoryService, sessionsModule } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { alice, inboxScene } from './inbox-scene.js'
import { InboxService, InboxStoreService, inboxModule, memoryInboxModule } from './module.js'

const router = service<{
  route(stanza: Stanza): void
  interceptReplies(): Disposable
}>('router/router')
const archives = service<unknown>('archive/archive')
const archiveStore = service<object>('archive/store')

const open = (...services: readonly Provided[]) =>
  createHost(
    { clock: createManualClock(), logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(router, { route() {}, interceptReplies: () => ({ [Symbol.dispose]() {} }) }),
        provide(AccountDirectoryService, { exists: () => true }),
        ...services,
      ],
      modules: [
        use(commandsModule),
        use(iqModule),
        use(sessionsModule),
        use(discoModule),
        use(memoryInboxModule),
        use(inboxModule, { depth: 1 }),
      ],
    },
  )

test('the module looks into the archives of its host, and offers its commands', async () => {
  const { log, archives: add } = inboxScene()
  add('m1')
  add('m2')
  const host = await open(provide(archives, {}), provide(archiveStore, { messages: () => log }))
  expect(await host.get(InboxService).totals(alice)).toEqual({ total: 1, unread: 1, allUnread: 1 })
  expect(host.has(InboxStoreService)).toBe(true)
  const names = host
    .get(CommandsService)
    .list()
    .map(({ name }) => name)
  expect(names.toSorted()).toEqual([
    'get_inbox',
    'get_unread_count',
    'mark_conversation_read',
    'remove_inbox_for_user',
  ])
  expect(host.xeps().map(({ number }) => number)).toEqual(expect.arrayContaining(['0430', '0333']))
  await host.close()
})

test('INBOX-5: without archives, or with others than those in memory, it says what is missing', async () => {
  await expect(open(provide(archives, {}), provide(archiveStore, {}))).rejects.toMatchObject({
    cause: { code: 'inbox/no-log' },
  })
  await expect(open(provide(archiveStore, { messages: () => [] }))).rejects.toThrow('archive/archive')
})
