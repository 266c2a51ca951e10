import { userData } from '@xmppkit/auth'
import { CommandsService, commandsModule, jobsModule } from '@xmppkit/commands/module'
import { discoModule } from '@xmppkit/disco/module'
import { isDrop } from '@xmppkit/hooks'
import { iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import { AccountDirectoryService, SessionsService, sessionsModule } from '@xmppkit/sessions/module'
import { message, type Stanza } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { ArchiveService, ArchiveStoreService, archiveModule, memoryArchiveModule } from './module.js'

const router = service<{
  route(stanza: Stanza): void
  interceptReplies(): Disposable
}>('router/router')

async function start() {
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
      modules: [
        use(commandsModule),
        use(jobsModule),
        use(iqModule),
        use(sessionsModule),
        use(discoModule),
        use(memoryArchiveModule, { maxMessages: 1 }),
        use(archiveModule, { maxAgeDays: 1, sweepMs: 1000 }),
      ],
    },
  )
  const juliet = parseJid('juliet@example.com').bare
  const write = (body: string) =>
    host.get(SessionsService).deliver(message({ from: 'romeo@example.net/x', to: juliet, body }))
  const count = () => host.get(CommandsService).call('get_mam_count', { account: juliet.toString() })
  return { clock, host, juliet, write, count }
}

test('the module archives, offers its commands, and leaves nothing behind', async () => {
  const { clock, host, write, count } = await start()
  await write('1')
  await write('2')
  expect(await count()).toBe(1)
  // It sweeps the archives of its domains.
  await clock.advance(2 * 24 * 60 * 60 * 1000)
  expect(await count()).toBe(0)
  expect(host.get(ArchiveStoreService).searches).toBe(true)
  expect(host.xeps().map((xep) => xep.number)).toEqual(
    expect.arrayContaining(['0313', '0059', '0359', '0441', '0424', '0431']),
  )
  const names = host
    .get(CommandsService)
    .list()
    .map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['delete_old_mam_messages_batch', 'remove_mam_for_user']))
  expect(host.has(ArchiveService)).toBe(true)
  await host.close()
  expect(clock.timers).toBe(0)
})

test('MAM-5: preferences that are imported hold at once', async () => {
  const { host, juliet, write, count } = await start()
  const { preferences } = host.get(ArchiveService)
  expect(await preferences.get(juliet)).toMatchObject({ default: 'always' })
  const parts = await host.hooks.fold(userData, [])
  const prefs = parseElement("<prefs xmlns='urn:xmpp:mam:2' default='never'><always/><never/></prefs>")
  for (const part of isDrop(parts) ? [] : parts) await part.import?.(juliet, prefs, undefined)
  await write('1')
  expect(await count()).toBe(0)
  expect(await preferences.get(juliet)).toMatchObject({ default: 'never' })
  await host.close()
})
