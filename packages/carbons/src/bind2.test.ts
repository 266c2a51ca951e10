import { type Bind2, createBind2, type InlineContext } from '@xmppkit/auth'
import type { C2sSession } from '@xmppkit/c2s'
import type { BareJid } from '@xmppkit/jid'
import { createCountingIds, silentLogger as logger } from '@xmppkit/runtime'
import { NS } from '@xmppkit/stanza'
import { parseElement } from '@xmppkit/xml'
import { expect, test } from 'vitest'
import { type Client, fakeHost } from './fake-host.js'

/** What a client that logs in with this `<bind/>` is told within `<bound/>`. */
async function bind(bind2: Bind2<C2sSession>, account: BareJid, wanted: string): Promise<string> {
  const element = parseElement(
    `<authenticate xmlns='${NS.sasl2}'><bind xmlns='${NS.bind2}'>${wanted}</bind></authenticate>`,
  )
  const context = { element, account, userAgent: {} } as InlineContext
  return String((await bind2.feature.negotiate(context)).element)
}

test('CARBON-1: a client that binds with its login may have them from the first moment', async () => {
  let client: Client | undefined
  const bind2 = createBind2<C2sSession>({ bind: () => client!.session, ids: createCountingIds('r'), logger })
  const host = fakeHost({}, bind2)
  client = await host.connect('juliet@example.com/phone')
  expect(String(bind2.feature.advertise({} as never))).toContain(`<feature var="${NS.carbons}"/>`)
  const bound = `<bound xmlns="${NS.bind2}"/>`
  expect(await bind(bind2, client.session.account, "<enable xmlns='urn:xmpp:sm:3'/>")).toBe(bound)
  expect(host.carbons.isEnabled(client.session)).toBe(false)
  expect(await bind(bind2, client.session.account, `<enable xmlns='${NS.carbons}'/>`)).toBe(bound)
  expect(host.carbons.isEnabled(client.session)).toBe(true)
  await host.carbons.close()
  expect(String(bind2.feature.advertise({} as never))).not.toContain('feature')
})
