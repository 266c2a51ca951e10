import { createHooks, drop, type Hooks } from '@xmppkit/hooks'
import { silentLogger } from '@xmppkit/runtime'
import { type IqType, iq, message, presence, readStanzaError, type Stanza } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createRouter, domainHandler, localSendToResource } from './index.js'

function setUp() {
  const log: string[] = []
  const hooks: Hooks = createHooks({ onError() {} })
  const router = createRouter({ hooks, logger: silentLogger })
  router.register('m.example', (stanza) => void log.push(readStanzaError(stanza)?.condition ?? 'no error'))
  router.register(
    'c.example',
    domainHandler({
      account: (stanza) => void log.push(`account ${String(stanza.to)}`),
      server: (stanza) => void log.push(`server ${stanza.type}`),
      hooks,
    }),
  )
  return { log, hooks, router }
}

const from = 'romeo@m.example/orchard'
const query = (type: IqType, to: string) =>
  iq({ from, to, type, id: 'q' }, new Element('q', { xmlns: 'test:q' }))

describe('who gets what', () => {
  test.each<[string, Stanza, string[]]>([
    ['message to an account', message({ from, to: 'j@c.example', body: 'x' }), ['account j@c.example']],
    ['message to a resource', message({ from, to: 'j@c.example/r', body: 'x' }), ['account j@c.example/r']],
    ['presence to an account', presence({ from, to: 'j@c.example' }), ['account j@c.example']],
    ['request to an account', query('get', 'j@c.example'), ['account j@c.example']],
    ['reply to a resource', query('result', 'j@c.example/r'), ['account j@c.example/r']],
    ['get to the domain', query('get', 'c.example'), ['server get']],
    ['set to the domain', query('set', 'c.example'), ['server set']],
    ['Q-2: result to the domain', query('result', 'c.example'), []],
    ['Q-2: error to the domain', query('error', 'c.example'), []],
    ['Q-2: result to a resource of the domain', query('result', 'c.example/r'), []],
    ['request to a resource of the domain', query('get', 'c.example/r'), ['item-not-found']],
    ['message to the domain', message({ from, to: 'c.example', body: 'x' }), ['item-not-found']],
    ['chat to a resource of it', message({ from, to: 'c.example/r', type: 'chat' }), ['item-not-found']],
    ['headline to the domain', message({ from, to: 'c.example', type: 'headline' }), []],
    [
      'headline to a resource of it',
      message({ from, to: 'c.example/r', type: 'headline' }),
      ['item-not-found'],
    ],
    ['error message to the domain', message({ from, to: 'c.example', type: 'error' }), []],
    ['presence to the domain', presence({ from, to: 'c.example' }), []],
    ['probe of the domain', presence({ from, to: 'c.example', type: 'probe' }), []],
    ['presence to a resource of it', presence({ from, to: 'c.example/r' }), ['item-not-found']],
    ['unavailable to a resource of it', presence({ from, to: 'c.example/r', type: 'unavailable' }), []],
  ])('%s', async (_, stanza, expected) => {
    const { log, router } = setUp()
    await router.route(stanza)
    expect(log).toEqual(expected)
  })
})

test('a handler of localSendToResource that drops has dealt with it, at once or later', async () => {
  const { log, hooks, router } = setUp()
  hooks.on(localSendToResource, async (stanza) => {
    await Promise.resolve()
    if (stanza.to?.resource !== 'announce') return stanza
    log.push('announced')
    return drop
  })
  hooks.on(localSendToResource, (stanza) => (stanza.to?.resource === 'motd' ? drop : stanza), { seq: 10 })
  await router.route(message({ from, to: 'c.example/announce', body: 'x' }))
  await router.route(message({ from, to: 'c.example/motd', body: 'x' }))
  await router.route(message({ from, to: 'c.example/other', body: 'x' }))
  expect(log).toEqual(['announced', 'item-not-found'])
})
