import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import { createHost, provide, use } from '@xmppkit/module'
import type { Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import { expect, test } from 'vitest'
import { createIqScene } from './iq-scene.js'
import {
  contactAddressesModule,
  entityTimeModule,
  lastActivityModule,
  memoryLastActivityModule,
  pingModule,
  versionModule,
} from './module.js'

test('the basics run on a host and leave nothing behind', async () => {
  const { iq, disco } = createIqScene()
  const before = [iq.namespaces('server'), iq.namespaces('account')]
  const sessions: Pick<Sessions, 'resources'> = { resources: () => [] }
  const host = await createHost(
    {},
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(IqService, iq),
        provide(DiscoService, disco),
        provide(SessionsService, sessions as Sessions),
      ],
      modules: [
        use(pingModule),
        use(versionModule, { version: '1' }),
        use(entityTimeModule),
        use(memoryLastActivityModule),
        use(lastActivityModule, { maxStatusLength: 100 }),
        use(contactAddressesModule, {
          addresses: { abuse: ['mailto:abuse@example.com'] },
          byDomain: { 'example.com': { admin: ['xmpp:admin@example.com'] } },
        }),
      ],
    },
  )
  const added = ['jabber:iq:last', 'jabber:iq:version', 'urn:xmpp:ping', 'urn:xmpp:time']
  expect(
    iq
      .namespaces('server')
      .filter((ns) => !before[0]?.includes(ns))
      .sort(),
  ).toEqual(added)
  expect(
    host
      .xeps()
      .map((xep) => xep.number)
      .sort(),
  ).toEqual(['0012', '0092', '0157', '0199', '0202'])
  const caps = disco.caps('example.com')
  expect(disco.caps('other.example')).not.toEqual(caps)
  await host.close()
  expect([iq.namespaces('server'), iq.namespaces('account')]).toEqual(before)
  expect(disco.caps('other.example')).toEqual(disco.caps('example.com'))
})
