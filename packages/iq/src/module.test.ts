import { parseJid } from '@xmppkit/jid'
import { createHost, DomainsService, defineModule, provide, service, use } from '@xmppkit/module'
import { createManualClock } from '@xmppkit/runtime'
import { defineIq, element, iq, type Stanza } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { IqService, iqModule } from './module.js'

const ping = defineIq({ type: 'get', request: element('ping', 'urn:xmpp:ping', {}) })

test('runs on a host over the router its embedder brings', async () => {
  const sent: Stanza[] = []
  const interceptors = new Set<(iq: Stanza) => boolean>()
  const router = {
    route: (stanza: Stanza) => void sent.push(stanza),
    interceptReplies(accept: (iq: Stanza) => boolean) {
      interceptors.add(accept)
      return { [Symbol.dispose]: () => void interceptors.delete(accept) }
    },
  }
  const pingModule = defineModule({
    name: 'ping',
    needs: { iq: IqService, domains: DomainsService },
    start(deps, _options, scope) {
      scope.use(deps.iq.handle(ping, 'server', () => {}))
    },
  })
  const clock = createManualClock()
  const host = await createHost(
    { clock },
    {
      domains: ['c.example'],
      services: [provide(service<typeof router>('router/router'), router)],
      modules: [use(pingModule), use(iqModule, { requestTimeoutMs: 1_000 })],
    },
  )
  const dispatcher = host.get(IqService)
  const child = new Element('ping', { xmlns: 'urn:xmpp:ping' })
  await dispatcher.dispatch(
    iq({ type: 'get', id: 'a', from: 'r@m.example/o', to: 'c.example' }, child),
    'server',
  )
  expect(sent.map(({ type, id }) => [type, id])).toEqual([['result', 'a']])

  const unanswered = dispatcher.request(ping, parseJid('j@c.example/b'), {}).catch((error: unknown) => error)
  const foreign = dispatcher.request(ping, parseJid('r@m.example/o'), {}).catch((error: unknown) => error)
  expect(await foreign).toMatchObject({ code: 'iq/no-sender' })
  await clock.advance(1_000)
  expect(await unanswered).toMatchObject({ code: 'iq/timeout' })

  expect(interceptors.size).toBe(1)
  await host.close()
  expect(interceptors.size).toBe(0)
  expect(clock.timers).toBe(0)
})

test('says who would bring the router', async () => {
  await expect(createHost({}, { modules: [use(iqModule)] })).rejects.toThrow(
    'iq needs router/router (provided by provide(RouterService, createRouter(…))',
  )
})
