import type { Disco } from '@xmppkit/disco'
import { DiscoService } from '@xmppkit/disco/module'
import { isDrop } from '@xmppkit/hooks'
import { createHost, provide, service, use } from '@xmppkit/module'
import { receivePacket, type Sessions } from '@xmppkit/sessions'
import { SessionsService } from '@xmppkit/sessions/module'
import { isStanzaError, message } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { blockStrangersModule, ReportingService, reportingModule } from './module.js'

test('the modules announce reports and keep strangers out', async () => {
  const features = new Set<string>()
  const disco = {
    addFeature(_target: string, feature: string) {
      features.add(feature)
      return { [Symbol.dispose]: () => void features.delete(feature) }
    },
  } as unknown as Disco
  const sessions = { resources: () => [] } as unknown as Sessions
  const host = await createHost(
    {},
    {
      name: 'test',
      domains: ['example.com'],
      services: [
        provide(DiscoService, disco),
        provide(SessionsService, sessions),
        provide(service('roster/roster'), { item: async () => undefined }),
      ],
      modules: [use(reportingModule, {}), use(blockStrangersModule, {})],
    },
  )
  expect([...features]).toEqual(['urn:xmpp:reporting:1'])
  expect(host.has(ReportingService)).toBe(true)
  expect(host.xeps().map((xep) => xep.number)).toEqual(['0377'])
  const outcome = async (from: string) => {
    try {
      const stanza = message({ from, to: 'juliet@example.com', body: 'x' })
      return isDrop(await host.hooks.fold(receivePacket, stanza)) ? 'dropped' : 'passed'
    } catch (error) {
      return isStanzaError(error) && error.condition
    }
  }
  expect(await outcome('stranger@example.net/x')).toBe('service-unavailable')
  expect(await outcome('nurse@example.com/x')).toBe('passed')
  await host.close()
  expect(features.size).toBe(0)
})
