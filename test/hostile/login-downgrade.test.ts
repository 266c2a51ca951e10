import { createHash } from 'node:crypto'
import { advertisedHash, createSaslClient, encodeBase64 } from '@xmppkit/sasl'
import { NS } from '@xmppkit/stanza'
import type { TlsInfo } from '@xmppkit/stream'
import { createPipe, createWireClient } from '@xmppkit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { domain, openScene, password, type Scene } from './scene.js'

// What the server sees of its connections; somebody in between has another on the client's side.
const exporter = createHash('sha256').update('the exporter').digest()
const endPointHash = createHash('sha256').update('the certificate').digest()
const tls: TlsInfo = { protocol: 'TLSv1.3', exporter, endPointHash }

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
})
afterAll(async () => await scene[Symbol.asyncDispose]())

function connect() {
  const { client, server } = createPipe()
  const bound = Object.create(server, { tls: { value: tls } }) as typeof server
  for (const method of ['write', 'flushed', 'pause', 'resume', 'end', 'destroy'] as const) {
    Object.defineProperty(bound, method, { value: (server[method] as () => unknown).bind(server) })
  }
  for (const value of ['framing', 'remoteAddress', 'canStartTls'] as const) {
    Object.defineProperty(bound, value, { value: server[value] })
  }
  server.attach(scene.server.accept(bound))
  return createWireClient({ transport: client }, { domain })
}

interface Attempt {
  readonly mechanism: string
  readonly bindings: ReadonlyMap<string, Uint8Array>
  /** Somebody in between changes what the server says to the client. */
  readonly tamper?: (serverFirst: string) => string
  readonly profile?: 'SASL' | 'SASL2'
}

async function login({ mechanism, bindings, tamper = (text) => text, profile = 'SASL2' }: Attempt) {
  const wire = connect()
  const { features } = await wire.open()
  const client = createSaslClient(
    { username: 'mallory', password, channelBindings: bindings },
    { mechanisms: [mechanism] },
  ).begin(mechanism)
  if (client === undefined) throw new Error('no such mechanism')
  const initial = encodeBase64((await client.start()) ?? new Uint8Array())
  const ns = profile === 'SASL' ? NS.sasl : NS.sasl2
  wire.send(
    profile === 'SASL'
      ? `<auth xmlns='${ns}' mechanism='${mechanism}'>${initial}</auth>`
      : `<authenticate xmlns='${ns}' mechanism='${mechanism}'><initial-response>${initial}</initial-response></authenticate>`,
  )
  let answer = await wire.receive()
  let serverFirst = ''
  if (answer.name === 'challenge') {
    serverFirst = Buffer.from(answer.text(), 'base64').toString()
    const response = await client.next(Buffer.from(tamper(serverFirst)))
    wire.send(`<response xmlns='${ns}'>${encodeBase64(response)}</response>`)
    answer = await wire.receive()
  }
  wire.cut()
  const outcome = answer.name === 'success' ? 'success' : (answer.children[0]?.name ?? '')
  return { outcome, features, serverFirst }
}

const right = new Map([['tls-exporter', exporter]])

describe('SEC-8: somebody in between with a certificate of their own', () => {
  test.each(['SASL', 'SASL2'] as const)(
    'A-10: has another channel, which is noticed: %s',
    async (profile) => {
      const mechanism = 'SCRAM-SHA-1-PLUS'
      for (const [type, data] of [
        ['tls-exporter', exporter],
        ['tls-server-end-point', endPointHash],
      ] as const) {
        const wrong = new Map([[type, Buffer.alloc(32, 1)]])
        expect((await login({ profile, mechanism, bindings: new Map([[type, data]]) })).outcome).toBe(
          'success',
        )
        expect((await login({ profile, mechanism, bindings: wrong })).outcome).toBe('not-authorized')
      }
    },
  )

  test.each(['SASL', 'SASL2'] as const)(
    'SEC-9 A-9: takes the -PLUS mechanisms off the list, which a client that has bindings gives away: %s',
    async (profile) => {
      const stripped = await login({ profile, mechanism: 'SCRAM-SHA-1', bindings: right })
      expect(stripped.outcome).toBe('malformed-request')
      const without = await login({ profile, mechanism: 'SCRAM-SHA-1', bindings: new Map() })
      expect(without.outcome).toBe('success')
    },
  )

  test('A-9: makes up a channel binding nobody offers', async () => {
    const bindings = new Map([['tls-unique', Buffer.alloc(12)]])
    expect((await login({ mechanism: 'SCRAM-SHA-1-PLUS', bindings })).outcome).toBe('malformed-request')
  })

  test('CB-1 CB-2 XEP-0474: cannot change the list a client checks, for it is signed', async () => {
    const { features, serverFirst, outcome } = await login({
      mechanism: 'SCRAM-SHA-1',
      bindings: new Map(),
    })
    expect(outcome).toBe('success')
    const list = features.child('authentication', NS.sasl2)
    const mechanisms = list?.children.flatMap(({ name }, i) =>
      name === 'mechanism' ? [list.childAt(i).text()] : [],
    )
    const types = features
      .child('sasl-channel-binding', NS.saslChannelBinding)
      ?.children.map((_, i) =>
        features.child('sasl-channel-binding', NS.saslChannelBinding)?.childAt(i).attr('type'),
      )
    expect(types).toEqual(['tls-exporter', 'tls-server-end-point'])
    const hash = advertisedHash('SHA-1', mechanisms ?? [], types as string[])
    expect(serverFirst).toMatch(new RegExp(`,h=${hash.replaceAll('+', '\\+')},t=0304$`))
    const forged = advertisedHash('SHA-1', ['SCRAM-SHA-1'], undefined)
    const tampered = [
      (text: string) => text.replace(hash, forged),
      (text: string) => text.replace('t=0304', 't=0303'),
    ]
    for (const tamper of tampered) {
      const attempt = { mechanism: 'SCRAM-SHA-1', bindings: new Map<string, Uint8Array>(), tamper }
      expect((await login(attempt)).outcome).toBe('not-authorized')
    }
  })

  test('SEC-7: is offered nothing in clear', async () => {
    const line = scene.line({ secure: false })
    const { features } = await line.client.open()
    expect(features.children.map(({ name }) => name)).toEqual(['starttls'])
    line.send(
      `<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${Buffer.from(`\0mallory\0${password}`).toString('base64')}</initial-response></authenticate>`,
    )
    await line.client.expect(
      `<failure xmlns='${NS.sasl2}'><encryption-required xmlns='${NS.sasl}'/></failure>`,
    )
  })
})

test('nobody else noticed', async () => {
  await scene.othersChat()
  expect(scene.errors()).toEqual([])
})
