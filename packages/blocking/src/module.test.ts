import { userData } from '@xmppkit/auth'
import { DiscoService, discoModule } from '@xmppkit/disco/module'
import { createHooks, isDrop } from '@xmppkit/hooks'
import { iqModule } from '@xmppkit/iq/module'
import { type FullJid, parseJid } from '@xmppkit/jid'
import { createHost, provide, use } from '@xmppkit/module'
import { createRouter } from '@xmppkit/router'
import { RouterService } from '@xmppkit/router/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import type { SessionHandle } from '@xmppkit/sessions'
import { AccountDirectoryService, SessionsService, sessionsModule } from '@xmppkit/sessions/module'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { BlockingService, BlocklistStoreService, blockingModule, memoryBlockingModule } from './module.js'

test('the module announces blocking, blocks, and leaves nothing behind', async () => {
  const clock = createManualClock()
  const hooks = createHooks({
    onError: (error) => {
      throw error
    },
  })
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(RouterService, createRouter({ hooks, logger: silentLogger })),
        provide(AccountDirectoryService, { exists: () => true }),
      ],
      modules: [
        use(iqModule),
        use(sessionsModule),
        use(discoModule),
        use(memoryBlockingModule),
        use(blockingModule, { maxItems: 1 }),
      ],
    },
  )
  const server = parseJid('example.com')
  const { features } = await host.get(DiscoService).info({ target: 'server', from: server, to: server })
  expect(features).toContain('urn:xmpp:blocking')
  expect(host.xeps().map((xep) => xep.number)).toContain('0191')

  const juliet = parseJid('juliet@example.com').bare
  const [romeo, iago] = ['romeo@example.net', 'iago@example.net'].map(parseJid)
  await host.get(BlockingService).block(juliet, [romeo!])
  await expect(host.get(BlockingService).block(juliet, [iago!])).rejects.toThrow(/resource-constraint/)
  expect((await host.get(BlocklistStoreService).load(juliet)).map(String)).toEqual(['romeo@example.net'])

  const jid = parseJid('juliet@example.com/x') as FullJid
  const here: SessionHandle = { sid: '1', jid, deliver() {}, async close() {} }
  await host.get(SessionsService).open(here)
  expect(host.get(BlockingService).blocks(juliet, iago!)).toBe(false)
  const parts = await host.hooks.fold(userData, [])
  const item = parseElement("<item xmlns='urn:xmpp:blocking' jid='iago@example.net'/>")
  for (const part of isDrop(parts) ? [] : parts) await part.import?.(juliet, item, undefined)
  expect(host.get(BlockingService).blocks(juliet, iago!)).toBe(true)
  await host.get(SessionsService).close(here)
  await host.close()
  expect(clock.timers).toBe(0)
})
