import { userData } from '@xmppkit/auth'
import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { isDrop } from '@xmppkit/hooks'
import { IqService, iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { memoryStorageModule } from '@xmppkit/storage/module'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { VCardsService, vcardModule } from './module.js'
import { imageHash, withPhoto } from './vcard-scene.js'

const router = service<{ route(stanza: Stanza): void; interceptReplies(): Disposable }>('router/router')

test('the module answers for accounts and the server, offers its commands, and leaves nothing behind', async () => {
  const sessions: Pick<Sessions, 'resources'> = { resources: () => [] }
  const clock = createManualClock()
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(router, { route() {}, interceptReplies: () => ({ [Symbol.dispose]() {} }) }),
        provide(SessionsService, sessions as Sessions),
      ],
      modules: [
        use(commandsModule),
        use(iqModule, {}),
        use(memoryStorageModule, {}),
        use(vcardModule, { maxBytes: 10_000 }),
      ],
    },
  )
  const iq = host.get(IqService)
  expect([iq.namespaces('account'), iq.namespaces('server')]).toEqual([['vcard-temp'], ['vcard-temp']])
  const juliet = parseJid('juliet@example.com').bare
  await host.get(VCardsService).set(juliet, parseElement(withPhoto()))
  expect(await host.get(VCardsService).photoHash(juliet)).toBe(imageHash)
  expect(
    await host
      .get(CommandsService)
      .call('get_vcard2', { account: juliet.toString(), name: 'PHOTO', subname: 'TYPE' }),
  ).toBe('image/png')
  const parts = await host.hooks.fold(userData, [])
  const vcard = parseElement("<vCard xmlns='vcard-temp'/>")
  for (const part of isDrop(parts) ? [] : parts) await part.import?.(juliet, vcard, undefined)
  expect(await host.get(VCardsService).photoHash(juliet)).toBe('')
  expect(host.xeps().map((xep) => xep.number)).toEqual(expect.arrayContaining(['0054', '0153']))
  await host.close()
  expect(clock.timers).toBe(0)
})
