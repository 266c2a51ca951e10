import { DiscoService, discoModule } from '@xmppkit/disco/module'
import { iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import type { SessionHandle } from '@xmppkit/sessions'
import { AccountDirectoryService, SessionsService, sessionsModule } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { CarbonsService, carbonsModule } from './module.js'

const router = service<{ route(stanza: Stanza): void; interceptReplies(): Disposable }>('router/router')

test('the module announces carbons and leaves nothing behind', async () => {
  const clock = createManualClock()
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(router, { route() {}, interceptReplies: () => ({ [Symbol.dispose]() {} }) }),
        provide(AccountDirectoryService, { exists: () => true }),
      ],
      modules: [use(iqModule), use(sessionsModule), use(discoModule), use(carbonsModule, {})],
    },
  )
  const server = parseJid('example.com')
  const { features } = await host.get(DiscoService).info({ target: 'server', from: server, to: server })
  expect(features).toContain('urn:xmpp:carbons:2')
  // XEP-0280 §6.2: only who copies errors too may say that it follows all rules.
  expect(features).not.toContain('urn:xmpp:carbons:rules:0')
  expect(host.xeps().map((xep) => xep.number)).toContain('0280')
  const jid = parseJid('juliet@example.com').bare.withResource('phone')
  const sessions = host.get(SessionsService)
  const handle: SessionHandle = { sid: '1', jid, deliver() {}, close: () => sessions.close(handle) }
  await sessions.open(handle)
  expect(host.get(CarbonsService).enable(handle)).toBe(true)
  await host.close()
  expect(clock.timers).toBe(0)
})
