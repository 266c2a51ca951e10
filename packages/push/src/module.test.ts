import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { IqService, iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { memoryPushModule, PushSenderService, PushService, PushStoreService, pushModule } from './module.js'
import type { PushNotification } from './ports.js'
import { messageOf, settled } from './push-scene.js'

const router = service<{ route(stanza: Stanza): void; interceptReplies(): Disposable }>('router/router')
const offline = service<{ count(): Promise<number> }>('offline/store')
const juliet = parseJid('juliet@example.com').bare

test('the module sends through the sender of the host, else to push services, and leaves nothing behind', async () => {
  const sessions: Pick<Sessions, 'resources'> = { resources: () => [] }
  const clock = createManualClock()
  const routed: Stanza[] = []
  const sent: PushNotification[] = []
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(router, {
          route: (stanza) => void routed.push(stanza),
          interceptReplies: () => ({ [Symbol.dispose]() {} }),
        }),
        provide(SessionsService, sessions as Sessions),
        provide(offline, { count: async () => 12 }),
        provide(PushSenderService, {
          accepts: ({ service: where }) => where === 'push.example.com',
          async send(notification) {
            sent.push(notification)
            return 'sent'
          },
        }),
      ],
      modules: [
        use(commandsModule),
        use(iqModule, {}),
        use(memoryPushModule),
        use(pushModule, { minIntervalMs: 0 }),
      ],
    },
  )
  const store = host.get(PushStoreService)
  for (const where of ['push.example.com', 'push.example.net']) {
    await store.enable(juliet, { service: where, node: 'n', client: 'phone', enabledAt: 1 }, 10)
  }
  expect(host.get(PushService).notify(juliet, messageOf('<body>x</body>'))).toBe('queued')
  await settled()
  expect(sent.map(({ registration, summary }) => [registration.service, summary.messageCount])).toEqual([
    ['push.example.com', 12],
  ])
  expect(routed.map(({ to }) => String(to))).toEqual(['push.example.net'])
  expect(host.get(IqService).namespaces('account')).toEqual(['urn:xmpp:push:0'])
  expect(await host.get(CommandsService).call('get_push_count', { host: 'example.com' })).toBe(2)
  expect(host.xeps().map((xep) => xep.number)).toContain('0357')
  await host.close()
  expect(clock.timers).toBe(0)
})
