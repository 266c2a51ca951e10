import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createWireClient, framedTransport, webSocketFrames } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { boshFrames } from '../wire/bosh-frames.js'
import { domain, openServer, password } from './place.js'

const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl'
const proxied = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.7' }

/** An app that knows its visitors by a cookie, behind a proxy on this machine that ends TLS. */
const app = createHttpServer()
let port = 0
let server: Awaited<ReturnType<typeof openServer>>
beforeAll(async () => {
  server = await openServer({
    web: {
      trustedProxies: ['127.0.0.1'],
      authenticate: async ({ headers: { cookie } }) =>
        cookie === 'session=juliet' ? `juliet@${domain}` : cookie === 'session=nobody' ? false : undefined,
    },
  })
  server.web.attach(app)
  app.listen(0, '127.0.0.1')
  await once(app, 'listening')
  port = (app.address() as AddressInfo).port
})
afterAll(async () => {
  await server.close()
  app.closeAllConnections()
  app.close()
})

describe.each([
  [
    'WebSocket',
    (headers: Record<string, string>) =>
      webSocketFrames(new WebSocket(`ws://127.0.0.1:${port}/xmpp-websocket`, 'xmpp', { headers })),
  ],
  [
    'BOSH',
    (headers: Record<string, string>) => boshFrames(`http://127.0.0.1:${port}/http-bind`, { headers }),
  ],
])('over %s', (_way, frames) => {
  const dial = (headers: Record<string, string>) =>
    createWireClient({ transport: framedTransport(frames(headers)) }, { domain })
  const mechanisms = async (headers: Record<string, string>) => {
    const client = dial(headers)
    const { features } = await client.open()
    const list = features.child('mechanisms', sasl)
    const names = list?.children.map((_, at) => list.childAt(at).text()) ?? []
    return { client, features, names, [Symbol.dispose]: () => client.cut() }
  }

  test('W-4: whom the app knows logs in without a password, as that account and no other', async () => {
    using known = await mechanisms({ ...proxied, Cookie: 'session=juliet' })
    expect(known.names[0]).toBe('EXTERNAL')
    known.client.send(`<auth xmlns='${sasl}' mechanism='EXTERNAL'>${btoa(`romeo@${domain}`)}</auth>`)
    await known.client.expect(`<failure xmlns='${sasl}'><invalid-authzid/></failure>`)
    known.client.send(`<auth xmlns='${sasl}' mechanism='EXTERNAL'>=</auth>`)
    await known.client.expect(`<success xmlns='${sasl}'/>`)
    await known.client.open()
    known.client.send(`<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>`)
    const bound = await known.client.receive()
    expect(
      bound
        .child('bind', 'urn:ietf:params:xml:ns:xmpp-bind')
        ?.childText('jid', 'urn:ietf:params:xml:ns:xmpp-bind'),
    ).toMatch(new RegExp(`^juliet@${domain}/`))
  })

  test('W-4: others log in with their passwords', async () => {
    using other = await mechanisms(proxied)
    expect(other.names).not.toContain('EXTERNAL')
    expect(other.names).toContain('PLAIN')
    await other.client.authenticate({ username: 'romeo', password }, other.features)
  })

  test('W-4: what comes without TLS, or claims it by itself, is offered nothing, STARTTLS least of all', async () => {
    for (const headers of [{}, { 'X-Forwarded-Proto': 'http' }]) {
      using plain = await mechanisms(headers)
      expect(plain.features.children).toEqual([])
    }
  })

  test('W-4: whom it sends away does not get in', async () => {
    const refused = dial({ ...proxied, Cookie: 'session=nobody' })
    await expect(refused.open()).rejects.toThrow('closed')
  })
})
