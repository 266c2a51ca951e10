import { createAccess } from '@xmppkit/access'
import { accountDisabled, passwordChanged, removeUser } from '@xmppkit/auth'
import { isFullJid, parseJid } from '@xmppkit/jid'
import { sessionClosed, sessionOpened } from '@xmppkit/sessions'
import { message, StreamError } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { C2sError } from './errors.js'
import { bindRequest, connect, hello, logIn, rig, settled } from './fake-client.js'
import { c2sAuthResult, forbiddenSession } from './tokens.js'

const bindNs = 'urn:ietf:params:xml:ns:xmpp-bind'
const bound = (jid: string) =>
  `<iq id="bind" to="${jid}" type="result"><bind xmlns="${bindNs}"><jid>${jid}</jid></bind></iq>`
const bye = (condition: string, text = '') =>
  `<stream:error xmlns:stream="http://etherx.jabber.org/streams"><${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>${
    text && `<text xml:lang="en" xmlns="urn:ietf:params:xml:ns:xmpp-streams">${text}</text>`
  }</stream:error></stream:stream>`
const ann = parseJid('ann@example.com').bare

describe('logging in', () => {
  test('T-1: without TLS nothing but STARTTLS is offered, and login is refused', async () => {
    const { port } = rig()
    const client = connect(port, { tls: false })
    client.feed(hello())
    expect(await client.heard()).toContain(
      '<stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls></stream:features>',
    )
    client.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>")
    expect(await client.heard()).toContain('<encryption-required/>')
  })

  test('S-7: over TLS mechanisms are offered, then binding and the old session request, which is optional', async () => {
    const { port } = rig()
    const client = connect(port)
    client.feed(hello())
    expect(await client.heard()).toMatch(
      /<stream:features><authentication [^>]*><mechanism>PLAIN<\/mechanism><inline><bind xmlns="urn:xmpp:bind:0"\/><\/inline><\/authentication><mechanisms [^>]*><mechanism>PLAIN<\/mechanism><\/mechanisms><limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>8192<\/max-bytes><\/limits><\/stream:features>$/,
    )
    client.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>")
    expect(await client.heard()).toBe('<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>')
    client.feed(hello())
    expect(await client.heard()).toContain(
      `<stream:features><bind xmlns="${bindNs}"/><session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session><limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>262144</max-bytes><idle-seconds>600</idle-seconds></limits></stream:features>`,
    )
  })

  test('S-10: a stanza before login ends the stream', async () => {
    const { port } = rig()
    const client = connect(port)
    client.feed(`${hello()}<message to='bob@example.com'/>`)
    expect(await client.heard()).toContain(bye('not-authorized'))
  })

  test.each([
    ['to nobody', '<message/>'],
    ['to the server', "<iq type='get' id='1' to='example.com'><q xmlns='urn:q'/></iq>"],
    ['to somebody', "<message to='bob@other.example'/>"],
    ['of presence', '<presence/>'],
  ])('B-1: a stanza %s before a resource is bound ends the stream and goes nowhere', async (_, input) => {
    const { port, away, asked } = rig()
    const client = connect(port)
    await logIn(client, 'ann')
    client.feed(input)
    expect(await client.heard()).toBe(bye('not-authorized'))
    expect([...away, ...asked]).toEqual([])
  })

  test('S-8 SEC-10: after login the domain stays what it is', async () => {
    const { port } = rig()
    const client = connect(port)
    client.feed(hello())
    client.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFubgBzZWNyZXQ=</auth>")
    await client.heard()
    client.feed(hello('other.example'))
    expect(await client.heard()).toContain('<not-authorized')
  })

  test('A-21: a second login ends the stream', async () => {
    const { client, sessions } = rig()
    const one = await client('ann', 'r')
    one.feed("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGJvYgBzZWNyZXQ=</auth>")
    expect(await one.heard()).toContain('<policy-violation')
    expect(sessions.count()).toBe(0)
  })

  test('every try is told, without secrets', async () => {
    const { port, hooks } = rig()
    const told: string[] = []
    hooks.on(c2sAuthResult, (attempt) => void told.push(JSON.stringify(attempt)))
    const client = connect(port)
    client.feed(hello())
    for (const password of ['hunter2', 'secret']) {
      const initial = Buffer.from(`\0ann\0${password}`).toString('base64')
      client.feed(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${initial}</auth>`)
      await settled()
    }
    expect(told.length).toBe(2)
    expect(told.join()).toContain('not-authorized')
    expect(told.join()).not.toMatch(/hunter2|secret/)
  })
})

describe('binding a resource', () => {
  test('B-3: the answer names the full address', async () => {
    const { port, sessions } = rig()
    const client = connect(port)
    await logIn(client, 'ann')
    client.feed(bindRequest('r'))
    expect(await client.heard()).toBe(bound('ann@example.com/r'))
    expect(sessions.resources(ann).map(({ jid }) => jid.resource)).toEqual(['r'])
    expect(sessions.resources(ann)[0]?.info).toMatchObject({
      transport: 'tls',
      secure: true,
      mechanism: 'PLAIN',
      remoteAddress: '192.0.2.7',
    })
  })

  test('B-2: without a wish the server chooses', async () => {
    const { port } = rig()
    const client = connect(port)
    await logIn(client, 'ann')
    client.feed(bindRequest(''))
    expect(await client.heard()).toMatch(/<jid>ann@example.com\/[^<]+<\/jid>/)
  })

  test('B-4: the old session of a resource ends with conflict, and is settled before the new one is told', async () => {
    const { client, hooks, port, sessions } = rig()
    const old = await client('ann', 'r')
    const order: string[] = []
    hooks.on(sessionClosed, async ({ session }) => {
      await settled()
      order.push(`closed ${session.sid === sessions.resources(ann)[0]?.sid ? 'new' : 'old'}`)
    })
    hooks.on(sessionOpened, () => void order.push('opened'))
    const next = connect(port)
    await logIn(next, 'ann')
    next.feed(bindRequest('r'))
    for (let i = 0; i < 6; i++) await settled()
    expect(await old.heard()).toContain('<conflict')
    expect(order).toEqual(['closed old', 'opened'])
    expect(await next.heard()).toBe(bound('ann@example.com/r'))
    expect(sessions.count()).toBe(1)
  })

  test('B-4: or the new one is refused and may ask for another resource', async () => {
    const { client, port } = rig({ sessions: { onConflict: 'refuse' } })
    await client('ann', 'r')
    const next = connect(port)
    await logIn(next, 'ann')
    next.feed(bindRequest('r'))
    expect(await next.heard()).toContain('<conflict')
    next.feed(bindRequest('s'))
    expect(await next.heard()).toBe(bound('ann@example.com/s'))
  })

  test('B-5: too many sessions of an account are refused', async () => {
    const { client, port, sessions } = rig({ sessions: { maxPerAccount: 1 } })
    await client('ann', 'r')
    const next = connect(port)
    await logIn(next, 'ann')
    next.feed(bindRequest('s'))
    expect(await next.heard()).toContain('<resource-constraint')
    expect(sessions.count()).toBe(1)
    next.sink.disconnected()
    await settled()
    expect(port.connections).toBe(1)
  })

  test('B-7: a second resource is refused, and the first stays', async () => {
    const { client, sessions } = rig()
    const one = await client('ann', 'r')
    one.feed(bindRequest('s'))
    expect(await one.heard()).toContain('<not-allowed')
    expect(sessions.resources(ann).map(({ jid }) => jid.resource)).toEqual(['r'])
  })

  test('B-6: the old session request is answered with an empty result', async () => {
    const { client } = rig()
    const one = await client('ann', 'r')
    one.feed("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>")
    expect(await one.heard()).toBe('<iq id="s" to="ann@example.com/r" type="result"/>')
  })

  test('an access rule decides who may log in here', async () => {
    const access = createAccess({
      acls: { blocked: { user: 'ann@example.com' } },
      accessRules: { c2s: [{ deny: 'blocked' }, { allow: 'all' }] },
    })
    const { client, port, hooks, sessions } = rig({ deps: { access }, c2s: { accessRule: 'c2s' } })
    const told: string[] = []
    hooks.on(forbiddenSession, ({ jid, remoteAddress }) => void told.push(`${jid} ${remoteAddress}`))
    await client('bob', 'r')
    const one = connect(port)
    await logIn(one, 'ann')
    one.feed(bindRequest('r'))
    expect(await one.heard()).toContain('<not-allowed')
    expect(sessions.resources(ann)).toEqual([])
    expect(told).toEqual(['ann@example.com/r 192.0.2.7'])
  })

  test('an access rule there is none of is found out at once', () => {
    expect(() => rig({ c2s: { accessRule: 'c2s' } })).toThrow('there is no access rule "c2s"')
    const { c2s } = rig()
    expect(() => c2s.update({ accessRule: 'c2s' })).toThrow(C2sError)
  })
})

describe('limits', () => {
  test('L-1: whoever sends too fast is read more slowly', async () => {
    const { client, clock, away } = rig({ c2s: { shaper: { operationsPerSecond: 1, burstOperations: 2 } } })
    const one = await client('ann', 'r')
    one.feed("<message to='a@other.example'/>".repeat(4))
    expect(away.length).toBe(3)
    expect(one.calls).toContain('pause')
    await clock.advance(1_000)
    expect(away.length).toBe(4)
    await clock.advance(1_000)
    expect(one.calls.at(-1)).toBe('resume')
  })

  test('L-1: bytes count as well', async () => {
    const { client, clock, away } = rig({ c2s: { shaper: { bytesPerSecond: 100, burstBytes: 100 } } })
    const one = await client('ann', 'r')
    one.feed(`<message to='a@other.example'><body>${'x'.repeat(200)}</body></message>`)
    one.feed("<message to='a@other.example'/>")
    expect(away.length).toBe(1)
    await clock.advance(3_000)
    expect(away.length).toBe(2)
  })

  test('a shaper rule decides by account, where it yields something', async () => {
    const access = createAccess({
      acls: { slow: { user: 'ann@example.com' } },
      shapers: { crawl: { operationsPerSecond: 1, burstOperations: 1 } },
      shaperRules: {
        c2s: [
          { shaper: 'crawl', for: 'slow' },
          { shaper: 'none', for: 'all' },
        ],
      },
    })
    const { client, away } = rig({ deps: { access }, c2s: { shaperRule: 'c2s' } })
    const slow = await client('ann', 'r')
    const fast = await client('bob', 'r')
    slow.feed("<message to='a@other.example'/>".repeat(5))
    fast.feed("<message to='b@other.example'/>".repeat(5))
    expect(away.map(({ from }) => from?.local).filter((user) => user === 'ann').length).toBeLessThan(5)
    expect(away.map(({ from }) => from?.local).filter((user) => user === 'bob').length).toBe(5)
  })

  test('L-1: only so many different recipients within the window', async () => {
    const { client, clock, away } = rig({ c2s: { maxRecipients: 2, recipientsWindowMs: 1_000 } })
    const one = await client('ann', 'r')
    for (const user of ['a', 'a', 'b', 'a', 'c'])
      one.feed(`<message id='${user}' to='${user}@other.example/x'/>`)
    expect(await one.heard()).toMatch(
      /^<message from="c@other.example\/x" id="c" [^>]+><error type="wait"><resource-constraint/,
    )
    expect(away.map(({ id }) => id)).toEqual(['a', 'a', 'b', 'a'])
    await clock.advance(1_000)
    one.feed("<message id='c' to='c@other.example'/>")
    expect(away.length).toBe(5)
  })

  test('Infinity lifts it', async () => {
    const { client, away } = rig({ c2s: { maxRecipients: Number.POSITIVE_INFINITY, shaper: {} } })
    const one = await client('ann', 'r')
    for (let i = 0; i < 1_500; i++) one.feed(`<message to='u${i}@other.example'/>`)
    expect(away.length).toBe(1_500)
  })

  test('L-1: only so many connections', async () => {
    const { port } = rig({ port: { maxConnections: 1 } })
    const one = connect(port)
    const two = connect(port)
    expect(await two.heard()).toContain('<resource-constraint')
    one.feed(hello())
    expect(await one.heard()).toContain('<stream:features>')
  })

  test('S-14: an idle client is pinged, and any answer keeps it', async () => {
    const { client, clock, sessions } = rig({ port: { idleTimeoutMs: 1_000, probeTimeoutMs: 500 } })
    const one = await client('ann', 'r')
    await clock.advance(1_000)
    const ping = await one.heard()
    expect(ping).toMatch(
      /^<iq from="example.com" id="[^"]+" to="ann@example.com\/r" type="get"><ping xmlns="urn:xmpp:ping"\/><\/iq>$/,
    )
    const id = /id="([^"]+)"/.exec(ping)?.[1]
    one.feed(`<iq type='result' id='${id}' to='example.com'/>`)
    await clock.advance(999)
    expect(sessions.count()).toBe(1)
    await clock.advance(1_000)
    expect(await one.heard()).toContain('<connection-timeout')
    expect(sessions.count()).toBe(0)
  })
})

describe('features', () => {
  test('are offered from the moment they are added until they are disposed', async () => {
    const { c2s, port } = rig()
    const extra: StreamFeature = {
      name: 'extra',
      ns: 'urn:extra',
      offered: () => true,
      advertise: () => new Element('extra', { xmlns: 'urn:extra' }),
    }
    const added = c2s.features.add(extra)
    const one = connect(port)
    one.feed(hello())
    expect(await one.heard()).toContain('<extra xmlns="urn:extra"/></stream:features>')
    added[Symbol.dispose]()
    const two = connect(port)
    two.feed(hello())
    expect(await two.heard()).not.toContain('urn:extra')
  })

  test('options can change while clients are connected', async () => {
    const { c2s, port, client } = rig()
    const before = await client('ann', 'r')
    c2s.update({ requireTls: false, sasl: { mechanisms: ['SCRAM-SHA-1'] } })
    expect(() => c2s.update({ sasl: { mechanisms: ['NONSENSE'] } })).toThrow()
    const one = connect(port, { tls: false })
    one.feed(hello())
    expect(await one.heard()).toContain('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
    before.feed('<presence/>')
    expect(await before.heard()).toBe('')
  })

  test('S-17: clients of a host that moved are told where, over TLS', async () => {
    const { port } = rig({ c2s: { redirect: 'b.example.com:5222' } })
    const one = connect(port)
    one.feed(hello())
    expect(await one.heard()).toContain('>b.example.com:5222</see-other-host>')
  })
})

describe('ends', () => {
  test('S-15: closing the port ends every stream with system-shutdown and waits until all is settled', async () => {
    const { client, port, hooks, sessions, c2s } = rig()
    const one = await client('ann', 'r')
    const two = connect(port)
    let told = false
    hooks.on(sessionClosed, async () => {
      await settled()
      told = true
    })
    await Promise.all([port.close(), port.close()])
    expect(told).toBe(true)
    expect(await one.heard()).toBe(bye('system-shutdown'))
    expect(await two.heard()).toContain('<system-shutdown')
    expect([port.connections, c2s.connections, sessions.count()]).toEqual([0, 0, 0])
    const late = connect(port)
    expect(await late.heard()).toContain('<system-shutdown')
  })

  test('closing does not wait for ever for a listener that hangs', async () => {
    const { client, port, hooks, clock, errors } = rig()
    await client('ann', 'r')
    hooks.on(sessionClosed, () => new Promise<void>(() => {}))
    let closed = false
    const closing = port.close().then(() => {
      closed = true
    })
    await clock.advance(29_999)
    expect(closed).toBe(false)
    await clock.advance(1)
    await closing
    expect(errors).toEqual(['connections are still closing'])
  })

  test('closing a port or a host nobody is connected to is done at once', async () => {
    const { port, c2s } = rig()
    await port.close()
    await c2s.close()
  })

  test('S-15: closing one host ends its clients only, and lets nobody in', async () => {
    const { client, c2s, port } = rig()
    const one = await client('ann', 'r')
    const waiting = connect(port)
    await c2s.close()
    expect(await one.heard()).toBe(bye('system-shutdown'))
    waiting.feed(hello())
    expect(await waiting.heard()).toContain('<system-shutdown')
  })

  test('S-4: clients of a domain that is gone are told so while they log in', async () => {
    const { c2s, port, client } = rig()
    const one = await client('ann', 'r')
    const two = connect(port)
    two.feed(hello())
    await two.heard()
    c2s.leaveDomain('example.com')
    expect(await two.heard()).toBe(bye('host-gone'))
    expect(await one.heard()).toBe('')
  })

  test('S-15: whoever is kicked is told why', async () => {
    const { client, sessions } = rig()
    const one = await client('ann', 'r')
    await sessions.kick(ann, new StreamError('policy-violation', { text: 'enough' }))
    expect(await one.heard()).toBe(bye('policy-violation', 'enough'))
    expect(sessions.count()).toBe(0)
  })

  test('NODE-2: a client that does not read is cut off, and its messages go elsewhere', async () => {
    const { client, clock, sessions, away } = rig({ port: { maxOutboxStanzas: 2 } })
    const one = await client('ann', 'r')
    one.instant = false
    for (const id of ['1', '2', '3']) {
      void sessions.deliver(message({ type: 'chat', from: 'bob@other.example', to: 'ann@example.com/r', id }))
    }
    await clock.advance(2_000)
    expect(one.calls).toContain('destroy')
    expect(away.map(({ id, type }) => `${id} ${type}`)).toEqual(['1 error', '2 error', '3 error'])
  })

  test('A-20: a changed password ends the other sessions', async () => {
    const { client, hooks, sessions } = rig()
    const one = await client('ann', 'one')
    const two = await client('ann', 'two')
    const by = parseJid('ann@example.com/one')
    await hooks.run(passwordChanged, { account: ann, by: isFullJid(by) ? by : undefined })
    expect(await two.heard()).toBe(bye('not-authorized', 'the password was changed'))
    expect(await one.heard()).toBe('')
    expect(sessions.count()).toBe(1)
  })

  test('sessions of a disabled account end, those of one that is enabled again do not', async () => {
    const { client, hooks, sessions } = rig()
    await client('ann', 'one')
    await hooks.run(accountDisabled, { account: ann, reason: undefined })
    expect(sessions.count()).toBe(1)
    await hooks.run(accountDisabled, { account: ann, reason: 'spam' })
    expect(sessions.count()).toBe(0)
  })

  test('SEC-25: sessions of a removed account end, behind the answer to whoever asked', async () => {
    const { client, hooks, sessions, clock } = rig()
    const one = await client('ann', 'one')
    await hooks.run(removeUser, { account: ann, id: '1' })
    void sessions.deliver(message({ from: 'example.com', to: 'ann@example.com/one', id: 'answer' }))
    await clock.advance(0)
    const heard = await one.heard()
    expect(heard).toContain('id="answer"')
    expect(heard).toContain(bye('not-authorized', 'the account was removed'))
    expect(sessions.count()).toBe(0)
  })

  test('NODE-7: when everybody has gone, no timer and no listener is left', async () => {
    const { client, clock, port, c2s, hooks } = rig()
    await client('ann', 'one')
    await client('bob', 'two')
    await port.close()
    await c2s.close()
    await clock.advance(60_000)
    expect(clock.timers).toBe(0)
    expect([passwordChanged, accountDisabled, removeUser].map((token) => hooks.has(token))).toEqual([
      false,
      false,
      false,
    ])
  })
})
