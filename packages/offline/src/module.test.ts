import { AccountsService } from '@xmppkit/auth/module'
import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { DiscoService, discoModule } from '@xmppkit/disco/module'
import { IqService, iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { AccountDirectoryService, SessionsService, sessionsModule } from '@xmppkit/sessions/module'
import { message, type Stanza } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { memoryOfflineModule, OfflineService, OfflineStoreService, offlineModule } from './module.js'

const router = service<{
  route(stanza: Stanza): void
  interceptReplies(): Disposable
}>('router/router')

test('the module stores what nobody can take, says so in discovery, and offers its commands', async () => {
  const answers: Stanza[] = []
  const clock = createManualClock()
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(router, {
          route: (stanza) => void answers.push(stanza),
          interceptReplies: () => ({ [Symbol.dispose]() {} }),
        }),
        provide(AccountDirectoryService, { exists: () => true }),
      ],
      modules: [
        use(commandsModule),
        use(iqModule),
        use(sessionsModule),
        use(discoModule),
        use(memoryOfflineModule),
        use(offlineModule, { maxMessagesPerAccount: 1 }),
      ],
    },
  )
  expect(AccountsService.key).toBe(AccountDirectoryService.key)
  const sessions = host.get(SessionsService)
  const to = 'juliet@example.com'
  await sessions.deliver(message({ from: 'romeo@example.net/x', to, body: '1' }))
  await sessions.deliver(message({ from: 'romeo@example.net/x', to, body: '2' }))
  expect(answers.map((stanza) => stanza.type)).toEqual(['error'])
  expect(await host.get(OfflineStoreService).count(parseJid(to).bare, clock.now())).toBe(1)
  expect(await host.get(CommandsService).call('get_offline_count', { account: to })).toBe(1)

  const server = parseJid('example.com')
  const { features } = await host.get(DiscoService).info({ target: 'server', from: server, to: server })
  expect(features).toEqual(expect.arrayContaining(['msgoffline', 'http://jabber.org/protocol/offline']))
  expect(host.xeps().map((xep) => xep.number)).toEqual(
    expect.arrayContaining(['0160', '0013', '0203', '0334', '0023']),
  )
  expect(host.has(OfflineService)).toBe(true)
  expect(host.has(IqService)).toBe(true)

  await host.close()
  expect(clock.timers).toBe(0)
})
