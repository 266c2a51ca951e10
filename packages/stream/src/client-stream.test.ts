import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, silentLogger } from '@xmppkit/runtime'
import { plainClient } from '@xmppkit/sasl'
import { isSaslFailure, StreamError } from '@xmppkit/stanza'
import { bytesFromWire, Element, wireFromText } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { clientBind, clientSasl, clientStarttls } from './client-features.js'
import { type ClientStream, type ClientStreamOptions, createClientStream } from './client-stream.js'
import { type FakeTransport, fakeTransport, settled } from './fake-transport.js'
import type { ConnectionSink, Transport } from './ports.js'
import { createServerStream } from './server-stream.js'
import { starttlsFeature } from './starttls-feature.js'
import type { StreamEnd } from './stream-end.js'
import type { StreamFeature } from './stream-feature.js'

const sasl = 'urn:ietf:params:xml:ns:xmpp-sasl'
const bind = 'urn:ietf:params:xml:ns:xmpp-bind'
const xml = "<?xml version='1.0'?>"
const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
const greeting = `${xml}${header} id='x' from='example.com' version='1.0'>`
const ann = parseJid('ann@example.com')

const password = (text: string) =>
  clientSasl({
    choose: (names) =>
      names.includes('PLAIN') ? plainClient({ username: 'ann', password: text }) : undefined,
  })

interface Rig {
  stream: ClientStream<string>
  transport: FakeTransport
  clock: ReturnType<typeof createManualClock>
  elements: string[]
  ends: StreamEnd[]
  ready: number
  feed(text: string): void
  heard(): Promise<string>
}

function open(options: Partial<ClientStreamOptions> = {}, transport = fakeTransport()): Rig {
  const clock = createManualClock()
  const rig: Rig = {
    transport,
    clock,
    elements: [],
    ends: [],
    ready: 0,
    stream: createClientStream<string>(
      {
        transport,
        clock,
        logger: silentLogger,
        onEstablished: () => void rig.ready++,
        onElement: (el) => void rig.elements.push(el.name),
        onClosed: (end) => void rig.ends.push(end),
      },
      {
        domain: 'EXAMPLE.com',
        from: ann,
        features: [password('secret'), clientBind({ resource: 'r' })],
        ...options,
      },
    ),
    feed: (text) => rig.stream.receive(Buffer.from(text)),
    async heard() {
      await settled()
      return transport.taken()
    },
  }
  return rig
}

describe('the initiating side', () => {
  test('opens, authenticates, opens again and binds', async () => {
    const rig = open()
    expect(await rig.heard()).toBe(`${xml}${header} to='example.com' version='1.0' xml:lang='en'>`)
    rig.feed(
      `${greeting}<stream:features><mechanisms xmlns='${sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    expect(await rig.heard()).toBe(`<auth xmlns="${sasl}" mechanism="PLAIN">AGFubgBzZWNyZXQ=</auth>`)
    rig.feed(`<success xmlns='${sasl}'/>`)
    expect(await rig.heard()).toBe(`${xml}${header} to='example.com' version='1.0' xml:lang='en'>`)
    rig.feed(`${greeting}<stream:features><bind xmlns='${bind}'/></stream:features>`)
    expect(await rig.heard()).toBe(
      `<iq type="set" id="bind"><bind xmlns="${bind}"><resource>r</resource></bind></iq>`,
    )
    rig.feed(
      `<iq type='result' id='bind'><bind xmlns='${bind}'><jid>ann@example.com/other</jid></bind></iq><message/>`,
    )
    await settled()
    expect(rig.ready).toBe(1)
    expect(`${rig.stream.state.bound}`).toBe('ann@example.com/other')
    expect(rig.elements).toEqual(['message'])
  })

  test('tells its name over TLS only', async () => {
    const rig = open({}, fakeTransport({ tls: { protocol: 'TLSv1.3' } }))
    expect(await rig.heard()).toContain(" from='ann@example.com'")
  })

  test('a refusal of the credentials is the cause of the end', async () => {
    const rig = open()
    rig.feed(
      `${greeting}<stream:features><mechanisms xmlns='${sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    await rig.heard()
    rig.feed(`<failure xmlns='${sasl}'><not-authorized/></failure>`)
    expect(await rig.heard()).toBe('</stream:stream>')
    const cause = rig.ends[0]?.cause
    expect(isSaslFailure(cause) && cause.condition).toBe('not-authorized')
  })

  test.each([
    ['no mechanism we know', `<mechanisms xmlns='${sasl}'><mechanism>X</mechanism></mechanisms>`],
    ['no mechanisms at all', ''],
  ])('a server that offers %s is left', async (_, features) => {
    const rig = open()
    rig.feed(`${greeting}<stream:features>${features}</stream:features>`)
    expect(await rig.heard()).toContain('</stream:stream>')
    expect(rig.ends[0]?.cause).toMatchObject({ code: 'stream/refused' })
  })

  test.each([
    ['another element', '<message/>'],
    ['another answer of the namespace', `<abort xmlns='${sasl}'/>`],
  ])('a server that answers with %s is left', async (_, answer) => {
    const rig = open()
    rig.feed(
      `${greeting}<stream:features><mechanisms xmlns='${sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    await rig.heard()
    rig.feed(answer)
    await settled()
    expect(rig.ends[0]?.cause).toMatchObject({ code: 'stream/unexpected-reply' })
  })

  test.each([
    ['bad base64', `<challenge xmlns='${sasl}'>!</challenge>`, 'sasl/bad-base64'],
    ['a challenge where none is due', `<challenge xmlns='${sasl}'>QQ==</challenge>`, 'sasl/bad-challenge'],
  ])('a server that answers with %s is left', async (_, answer, code) => {
    const rig = open()
    rig.feed(
      `${greeting}<stream:features><mechanisms xmlns='${sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    await rig.heard()
    rig.feed(answer)
    expect(await rig.heard()).toBe('</stream:stream>')
    expect(rig.ends[0]?.cause).toMatchObject({ code })
  })

  test('SEC-7: a server without TLS is left where TLS is required', async () => {
    const rig = open(
      { features: [clientStarttls(), password('secret')] },
      fakeTransport({ canStartTls: true }),
    )
    rig.feed(
      `${greeting}<stream:features><mechanisms xmlns='${sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    expect(await rig.heard()).not.toContain('<auth')
    expect(rig.ends[0]?.cause).toMatchObject({ code: 'stream/refused' })
  })

  test('T-3: what a server says in clear text behind its permission to use TLS is never looked at', async () => {
    const rig = open({ features: [clientStarttls(), password('x')] }, fakeTransport({ canStartTls: true }))
    rig.feed(
      `${greeting}<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>`,
    )
    expect(await rig.heard()).toContain('<starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>')
    rig.feed(`<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>${greeting}<stream:features/>`)
    await settled()
    expect(rig.transport.calls).toContain('startTls example.com')
    rig.stream.secured({ protocol: 'TLSv1.3' })
    expect(await rig.heard()).toContain(" from='ann@example.com'")
    expect(rig.stream.phase).toBe('header')
  })

  test('S-5: a server from before XMPP 1.0 is refused', async () => {
    const rig = open()
    rig.feed(`${header} id='x' from='example.com'>`)
    expect(await rig.heard()).toContain('<unsupported-version')
  })

  test('errors of the server are reported', async () => {
    const rig = open()
    rig.feed(
      `${greeting}<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
    )
    await settled()
    expect(rig.ends).toMatchObject([{ by: 'peer', error: { condition: 'host-unknown' } }])
  })

  test('a server that refuses to bind is left', async () => {
    const rig = open()
    rig.feed(
      `${greeting}<stream:features><mechanisms xmlns='${sasl}'><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
    )
    await settled()
    rig.feed(
      `<success xmlns='${sasl}'/>${greeting}<stream:features><bind xmlns='${bind}'/></stream:features>`,
    )
    await settled()
    rig.feed(
      `<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    )
    await settled()
    expect(rig.ends[0]?.cause?.message).toContain('conflict')
  })

  test('with nothing wanted the stream is established at the first list', async () => {
    const rig = open({ features: [] })
    rig.feed(`${greeting}<stream:features><bind xmlns='${bind}'/></stream:features><presence/>`)
    await settled()
    expect(rig.ready).toBe(1)
    expect(rig.elements).toEqual(['presence'])
  })
})

/** Joins two sinks: what one side writes the other receives, in the same turn. */
function wire(framing: 'stream' | 'framed' = 'stream') {
  const ends: { sink?: ConnectionSink; transport: Transport }[] = []
  const side = (other: () => { sink?: ConnectionSink }): Transport => ({
    framing,
    remoteAddress: '192.0.2.1',
    tls: undefined,
    canStartTls: true,
    write(text) {
      other().sink?.receive(bytesFromWire(text))
      return true
    },
    flushed: (done) => done(),
    pause() {},
    resume() {},
    startTls() {
      ends.find((end) => end.transport === this)?.sink?.secured({ protocol: 'TLSv1.3' })
    },
    end: () => other().sink?.disconnected(),
    destroy: () => other().sink?.disconnected(),
  })
  ends.push({ transport: side(() => ends[1]!) }, { transport: side(() => ends[0]!) })
  return [ends[0]!, ends[1]!] as const
}

describe('both sides together', () => {
  const saslFeature: StreamFeature = {
    name: 'sasl',
    ns: sasl,
    offered: (state) => state.secure && state.authenticated === undefined,
    required: () => true,
    advertise() {
      const el = new Element('mechanisms', { xmlns: sasl })
      el.c('mechanism').t('PLAIN')
      return el
    },
    negotiate(_el, io) {
      io.send(new Element('success', { xmlns: sasl }))
      return { restart: true, authenticated: ann as BareJid, mechanism: 'PLAIN' }
    },
  }
  const bindFeature: StreamFeature = {
    name: 'bind',
    ns: bind,
    offered: (state) => state.authenticated !== undefined && state.bound === undefined,
    required: () => true,
    advertise: () => new Element('bind', { xmlns: bind }),
    handles: (el) => el.has('bind', bind),
    async negotiate(el, io) {
      await Promise.resolve()
      const reply = new Element('iq', { xmlns: 'jabber:client', type: 'result', id: el.attr('id') ?? '' })
      reply.c('bind', { xmlns: bind }).c('jid').t('ann@example.com/r')
      io.send(reply)
      return { bound: parseJid('ann@example.com/r') as FullJid }
    },
  }

  test.each(['stream', 'framed'] as const)('T-4 S-3: a whole session over %s framing', async (framing) => {
    const [client, server] = wire(framing)
    const clock = createManualClock()
    const seen: string[] = []
    const closed: StreamEnd[] = []
    const receiving = createServerStream({
      transport: server.transport,
      clock,
      ids: createCountingIds('s'),
      logger: silentLogger,
      resolve: () => ({ features: () => [starttlsFeature(), saslFeature, bindFeature] }),
      onElement: (el) => void seen.push(`${el.name} ${el.child('body', el.ns)?.text()}`),
      onClosed: (end) => void closed.push(end),
    })
    server.sink = receiving
    const initiating: ClientStream = createClientStream(
      {
        transport: client.transport,
        clock,
        logger: silentLogger,
        onEstablished: () =>
          initiating.send(wireFromText("<message xmlns='jabber:client'><body>Привет</body></message>")),
        onElement: () => {},
        onClosed: (end) => void closed.push(end),
      },
      { domain: 'example.com', from: ann, features: [clientStarttls(), password('secret'), clientBind()] },
    )
    client.sink = initiating
    await settled()
    expect(receiving.state).toMatchObject({ secure: true, mechanism: 'PLAIN', id: 's3' })
    expect(`${receiving.state.from}`).toBe('ann@example.com')
    expect(seen).toEqual(['message Привет'])
    initiating.close()
    await settled()
    expect(closed).toEqual([
      { by: 'peer', clean: true },
      { by: 'local', clean: true },
    ])
    await clock.advance(60_000)
    expect(clock.timers).toBe(0)
  })

  test('S-15: an error of one side ends the other', async () => {
    const [client, server] = wire()
    const clock = createManualClock()
    const closed: (string | undefined)[] = []
    const shared = { clock, logger: silentLogger, onElement: () => {} }
    const receiving = createServerStream({
      ...shared,
      transport: server.transport,
      ids: createCountingIds('s'),
      resolve: () => ({ features: () => [saslFeature] }),
      onClosed: () => {},
    })
    server.sink = receiving
    client.sink = createClientStream(
      {
        ...shared,
        transport: client.transport,
        onClosed: (end) => void closed.push(`${end.by} ${end.error?.condition}`),
      },
      { domain: 'example.com', features: [password('secret')] },
    )
    receiving.close(new StreamError('system-shutdown'))
    await settled()
    expect(closed).toEqual(['peer system-shutdown'])
  })
})
