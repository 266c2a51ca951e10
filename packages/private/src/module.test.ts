import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { IqService, iqModule } from '@xmppkit/iq/module'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { memoryStorageModule } from '@xmppkit/storage/module'
import { expect, test } from 'vitest'
import { privateModule } from './module.js'

const router = service<{ route(stanza: Stanza): void; interceptReplies(): Disposable }>('router/router')
const account = 'hamlet@shakespeare.example'

test('the module answers for accounts, offers its commands, and leaves nothing behind', async () => {
  const sessions: Pick<Sessions, 'resources'> = { resources: () => [] }
  const clock = createManualClock()
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['shakespeare.example'],
      services: [
        provide(router, { route() {}, interceptReplies: () => ({ [Symbol.dispose]() {} }) }),
        provide(SessionsService, sessions as Sessions),
      ],
      modules: [
        use(commandsModule),
        use(iqModule, {}),
        use(memoryStorageModule, {}),
        use(privateModule, { maxElements: 1 }),
      ],
    },
  )
  expect(host.get(IqService).namespaces('account')).toEqual(['jabber:iq:private'])
  const commands = host.get(CommandsService)
  const element = '<storage xmlns="storage:bookmarks"><url name="x" url="https://x.example"/></storage>'
  const asked = { account, element: 'storage', ns: 'storage:bookmarks' }
  await expect(commands.call('private_get', asked)).rejects.toMatchObject({ code: 'commands/not-found' })
  await commands.call('private_set', { account, element })
  expect(await commands.call('private_get', asked)).toBe(element)
  await expect(commands.call('private_set', { account, element: '<a' })).rejects.toMatchObject({
    code: 'commands/bad-argument',
  })
  await expect(commands.call('private_set', { account, element: '<a xmlns="b"/>' })).rejects.toMatchObject({
    code: 'commands/conflict',
  })
  expect(host.xeps().map((xep) => xep.number)).toContain('0049')
  await host.close()
  expect(clock.timers).toBe(0)
  expect(commands.list({ tag: 'private' })).toEqual([])
})
