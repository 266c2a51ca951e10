import { CommandsService, commandsModule } from '@xmppkit/commands/module'
import { discoModule } from '@xmppkit/disco/module'
import { IqService, iqModule } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, service, use } from '@xmppkit/module'
import { createManualClock, silentLogger } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import type { Stanza } from '@xmppkit/stanza'
import { memoryStorageModule } from '@xmppkit/storage/module'
import { expect, test } from 'vitest'
import { memoryFilesModule, UploadService, uploadModule } from './module.js'
import { addressOf, bodyOf, romeo } from './upload-scene.js'

const router = service<{ route(stanza: Stanza): void; interceptReplies(): Disposable }>('router/router')

test('the module answers for domains, offers its commands, and leaves nothing behind', async () => {
  const sessions: Pick<Sessions, 'resources'> = { resources: () => [] }
  const clock = createManualClock()
  const host = await createHost(
    { clock, logger: silentLogger },
    {
      name: 'test',
      domains: ['montague.example'],
      services: [
        provide(router, { route() {}, interceptReplies: () => ({ [Symbol.dispose]() {} }) }),
        provide(SessionsService, sessions as Sessions),
      ],
      modules: [
        use(commandsModule),
        use(iqModule, {}),
        use(discoModule, {}),
        use(memoryStorageModule, {}),
        use(memoryFilesModule),
        use(uploadModule, { url: 'https://files.example' }),
      ],
    },
  )
  expect(host.get(IqService).namespaces('server')).toContain('urn:xmpp:http:upload:0')
  expect(host.xeps().map((xep) => xep.number)).toContain('0363')

  const upload = host.get(UploadService)
  const { put } = await upload.request({
    from: parseJid(romeo),
    filename: 'rose.png',
    size: 4,
    type: undefined,
    purpose: 'message',
  })
  await upload.receive(addressOf(put), { size: 4, body: bodyOf('rose') })

  const commands = host.get(CommandsService)
  const account = 'romeo@montague.example'
  const [file] = (await commands.call('list_uploads', { account })) as { id: string }[]
  expect(file).toMatchObject({
    filename: 'rose.png',
    size: 4,
    type: 'application/octet-stream',
    state: 'stored',
  })
  expect(await commands.call('delete_upload', { host: 'montague.example', id: file!.id })).toBe(true)
  expect(await commands.call('delete_upload', { host: 'montague.example', id: file!.id })).toBe(false)
  expect(await commands.call('list_uploads', { account })).toEqual([])
  expect(await upload.find(addressOf(put))).toBeUndefined()

  await host.close()
  expect(clock.timers).toBe(0)
  expect(commands.list({ tag: 'upload' })).toEqual([])
})
