import { createIq, type Iq } from '@xmppkit/iq'
import { IqService } from '@xmppkit/iq/module'
import { parseJid } from '@xmppkit/jid'
import { createHost, provide, use } from '@xmppkit/module'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { NS, readStanza, resultReply, type Stanza } from '@xmppkit/stanza'
import { expect, test } from 'vitest'
import { CapsCacheService, capsCacheModule, DiscoService, discoModule } from './module.js'
import { type DiscoInfo, discoInfoGet, discoInfoResult } from './payloads.js'
import { capsHash } from './verification-string.js'

/** A dispatcher whose requests are answered by a client that says this of itself. */
function iqWithClient(info: DiscoInfo): Iq {
  let accept: (iq: Stanza) => boolean = () => false
  return createIq({
    route(stanza) {
      const answer = discoInfoGet.result!.encode(
        discoInfoResult(info, stanza.payload(discoInfoGet.request)?.node),
      )
      accept(readStanza(resultReply(stanza, answer).raw))
    },
    interceptReplies(fn) {
      accept = fn
      return { [Symbol.dispose]() {} }
    },
    clock: createManualClock(),
    ids: createCountingIds('id'),
    logger: silentLogger,
  })
}

test('discovery and the cache of capabilities run on a host and leave nothing behind', async () => {
  const info: DiscoInfo = {
    identities: [{ category: 'client', type: 'pc' }],
    features: ['urn:a', 'urn:a+notify'],
    forms: [],
  }
  const iq = iqWithClient(info)
  const host = await createHost(
    {},
    {
      name: 'test',
      domains: ['example.com'],
      services: [provide(IqService, iq)],
      modules: [use(discoModule, { name: 'Test' }), use(capsCacheModule, { maxEntries: 1 })],
    },
  )
  const disco = host.get(DiscoService)
  const to = parseJid('example.com')
  expect(await disco.info({ target: 'server', from: to, to })).toMatchObject({
    identities: [{ name: 'Test' }],
  })
  expect(iq.namespaces('account')).toEqual([NS.discoInfo, NS.discoItems])
  expect(host.xeps().map((xep) => xep.number)).toEqual(expect.arrayContaining(['0030', '0115', '0128']))

  const cache = host.get(CapsCacheService)
  const caps = { hash: 'sha-1', node: 'urn:client', ver: capsHash(info) }
  expect(await cache.resolve(parseJid('romeo@montague.example/orchard'), caps, { from: to })).toEqual(info)

  await host.close()
  expect(iq.namespaces('account')).toEqual([])
})
