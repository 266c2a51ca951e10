import type { C2s } from '@xmppkit/c2s'
import { C2sService } from '@xmppkit/c2s/module'
import { createHost, provide, use } from '@xmppkit/module'
import type { Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import type { StreamFeature } from '@xmppkit/stream'
import { expect, test } from 'vitest'
import { ClientStateService, clientStateModule } from './module.js'

test('the module offers its feature, and takes it back', async () => {
  const features = new Set<StreamFeature>()
  const bound = new Set<string>()
  const c2s = {
    bind2: {
      add({ name }: { name: string }) {
        bound.add(name)
        return { [Symbol.dispose]: () => void bound.delete(name) }
      },
    },
    features: {
      add(feature: StreamFeature) {
        features.add(feature)
        return { [Symbol.dispose]: () => void features.delete(feature) }
      },
    },
  } as unknown as C2s
  const sessions: Pick<Sessions, 'resources'> = { resources: () => [] }
  const host = await createHost(
    {},
    {
      name: 'test',
      domains: ['example.com'],
      services: [provide(C2sService, c2s), provide(SessionsService, sessions as Sessions)],
      modules: [use(clientStateModule, { maxHeld: 10 })],
    },
  )
  expect([...features]).toEqual([host.get(ClientStateService).feature])
  expect([...bound]).toEqual(['client-state'])
  expect(host.xeps().map((xep) => xep.number)).toEqual(['0352'])
  await host.close()
  expect([features.size, bound.size]).toEqual([0, 0])
})
