import { parseJid } from '@xmppkit/jid'
import { sessionClosed, sessionOpened } from '@xmppkit/sessions'
import { NS, StreamError } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { bindRequest, connect, hello, rig, settled } from './fake-client.js'

const agent = (n: number) => `<user-agent id='d4565fa7-4d72-4749-b3d3-74000000000${n}'/>`
const authenticate = (user: string, more: string): string =>
  `<authenticate xmlns='${NS.sasl2}' mechanism='PLAIN'><initial-response>${Buffer.from(`\0${user}\0secret`).toString('base64')}</initial-response>${more}</authenticate>`
const bind = (tag: string, more = '') => `<bind xmlns='${NS.bind2}'><tag>${tag}</tag>${more}</bind>`

async function login(host: ReturnType<typeof rig>, user: string, more: string) {
  const client = connect(host.port)
  client.feed(hello())
  await client.heard()
  client.feed(authenticate(user, more))
  const answer = await client.heard()
  const jid = /<authorization-identifier>([^<]*)</.exec(answer)?.[1] ?? ''
  return { client, answer, jid }
}

describe('a login with a session', () => {
  test('SASL2-4 BIND2-3: takes one round trip, and the session is there', async () => {
    const host = rig()
    const opened: unknown[] = []
    host.hooks.on(sessionOpened, ({ session }) => void opened.push(session.info))
    const { client, answer, jid } = await login(host, 'ann', bind('Test') + agent(1))
    expect(answer).toMatch(
      /^<success xmlns="urn:xmpp:sasl:2"><authorization-identifier>ann@example.com\/Test\/[\w-]{16}<\/authorization-identifier><bound xmlns="urn:xmpp:bind:0"\/><\/success><stream:features>/,
    )
    expect(answer).not.toContain(`<bind xmlns="${NS.bind}"`)
    expect(opened).toMatchObject([{ mechanism: 'PLAIN', clientId: 'd4565fa7-4d72-4749-b3d3-740000000001' }])
    client.feed(`<message to='${jid}'><body>to myself</body></message>`)
    expect(await client.heard()).toContain('to myself')
  })

  test('B-7: a resource cannot be bound again in the older way', async () => {
    const { client } = await login(rig(), 'ann', bind('Test') + agent(1))
    client.feed(bindRequest('other'))
    expect(await client.heard()).toContain('<not-allowed')
  })

  test('without one leaves the older way open', async () => {
    const host = rig()
    const { client, answer } = await login(host, 'ann', agent(1))
    expect(answer).toContain('<authorization-identifier>ann@example.com</authorization-identifier></success>')
    expect(answer).toContain(`<bind xmlns="${NS.bind}"/>`)
    client.feed(bindRequest('old'))
    expect(await client.heard()).toContain('ann@example.com/old')
    expect(host.sessions.count()).toBe(1)
  })

  test('BIND2-5 B-4: what a client left behind ends, also under another tag, and nobody else’s', async () => {
    const host = rig()
    const other = await login(host, 'ann', bind('A') + agent(2))
    const first = await login(host, 'ann', bind('A') + agent(1))
    const second = await login(host, 'ann', bind('A') + agent(1))
    expect(second.jid).toBe(first.jid)
    expect(await first.client.heard()).toContain('<conflict')
    await login(host, 'ann', bind('B') + agent(1))
    expect(await second.client.heard()).toContain('<conflict')
    expect(await other.client.heard()).toBe('')
    expect(host.sessions.resources(parseJid('ann@example.com').bare)).toHaveLength(2)
  })

  test.each([
    ['under the same tag', 'A'],
    ['under another tag', 'B'],
  ])(
    'B-4: who tries again before its session is open is not ended by its own first try, %s',
    async (_how, tag) => {
      const host = rig()
      const waiting: (() => void)[] = []
      host.hooks.on(
        sessionOpened,
        () =>
          new Promise<void>((resolve) => {
            waiting.push(resolve)
          }),
      )
      const clients = [connect(host.port), connect(host.port)] as const
      for (const [at, client] of clients.entries()) {
        client.feed(hello() + authenticate('ann', bind(['A', tag][at] ?? '') + agent(1)))
        await client.heard()
      }
      for (const open of waiting) open()
      expect(await clients[1].heard()).toContain('<success')
      expect(await clients[0].heard()).toContain('<conflict')
      expect(await clients[1].heard()).toBe('')
      expect(host.sessions.resources(parseJid('ann@example.com').bare)).toHaveLength(1)
    },
  )

  test('B-5: one too many is told so, and is logged in without a session', async () => {
    const host = rig({ sessions: { maxPerAccount: 1 } })
    await login(host, 'ann', bind('A') + agent(1))
    const { answer, jid, client } = await login(host, 'ann', bind('A') + agent(2))
    expect(answer).toContain(
      `<failed xmlns="${NS.bind2}"><resource-constraint xmlns="${NS.stanzaErrors}"/></failed></success>`,
    )
    expect(jid).toBe('ann@example.com')
    client.feed('<presence/>')
    expect(await client.heard()).toContain('<not-authorized')
  })

  test('a connection that is gone before the session is open leaves none behind', async () => {
    const host = rig()
    let release = () => {}
    host.hooks.on(
      sessionOpened,
      () =>
        new Promise<void>((resolve) => {
          release = resolve
        }),
    )
    const client = connect(host.port)
    client.feed(hello() + authenticate('ann', bind('A') + agent(1)))
    await settled()
    client.sink.disconnected()
    await settled()
    release()
    await settled()
    await host.clock.advance(60_000)
    expect([host.sessions.count(), host.port.connections, host.errors]).toEqual([0, 0, []])
  })

  test('a stream that has ended before the session is opened gets none, and leaves nothing behind', async () => {
    const host = rig()
    const opened: unknown[] = []
    host.hooks.on(sessionOpened, ({ session }) => void opened.push(session.jid.toString()))
    let goOn = () => {}
    host.c2s.inline.add({
      name: 'slow',
      seq: 1,
      advertise: () => undefined,
      wants: () => true,
      negotiate: () =>
        new Promise((resolve) => {
          goOn = () => resolve({})
        }),
    })
    // Its client takes a moment to hang up.
    const client = connect(host.port, { lingers: true })
    client.feed(hello() + authenticate('ann', bind('A') + agent(1)))
    await settled()
    let isClosed = false
    const closing = host.port.close().then(() => {
      isClosed = true
    })
    goOn()
    await settled()
    client.sink.disconnected()
    await settled()
    expect([opened, host.sessions.count(), host.port.connections, isClosed]).toEqual([[], 0, 0, true])
    await closing
  })

  test.each([
    ['it was being opened', sessionOpened],
    ['what the client left behind was ending', sessionClosed],
  ])('nobody takes part in the binding of a session that has ended while %s', async (_when, token) => {
    const host = rig()
    const took: string[] = []
    await login(host, 'ann', bind('A') + agent(1))
    host.c2s.bind2.add({
      name: 'quiet',
      seq: 50,
      wants: () => true,
      negotiate: ({ session }) => void took.push(String(session.ended)) as undefined,
    })
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => {
      goOn = resolve
    })
    host.hooks.on(token, () => gate)
    const client = connect(host.port)
    client.feed(hello() + authenticate('ann', bind('B') + agent(1)))
    await settled()
    client.sink.disconnected()
    const jid = host.sessions.resources(parseJid('ann@example.com').bare).at(-1)!.jid
    const ending = host.sessions.kick(jid, new StreamError('conflict'))
    goOn()
    await settled()
    await ending
    expect(took).toEqual([])
    const left = host.sessions.resources(jid.bare)
    expect(left.map((one) => one.jid.toString())).not.toContain(jid.toString())
    expect([host.port.connections, host.errors]).toEqual([left.length, []])
  })
})

describe('modules take part', () => {
  test('in the binding, with the session as hooks see it', async () => {
    const host = rig()
    const seen: string[] = []
    host.c2s.bind2.add({
      name: 'quiet',
      seq: 50,
      feature: NS.clientState,
      wants: (request) => request.has('inactive', NS.clientState),
      negotiate({ session, state }) {
        seen.push(session.jid.toString(), String(host.c2s.sessionOf(state) === session))
        return new Element('quiet', { xmlns: 'urn:quiet' })
      },
    })
    const { answer, jid } = await login(
      host,
      'ann',
      bind('A', `<inactive xmlns='${NS.clientState}'/>`) + agent(1),
    )
    expect(answer).toContain(`<bound xmlns="${NS.bind2}"><quiet xmlns="urn:quiet"/></bound>`)
    expect(seen).toEqual([jid, 'true'])
  })

  test('in the login, also after options have changed', async () => {
    const host = rig()
    const added = host.c2s.inline.add({
      name: 'probe',
      seq: 10,
      advertise: () => new Element('probe', { xmlns: 'urn:probe' }),
      wants: ({ element }) => element.has('probe', 'urn:probe'),
      negotiate: () => ({ element: new Element('probed', { xmlns: 'urn:probe' }) }),
    })
    host.c2s.update({})
    expect((await login(host, 'ann', "<probe xmlns='urn:probe'/>")).answer).toContain('<probed')
    added[Symbol.dispose]()
    expect((await login(host, 'bob', "<probe xmlns='urn:probe'/>")).answer).not.toContain('<probed')
  })
})
