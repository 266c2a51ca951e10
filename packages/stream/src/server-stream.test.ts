import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, createManualClock, type Logger, silentLogger } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import { Element, type RawElement, wireFromText } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type FakeTransport, fakeTransport, settled } from './fake-transport.js'
import {
  createServerStream,
  type ServerStream,
  type ServerStreamDeps,
  type ServerStreamOptions,
  type StreamHost,
} from './server-stream.js'
import { starttlsFeature } from './starttls-feature.js'
import type { StreamEnd } from './stream-end.js'
import type { StreamFeature } from './stream-feature.js'

const login = 'urn:example:login'
const bindNs = 'urn:ietf:params:xml:ns:xmpp-bind'

// <login user='ann'/> proves everything; `wait` makes it ask for a word in between.
const loginFeature: StreamFeature = {
  name: 'login',
  ns: login,
  offered: (state) => state.authenticated === undefined,
  required: () => true,
  advertise: () => new Element('mechanisms', { xmlns: login }),
  async negotiate(el, io) {
    if (el.attr('wait') !== undefined) {
      io.send(new Element('challenge', { xmlns: login }))
      const word = await io.read()
      if (word.name !== 'response') throw new StreamError('policy-violation')
    }
    io.send(new Element('success', { xmlns: login }))
    const account = parseJid(`${el.attr('user')}@${io.state.domain}`) as BareJid
    return el.attr('inline') === undefined
      ? { restart: true, authenticated: account, mechanism: 'TEST' }
      : { features: true, authenticated: account }
  },
}

const bindFeature: StreamFeature = {
  name: 'bind',
  ns: bindNs,
  offered: (state) => state.authenticated !== undefined && state.bound === undefined,
  required: () => true,
  advertise: () => new Element('bind', { xmlns: bindNs }),
  handles: (el) => el.name === 'iq' && el.has('bind', bindNs),
  negotiate(el, io) {
    io.send(new Element('iq', { type: 'result', id: el.attr('id') ?? '' }))
    return { bound: parseJid(`${io.state.authenticated}/r`) as FullJid }
  },
}

const host: StreamHost = { features: () => [starttlsFeature({ required: false }), loginFeature, bindFeature] }

interface Rig {
  stream: ServerStream<string>
  transport: FakeTransport
  clock: ReturnType<typeof createManualClock>
  elements: string[]
  ends: StreamEnd[]
  gone: number
  outcomes: string[]
  errors: string[]
  feed(text: string): void
  /** Everything said since the last call, after all that waits for promises alone has run. */
  heard(): Promise<string>
}

function open(
  setup: {
    transport?: FakeTransport
    host?: StreamHost
    deps?: Partial<ServerStreamDeps<string>>
    options?: ServerStreamOptions
  } = {},
): Rig {
  const transport = setup.transport ?? fakeTransport()
  const clock = createManualClock()
  const errors: string[] = []
  const logger: Logger = { ...silentLogger, error: (message) => errors.push(message) }
  const rig: Rig = {
    transport,
    clock,
    elements: [],
    ends: [],
    gone: 0,
    outcomes: [],
    errors,
    stream: createServerStream<string>(
      {
        transport,
        clock,
        ids: createCountingIds('s'),
        logger,
        resolve: (domain) =>
          domain === 'example.com' || domain === 'other.example'
            ? (setup.host ?? host)
            : domain === 'moved.example'
              ? 'gone'
              : 'unknown',
        onElement: (el) => void rig.elements.push(el.name),
        onClosed: (end) => void rig.ends.push(end),
        onGone: () => void rig.gone++,
        onSettled: (ticket, outcome) => void rig.outcomes.push(`${ticket} ${outcome}`),
        ...setup.deps,
      },
      setup.options,
    ),
    feed: (text) => rig.stream.receive(Buffer.from(text)),
    async heard() {
      await settled()
      return transport.taken()
    },
  }
  return rig
}

const xml = "<?xml version='1.0'?>"
const header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"
const hello = `${xml}${header} to='example.com' version='1.0'>`
const answer = (id: string, to = '') =>
  `${xml}${header} id='${id}' from='example.com'${to} version='1.0' xml:lang='en'>`
const loginOnly = `<stream:features><mechanisms xmlns="${login}"/></stream:features>`
const bindOnly = `<stream:features><bind xmlns="${bindNs}"/></stream:features>`
const bye = '</stream:stream>'
const error = (condition: string, text = '') =>
  `<stream:error xmlns:stream="http://etherx.jabber.org/streams">` +
  `<${condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/>` +
  (text && `<text xmlns="urn:ietf:params:xml:ns:xmpp-streams" xml:lang="en">${text}</text>`) +
  `</stream:error>${bye}`
const bindIq = `<iq type='set' id='b'><bind xmlns='${bindNs}'/></iq>`

async function established(setup: Parameters<typeof open>[0] = {}): Promise<Rig> {
  const rig = open(setup)
  rig.feed(hello)
  await settled()
  rig.feed(`<login xmlns='${login}' user='ann'/>`)
  await settled()
  rig.feed(`${hello}${bindIq}`)
  await settled()
  expect(rig.stream.phase).toBe('established')
  rig.transport.taken()
  rig.transport.calls.splice(0)
  return rig
}

describe('stream headers', () => {
  const fallback = `${xml}${header} id='s1' version='1.0' xml:lang='en'>`
  test.each([
    {
      title: 'S-2: the answer names domain, id, version and language, and the peer if it gave its name',
      input: `${xml}${header} to='EXAMPLE.com' from='ann@example.com/x' version='1.0' xml:lang='de'>`,
      output: answer('s1', " to='ann@example.com/x'") + loginOnly,
    },
    {
      title: 'S-5: a higher minor version is answered with 1.0',
      input: `${header} to='example.com' version='1.10'>`,
      output: answer('s1') + loginOnly,
    },
    {
      title: 'S-5: a header without version gets no features',
      input: `${header} to='example.com'>`,
      output: answer('s1'),
    },
    {
      title: 'S-5: a header of version 0.9 gets no features',
      input: `${header} to='example.com' version='0.9'>`,
      output: answer('s1'),
    },
    {
      title: 'S-5: an unsupported major version is refused',
      input: `${header} to='example.com' version='2.0'>`,
      output: answer('s1') + error('unsupported-version'),
    },
    {
      title: 'S-5: what is no version is refused',
      input: `${header} to='example.com' version='1'>`,
      output: answer('s1') + error('unsupported-version'),
    },
    {
      title: 'S-1 S-4: an unknown domain is refused after a header of our own',
      input: `${header} to='unknown.example' version='1.0'>`,
      output: fallback + error('host-unknown'),
    },
    {
      title: 'S-1 S-4: so is a domain that moved away',
      input: `${header} to='moved.example' version='1.0'>`,
      output: fallback + error('host-gone'),
    },
    {
      title: 'S-4: a header addressed to nobody is refused',
      input: `${header} version='1.0'>`,
      output: fallback + error('improper-addressing'),
    },
    {
      title: 'S-4: a header addressed to an account is refused',
      input: `${header} to='ann@example.com' version='1.0'>`,
      output: fallback + error('improper-addressing'),
    },
    {
      title: 'S-4: a header addressed to something that is no address is refused',
      input: `${header} to='@@' version='1.0'>`,
      output: fallback + error('improper-addressing'),
    },
    {
      title: 'S-6: another stream namespace is refused',
      input: `<stream:stream xmlns='jabber:client' xmlns:stream='urn:x' to='example.com' version='1.0'>`,
      output: answer('s1') + error('invalid-namespace'),
    },
    {
      title: 'S-6: another content namespace is refused',
      input: `<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>`,
      output: answer('s1') + error('invalid-namespace'),
    },
    {
      title: 'S-6: another root of the right namespace is refused',
      input: `<stream:strom xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>`,
      output: answer('s1') + error('bad-format'),
    },
    {
      title: 'S-6: another prefix for the stream namespace is handled',
      input: `<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' to='example.com' version='1.0'>`,
      output: answer('s1') + loginOnly,
    },
    {
      title: 'S-1: what is no XML at all is refused after a header of our own',
      input: 'GET / HTTP/1.1\r\n',
      output: fallback + error('not-well-formed'),
    },
    {
      title: 'a language longer than 35 characters is refused, as it would be kept',
      input: `${header} to='example.com' version='1.0' xml:lang='${'x'.repeat(36)}'>`,
      output: answer('s1') + error('policy-violation', 'xml:lang is too long'),
    },
    {
      title: 'X-12: a header larger than the limit is refused',
      input: `${header} to='example.com' version='1.0' x='${'x'.repeat(8 * 1024)}'>`,
      output: fallback + error('policy-violation'),
    },
  ])('$title', async ({ input, output }) => {
    const rig = open()
    rig.feed(input)
    expect(await rig.heard()).toBe(output)
    const refused = output.includes('stream:error')
    expect(rig.ends.length).toBe(refused ? 1 : 0)
    expect(rig.transport.calls).toEqual(refused ? ['end'] : [])
  })

  test('S-1: a refusal of an unknown domain can name the domain we do serve', async () => {
    const rig = open({ options: { fallbackDomain: 'example.com' } })
    rig.feed(`${header} to='unknown.example' version='1.0'>`)
    expect(await rig.heard()).toBe(answer('s1') + error('host-unknown'))
  })

  test('S-2 D-7: the language and the name of the peer are remembered', () => {
    const rig = open()
    rig.feed(`${xml}${header} to='example.com' from='ann@example.com' version='1.0' xml:lang='de'>`)
    expect(rig.stream.state).toMatchObject({ domain: 'example.com', lang: 'de', id: 's1', secure: false })
    expect(`${rig.stream.state.from}`).toBe('ann@example.com')
  })

  test('a header arriving byte by byte is answered once', async () => {
    const rig = open()
    for (const byte of Buffer.from(hello)) rig.stream.receive(Uint8Array.of(byte))
    expect(await rig.heard()).toBe(answer('s1') + loginOnly)
  })
})

describe('negotiation', () => {
  test('S-3 S-7 A-7: after authentication nothing is said before the new header, which gets a new id', async () => {
    const rig = open()
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s1') + loginOnly)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toBe(`<success xmlns="${login}"/>`)
    expect(rig.stream.phase).toBe('header')
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + bindOnly)
    rig.feed(bindIq)
    expect(await rig.heard()).toBe('<iq type="result" id="b"/>')
    expect(rig.stream.phase).toBe('established')
    expect(rig.stream.state).toMatchObject({ mechanism: 'TEST', id: 's2' })
  })

  test('what the peer sends ahead of a restart after authentication is kept', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}${bindIq}<message/>`)
    expect(await rig.heard()).toBe(
      `${answer('s1')}${loginOnly}<success xmlns="${login}"/>${answer('s2')}${bindOnly}<iq type="result" id="b"/>`,
    )
    expect(rig.elements).toEqual(['message'])
  })

  test('A-7: a feature may ask for features without a restart', async () => {
    const rig = open()
    rig.feed(hello)
    await rig.heard()
    rig.feed(`<login xmlns='${login}' user='ann' inline=''/>${bindIq}`)
    expect(await rig.heard()).toBe(`<success xmlns="${login}"/>${bindOnly}<iq type="result" id="b"/>`)
  })

  test('S-18: a feature that reads gets the next element, and only that', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann' wait=''/>`)
    await rig.heard()
    rig.feed(`<response xmlns='${login}'/>`)
    expect(await rig.heard()).toBe(`<success xmlns="${login}"/>`)
  })

  test('S-7: the list is empty once nothing is left, and ends negotiation', async () => {
    const rig = open({
      options: { contentNs: 'jabber:server' },
      host: { features: () => [loginFeature] },
    })
    const serverHello = hello.replace('jabber:client', 'jabber:server')
    rig.feed(`${serverHello}<login xmlns='${login}' user='ann'/>${serverHello}<message/>`)
    expect(await rig.heard()).toMatch(/<stream:features\/>$/)
    expect(rig.stream.phase).toBe('established')
    expect(rig.elements).toEqual(['message'])
  })

  test('S-13: nothing but elements is sent while negotiating', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann' wait=''/>`)
    await rig.clock.advance(29_000)
    expect(await rig.heard()).not.toMatch(/(^|>)\s+(<|$)/)
  })

  test.each(['message', 'presence', 'iq'])(
    'S-10: <%s/> before authentication ends the stream',
    async (name) => {
      const rig = open()
      rig.feed(hello)
      await rig.heard()
      rig.feed(`<${name} type='get' id='1' to='example.com'><query xmlns='urn:x'/></${name}>`)
      expect(await rig.heard()).toBe(error('not-authorized'))
      expect(rig.elements).toEqual([])
    },
  )

  test('B-1: a stanza before a resource is bound ends the stream', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}<message to='bob@example.com'/>`)
    expect(await rig.heard()).toMatch(error('not-authorized'))
    expect(rig.elements).toEqual([])
  })

  test('S-5: a peer without features cannot negotiate them either', async () => {
    const rig = open()
    rig.feed(`${header} to='example.com'><login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toBe(answer('s1') + error('unsupported-stanza-type'))
  })

  test('A-21: a feature that was negotiated is not negotiated again', async () => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}<login xmlns='${login}' user='bob'/>`)
    expect(await rig.heard()).toContain(error('policy-violation', 'bind comes first'))
    expect(`${rig.stream.state.authenticated}`).toBe('ann@example.com')
  })

  test('S-8: no feature can change who the peer is', async () => {
    const turncoat: StreamFeature = { ...loginFeature, offered: () => true }
    const rig = open({ host: { features: () => [turncoat, bindFeature] } })
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${hello}<login xmlns='${login}' user='bob'/>`)
    expect(await rig.heard()).toContain(error('policy-violation', 'already authenticated'))
    expect(`${rig.stream.state.authenticated}`).toBe('ann@example.com')
  })

  test.each([
    { to: 'other.example', from: '', condition: 'not-authorized' },
    { to: 'unknown.example', from: '', condition: 'host-unknown' },
    { to: 'example.com', from: " from='bob@example.com'", condition: 'invalid-from' },
  ])('S-8 SEC-10: a restart after login is refused with $condition', async ({ to, from, condition }) => {
    const rig = open()
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>${header} to='${to}'${from} version='1.0'>`)
    expect(await rig.heard()).toContain(error(condition))
    expect(rig.stream.state.domain).toBe('example.com')
  })

  test('a feature that fails with its own kind of error ends the stream with no hint why', async () => {
    const broken: StreamFeature = {
      ...loginFeature,
      negotiate: () => Promise.reject(new Error('secret detail')),
    }
    const rig = open({ host: { features: () => [broken] } })
    rig.feed(`${hello}<login xmlns='${login}'/>`)
    expect(await rig.heard()).toBe(answer('s1') + loginOnly + error('internal-server-error'))
    expect(rig.errors.length).toBe(1)
  })

  test('SEC-30 S-14: the deadline counts from the start and traffic does not move it', async () => {
    const rig = open()
    rig.feed(hello)
    await rig.clock.advance(20_000)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await rig.heard()
    await rig.clock.advance(9_999)
    expect(rig.ends).toEqual([])
    await rig.clock.advance(1)
    expect(await rig.heard()).toContain(error('connection-timeout', 'negotiation took too long'))
    expect(rig.ends.length).toBe(1)
  })

  test('SEC-30: a peer that says nothing at all is sent away too, header first', async () => {
    const rig = open()
    await rig.clock.advance(30_000)
    expect(await rig.heard()).toBe(
      `${xml}${header} id='s1' version='1.0' xml:lang='en'>${error('connection-timeout', 'negotiation took too long')}`,
    )
  })

  test('an established stream has no deadline any more', async () => {
    const rig = await established()
    await rig.clock.advance(60_000)
    expect(rig.ends).toEqual([])
  })
})

describe('established streams', () => {
  test('S-18 NODE-1: elements are handled one at a time, in order, and a pending handler pauses the transport', async () => {
    const order: string[] = []
    let go = () => {}
    const rig = await established({
      deps: {
        onElement(el: RawElement) {
          order.push(`start ${el.attr('id')}`)
          if (el.attr('id') !== '1') return
          return new Promise<void>((resolve) => {
            go = () => {
              order.push('end 1')
              resolve()
            }
          })
        },
      },
    })
    rig.feed("<message id='1'/><message id='2'/>")
    rig.feed("<message id='3'/>")
    await settled()
    expect(order).toEqual(['start 1'])
    expect(rig.transport.calls).toEqual(['pause'])
    go()
    await settled()
    expect(order).toEqual(['start 1', 'end 1', 'start 2', 'start 3'])
    expect(rig.transport.calls).toEqual(['pause', 'resume'])
  })

  test('a handler that does not wait never pauses the transport', async () => {
    const rig = await established()
    rig.feed('<message/><presence/><iq/>')
    expect(rig.elements).toEqual(['message', 'presence', 'iq'])
    expect(rig.transport.calls).toEqual([])
  })

  test('NODE-1: a transport that does not pause is bounded', async () => {
    const rig = await established({
      deps: { onElement: () => new Promise<void>(() => {}) },
      options: { maxUnreadBytes: 100 },
    })
    rig.feed('<message/>')
    rig.feed(`<message id='${'x'.repeat(50)}'/>`)
    expect(rig.ends).toEqual([])
    rig.feed(`<message id='${'x'.repeat(50)}'/>`)
    expect(rig.ends[0]?.error?.condition).toBe('resource-constraint')
  })

  test('suspend holds input back until resume, for rate limits', async () => {
    const rig = await established()
    rig.stream.suspend()
    rig.feed('<message/>')
    expect(rig.elements).toEqual([])
    expect(rig.transport.calls).toEqual(['pause'])
    rig.stream.resume()
    expect(rig.elements).toEqual(['message'])
    expect(rig.transport.calls).toEqual(['pause', 'resume'])
  })

  test('what is sent while a chunk is handled leaves in one write at its end', async () => {
    const rig = await established({
      deps: { onElement: (el) => rig.stream.send(wireFromText(`<r id='${el.attr('id')}'/>`)) },
    })
    rig.feed("<message id='1'/><message id='2'/>")
    await settled()
    expect(rig.transport.writes).toEqual(["<r id='1'/><r id='2'/>"])
  })

  test.each([
    ['an unknown element', "<x xmlns='urn:x'/>", error('unsupported-stanza-type')],
    ['an unknown element of the content namespace', '<note/>', error('unsupported-stanza-type')],
    ['features', '<stream:features/>', error('unsupported-stanza-type')],
    [
      'a stanza of another content namespace',
      "<message xmlns='jabber:server'/>",
      error('unsupported-stanza-type'),
    ],
  ])('S-10: %s ends the stream', async (_, input, output) => {
    const rig = await established()
    rig.feed(input)
    expect(await rig.heard()).toBe(output)
    expect(rig.elements).toEqual([])
  })

  test.each([
    ['X-1', '<!-- c -->', 'restricted-xml'],
    ['X-6', '<a></b>', 'not-well-formed'],
    ['S-12', 'text', 'not-well-formed'],
    ['S-12', '<message/>text', 'not-well-formed'],
    ['S-20', '<message>\xff</message>', 'unsupported-encoding'],
    ['X-5', '<message><x:y/></message>', 'bad-namespace-prefix'],
    ['X-12', '<a>'.repeat(65), 'policy-violation'],
  ])('%s: %o ends the stream', async (_, input, condition) => {
    const rig = await established()
    rig.stream.receive(Buffer.from(input, 'latin1'))
    expect(await rig.heard()).toBe(error(condition))
  })

  test('X-14: a stream header inside a stanza is content', async () => {
    const rig = await established()
    rig.feed(`<message><stream:stream to='other.example'/></message>`)
    expect(rig.elements).toEqual(['message'])
    expect(rig.stream.state.domain).toBe('example.com')
  })

  test('X-12 SEC-2: the small limits end with authentication, the large ones begin', async () => {
    const big = (bytes: number) => `<message><body>${'x'.repeat(bytes)}</body></message>`
    const before = open()
    before.feed(hello)
    await before.heard()
    before.feed(`<login xmlns='${login}' user='${'x'.repeat(9_000)}'/>`)
    expect(await before.heard()).toBe(error('policy-violation'))
    const after = await established()
    after.feed(big(200_000))
    expect(after.elements).toEqual(['message'])
    after.feed(big(300_000))
    expect(await after.heard()).toBe(error('policy-violation'))
  })

  test('S-12: whitespace between stanzas is a keepalive, not kept and not answered', async () => {
    const rig = await established()
    for (let i = 0; i < 100; i++) rig.feed(' \n')
    rig.feed('<message/>')
    expect(rig.elements).toEqual(['message'])
    expect(await rig.heard()).toBe('')
  })

  test('S-9: nothing after an error is looked at, not even what came in the same chunk', async () => {
    const rig = await established()
    rig.feed("<message/><x xmlns='urn:x'/><presence/>")
    rig.feed('<iq/>')
    expect(await rig.heard()).toBe(error('unsupported-stanza-type'))
    expect(rig.elements).toEqual(['message'])
  })

  test('S-20 NODE-3: a handler that throws ends this stream only, and tells the peer nothing', async () => {
    const rig = await established({
      deps: {
        onElement() {
          throw new Error('secret detail')
        },
      },
    })
    rig.feed('<message/>')
    expect(await rig.heard()).toBe(error('internal-server-error'))
    expect(rig.errors.length).toBe(1)
  })

  test('S-20 NODE-3: so does one that rejects', async () => {
    const rig = await established({ deps: { onElement: () => Promise.reject(new Error('secret detail')) } })
    rig.feed('<message/>')
    expect(await rig.heard()).toBe(error('internal-server-error'))
    expect(rig.transport.calls).toEqual(['pause', 'resume', 'end'])
  })

  test('S-16: a handler may throw a stream error; condition, text and application element are sent in this order', async () => {
    const rig = await established({
      deps: {
        onElement() {
          throw new StreamError('undefined-condition', {
            text: 'why',
            application: new Element('app', { xmlns: 'urn:app' }),
          })
        },
      },
    })
    rig.feed('<message/>')
    expect(await rig.heard()).toMatch(
      /<undefined-condition xmlns="[^"]+"\/><text xmlns="[^"]+" xml:lang="en">why<\/text><app xmlns="urn:app"\/><\/stream:error>/,
    )
  })

  test('S-20: an owner that throws when told of the end is reported', async () => {
    const rig = await established({
      deps: {
        onClosed() {
          throw new Error('oops')
        },
      },
    })
    rig.feed(bye)
    expect(rig.errors.length).toBe(1)
    expect(rig.transport.calls).toEqual(['end'])
  })
})

describe('goodbyes', () => {
  test('S-11: the closing tag of the peer is answered after what is queued, then the transport ends', async () => {
    const rig = await established()
    rig.stream.send(wireFromText('<message/>'), 'm')
    rig.feed(bye)
    expect(rig.transport.taken()).toBe(`<message/>${bye}`)
    expect(rig.transport.calls).toEqual(['end'])
    expect(rig.ends).toEqual([{ by: 'peer', clean: true }])
    expect(rig.outcomes).toEqual(['m delivered'])
    rig.stream.disconnected()
    expect(rig.gone).toBe(1)
    expect(rig.ends.length).toBe(1)
  })

  test('S-11: what came before the closing tag is handled first, whoever waits', async () => {
    let go = () => {}
    const wait = new Promise<void>((resolve) => {
      go = resolve
    })
    const rig = await established({ deps: { onElement: () => wait } })
    rig.feed(`<message/>${bye}`)
    await settled()
    expect(rig.ends).toEqual([])
    go()
    expect(await rig.heard()).toBe(bye)
    expect(rig.ends.length).toBe(1)
  })

  test('S-11: a goodbye of ours waits for the peer and handles what it still sends', async () => {
    const rig = await established()
    rig.stream.close()
    rig.stream.send(wireFromText('<late/>'), 'late')
    rig.feed('<message/>')
    expect(rig.elements).toEqual(['message'])
    expect(rig.ends).toEqual([])
    rig.feed(bye)
    expect(rig.transport.taken()).toBe(bye)
    expect(rig.ends).toEqual([{ by: 'local', clean: true }])
    expect(rig.outcomes).toEqual(['late failed'])
  })

  test('S-11: but not for ever, and neither for the end of the connection', async () => {
    const rig = await established()
    rig.stream.close()
    await rig.clock.advance(5_000)
    expect(rig.ends).toEqual([{ by: 'local', clean: true }])
    expect(rig.transport.calls).toEqual(['end'])
    await rig.clock.advance(5_000)
    expect(rig.transport.calls).toEqual(['end', 'destroy'])
    expect(rig.gone).toBe(1)
    expect(rig.clock.timers).toBe(0)
  })

  test('a peer that answers our goodbye by hanging up ends cleanly', async () => {
    const rig = await established()
    rig.stream.close()
    rig.stream.disconnected()
    expect(rig.ends).toEqual([{ by: 'local', clean: true }])
  })

  test.each(['system-shutdown', 'conflict', 'resource-constraint', 'policy-violation'] as const)(
    'S-15: the owner can end a stream with %s',
    async (condition) => {
      const rig = await established()
      rig.stream.close(new StreamError(condition))
      rig.feed('<message/>')
      expect(await rig.heard()).toBe(error(condition))
      expect(rig.elements).toEqual([])
      expect(rig.ends[0]).toMatchObject({ by: 'local', clean: true, error: { condition } })
    },
  )

  test('an error after our goodbye is not sent, the stream is closed already', async () => {
    const rig = await established()
    rig.stream.close()
    rig.feed('<!-- -->')
    expect(await rig.heard()).toBe(bye)
    expect(rig.ends.length).toBe(1)
  })

  test('an error of the peer is answered with the closing tag and reported', async () => {
    const rig = await established()
    rig.feed(
      "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error><message/></stream:stream>",
    )
    expect(await rig.heard()).toBe(bye)
    expect(rig.ends[0]).toMatchObject({ by: 'peer', clean: true, error: { condition: 'conflict' } })
    expect(rig.elements).toEqual([])
  })

  test('T-10: a connection lost without a closing tag is no clean end, and says which writes were lost', async () => {
    const rig = await established()
    rig.transport.instant = false
    rig.stream.send(wireFromText('<a/>'), 'a')
    await settled()
    rig.stream.send(wireFromText('<b/>'), 'b')
    rig.stream.disconnected(new Error('reset'))
    expect(rig.ends).toMatchObject([{ by: 'transport', clean: false, cause: { message: 'reset' } }])
    expect(rig.outcomes).toEqual(['a failed', 'b failed'])
    rig.stream.send(wireFromText('<c/>'), 'c')
    rig.stream.disconnected()
    expect(rig.outcomes).toEqual(['a failed', 'b failed', 'c failed'])
    expect(rig.gone).toBe(1)
    expect(rig.clock.timers).toBe(0)
  })

  test('what a peer said before it hung up is still handled', async () => {
    const seen: string[] = []
    const rig = await established({
      deps: {
        async onElement(el) {
          await Promise.resolve()
          seen.push(el.attr('id') ?? '')
        },
      },
    })
    rig.feed("<message id='1'/><message id='2'/><message id='3'/></stream:stream>")
    rig.stream.disconnected()
    expect(rig.ends).toEqual([])
    await settled()
    expect(seen).toEqual(['1', '2', '3'])
    expect(rig.ends).toEqual([{ by: 'peer', clean: true }])
    expect(rig.gone).toBe(1)
  })

  test('what a peer said before the connection broke is still handled, but not waited for for ever', async () => {
    const rig = await established({ deps: { onElement: () => new Promise<void>(() => {}) } })
    rig.feed("<message id='1'/><message id='2'/>")
    rig.stream.disconnected(new Error('reset'))
    await rig.clock.advance(4_999)
    expect(rig.ends).toEqual([])
    await rig.clock.advance(1)
    expect(rig.ends).toMatchObject([{ by: 'transport', clean: false, cause: { message: 'reset' } }])
    expect(rig.clock.timers).toBe(0)
  })

  test('a connection that broke behind the last stanza ends without a goodbye', async () => {
    const rig = await established({ deps: { onElement: () => Promise.resolve() } })
    rig.feed('<message/>')
    rig.stream.disconnected()
    await settled()
    expect(rig.ends).toEqual([{ by: 'transport', clean: false }])
    expect(rig.gone).toBe(1)
  })

  test('a pending read of a feature fails when the stream ends, and its signal aborts', async () => {
    const seen: string[] = []
    const waiting: StreamFeature = {
      ...loginFeature,
      async negotiate(_el, io) {
        io.signal.addEventListener('abort', () => seen.push('aborted'))
        await io.read().catch((reason: { code: string }) => seen.push(reason.code))
        seen.push(String(io.signal.aborted))
        return {}
      },
    }
    const rig = open({ host: { features: () => [waiting] } })
    rig.feed(`${hello}<login xmlns='${login}'/>`)
    await settled()
    rig.stream.disconnected()
    await settled()
    expect(seen).toEqual(['aborted', 'stream/closed', 'true'])
  })

  test('NODE-2: a slow reader is cut off without a word, and what it did not take is given back', async () => {
    const rig = await established({ options: { maxOutboxStanzas: 1 } })
    rig.transport.room = rig.transport.instant = false
    rig.stream.send(wireFromText('<a/>'), 'a')
    rig.stream.send(wireFromText('<b/>'), 'b')
    await rig.clock.advance(2_000)
    expect(rig.transport.calls).toEqual(['destroy'])
    expect(rig.ends).toMatchObject([{ clean: false, error: { condition: 'resource-constraint' } }])
    expect(rig.outcomes).toEqual(['a failed', 'b failed'])
  })

  test('S-14: so is one that takes nothing for the write time-out', async () => {
    const rig = await established({ options: { writeTimeoutMs: 1_000 } })
    rig.transport.instant = false
    rig.stream.send(wireFromText('<a/>'), 'a')
    await rig.clock.advance(1_000)
    expect(rig.transport.calls).toEqual(['destroy'])
    expect(rig.outcomes).toEqual(['a failed'])
  })

  test('S-17: see-other-host is sent over TLS only', async () => {
    const moved = () => new StreamError('see-other-host', { host: 'b.example.com' })
    const clear = await established()
    clear.stream.close(moved())
    expect(await clear.heard()).toBe(error('reset'))
    const safe = await established({ transport: fakeTransport({ tls: { protocol: 'TLSv1.3' } }) })
    safe.stream.close(moved())
    expect(await safe.heard()).toContain('>b.example.com</see-other-host>')
  })

  test('S-17: a host that redirects its users does so after the header, and over TLS only', async () => {
    const redirecting = { ...host, redirect: 'b.example.com' }
    const clear = open({ host: redirecting })
    clear.feed(hello)
    expect(await clear.heard()).toBe(answer('s1') + loginOnly)
    const safe = open({ host: redirecting, transport: fakeTransport({ tls: { protocol: 'TLSv1.3' } }) })
    safe.feed(hello)
    expect(await safe.heard()).toContain('>b.example.com</see-other-host></stream:error>')
  })
})

describe('silent peers', () => {
  test('S-14: an idle peer is probed, and only then declared dead', async () => {
    let probes = 0
    const rig = await established({ deps: { probe: () => void probes++ } })
    await rig.clock.advance(599_999)
    expect(probes).toBe(0)
    await rig.clock.advance(1)
    expect(probes).toBe(1)
    await rig.clock.advance(59_999)
    expect(rig.ends).toEqual([])
    await rig.clock.advance(1)
    expect(await rig.heard()).toBe(error('connection-timeout', 'no answer to a ping'))
  })

  test('S-14: any byte is a sign of life', async () => {
    let probes = 0
    const rig = await established({ deps: { probe: () => void probes++ } })
    await rig.clock.advance(500_000)
    rig.feed(' ')
    await rig.clock.advance(599_999)
    expect(probes).toBe(0)
    await rig.clock.advance(1)
    rig.feed(' ')
    await rig.clock.advance(599_999)
    expect(rig.ends).toEqual([])
    expect(probes).toBe(1)
  })

  test('without a probe idle peers get whitespace, which a dead connection fails to take', async () => {
    const rig = await established()
    await rig.clock.advance(600_000)
    expect(await rig.heard()).toBe(' ')
    expect(rig.ends).toEqual([])
  })
})

describe('STARTTLS', () => {
  const tls = { protocol: 'TLSv1.3' }
  const ns = 'urn:ietf:params:xml:ns:xmpp-tls'
  const tlsHost = (required: boolean): StreamHost => ({
    features: () => [starttlsFeature({ required }), loginFeature, bindFeature],
  })
  const plain = () => fakeTransport({ canStartTls: true })
  const failure = `<failure xmlns="${ns}"/>${bye}`

  test('T-1: while TLS is required nothing else is listed', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(hello)
    expect(await rig.heard()).toBe(
      `${answer('s1')}<stream:features><starttls xmlns="${ns}"><required/></starttls></stream:features>`,
    )
  })

  test('T-1: where it is voluntary, the others are listed too', async () => {
    const rig = open({ transport: plain(), host: tlsHost(false) })
    rig.feed(hello)
    expect(await rig.heard()).toBe(
      `${answer('s1')}<stream:features><starttls xmlns="${ns}"/><mechanisms xmlns="${login}"/></stream:features>`,
    )
  })

  test('T-1 SEC-7: where TLS is required and there is none, nothing is listed at all', async () => {
    const rig = open({ host: tlsHost(true) })
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toBe(
      `${answer('s1')}<stream:features/>${error('policy-violation', 'starttls comes first')}`,
    )
  })

  test('T-1 SEC-7: while TLS is required nothing else is negotiated', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<login xmlns='${login}' user='ann'/>`)
    expect(await rig.heard()).toContain(error('policy-violation', 'starttls comes first'))
    expect(rig.stream.state.authenticated).toBeUndefined()
  })

  test('T-4: TLS is followed by a new stream on which it is not offered again', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(hello)
    await rig.heard()
    rig.feed(`<starttls xmlns='${ns}'/>`)
    expect(await rig.heard()).toBe(`<proceed xmlns="${ns}"/>`)
    expect(rig.transport.calls).toEqual(['startTls example.com'])
    rig.stream.secured(tls)
    expect(await rig.heard()).toBe('')
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + loginOnly)
    expect(rig.stream.state).toMatchObject({ secure: true, canStartTls: false, tls })
  })

  test('T-3 SEC-7: clear text behind the request is never looked at', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/><login xmlns='${login}' user='eve'/>`)
    await rig.heard()
    rig.feed(`${hello}<login xmlns='${login}' user='eve'/>`)
    rig.stream.secured(tls)
    expect(await rig.heard()).toBe('')
    expect(rig.stream.state.authenticated).toBeUndefined()
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + loginOnly)
  })

  test('the first bytes over TLS may come before the feature has noticed', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/>`)
    await rig.heard()
    rig.stream.secured(tls)
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s2') + loginOnly)
  })

  test.each([
    ['with content', `<starttls xmlns='${ns}'><a/></starttls>`],
    ['with text', `<starttls xmlns='${ns}'>now</starttls>`],
    ['another element of its namespace', `<proceed xmlns='${ns}'/>`],
  ])('T-2: a malformed request (%s) gets a failure and the end of the connection', async (_, input) => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(hello)
    await rig.heard()
    rig.feed(input)
    expect(await rig.heard()).toBe(failure)
    expect(rig.transport.calls).toEqual(['end'])
  })

  test('T-2 T-4: TLS inside TLS is refused', async () => {
    const rig = open({ transport: fakeTransport({ tls }), host: tlsHost(true) })
    rig.feed(hello)
    expect(await rig.heard()).toBe(answer('s1') + loginOnly)
    rig.feed(`<starttls xmlns='${ns}'/>`)
    expect(await rig.heard()).toBe(failure)
    expect(rig.transport.calls).toEqual(['end'])
  })

  test('T-2: TLS asked for on an established stream is refused', async () => {
    const rig = await established()
    rig.feed(`<starttls xmlns='${ns}'/>`)
    expect(await rig.heard()).toBe(failure)
    expect(rig.ends.length).toBe(1)
  })

  test('T-5: a failed handshake ends without a word', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/>`)
    await rig.heard()
    rig.stream.disconnected(new Error('handshake failure'))
    expect(await rig.heard()).toBe('')
    expect(rig.ends).toMatchObject([
      { by: 'transport', clean: false, cause: { message: 'handshake failure' } },
    ])
    expect(rig.errors).toEqual([])
  })

  test('T-5 SEC-30: so does one that takes too long', async () => {
    const rig = open({ transport: plain(), host: tlsHost(true) })
    rig.feed(`${hello}<starttls xmlns='${ns}'/>`)
    await rig.heard()
    await rig.clock.advance(30_000)
    expect(await rig.heard()).toBe('')
    expect(rig.transport.calls).toEqual(['startTls example.com', 'destroy'])
  })
})

describe('framed streams (RFC 7395)', () => {
  const framing = 'urn:ietf:params:xml:ns:xmpp-framing'
  const openFrame = `<open xmlns='${framing}' to='example.com' version='1.0'/>`
  const closeFrame = `<close xmlns='${framing}'/>`
  const streams = "xmlns:stream='http://etherx.jabber.org/streams'"
  const rigFor = () => open({ transport: fakeTransport({ framing: 'framed', tls: { protocol: 'TLSv1.3' } }) })

  test('W-2 W-3 W-5: headers, features, restarts and goodbyes are frames of their own', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await settled()
    expect(rig.transport.writes.splice(0)).toEqual([
      `<open xmlns='${framing}' id='s1' from='example.com' version='1.0' xml:lang='en'/>`,
      `<stream:features ${streams}><mechanisms xmlns="${login}"/></stream:features>`,
    ])
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await settled()
    expect(rig.transport.writes.splice(0)).toEqual([`<success xmlns="${login}"/>`])
    rig.feed(openFrame)
    rig.feed(bindIq.replace('<iq', "<iq xmlns='jabber:client'"))
    await settled()
    expect(rig.stream.phase).toBe('established')
    expect(rig.stream.form).toEqual({ ns: 'jabber:client', declare: true })
    rig.transport.taken()
    rig.feed("<message xmlns='jabber:client'/>")
    rig.feed(closeFrame)
    expect(rig.elements).toEqual(['message'])
    expect(rig.transport.writes).toEqual([closeFrame])
    expect(rig.ends).toEqual([{ by: 'peer', clean: true }])
  })

  test('W-5: errors come before the closing frame', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await rig.heard()
    rig.feed("<message xmlns='jabber:client'/>")
    await settled()
    expect(rig.transport.writes).toEqual([error('not-authorized').replace(bye, ''), closeFrame])
  })

  test('S-6: a first frame that opens nothing is refused, header first', async () => {
    const rig = rigFor()
    rig.feed("<message xmlns='jabber:client'/>")
    await settled()
    expect(rig.transport.writes).toEqual([
      `<open xmlns='${framing}' id='s1' version='1.0' xml:lang='en'/>`,
      error('invalid-namespace').replace(bye, ''),
      closeFrame,
    ])
  })

  test('S-10: a header nobody waits for is refused', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    await rig.heard()
    rig.feed(openFrame)
    expect(await rig.heard()).toContain('unsupported-stanza-type')
  })

  test('SEC-10: a new frame header cannot move the session to another domain', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await rig.heard()
    rig.feed(openFrame.replace('example.com', 'other.example'))
    expect(await rig.heard()).toContain('not-authorized')
  })

  test('W-2: idle peers are not sent whitespace', async () => {
    const rig = rigFor()
    rig.feed(openFrame)
    rig.feed(`<login xmlns='${login}' user='ann'/>`)
    await settled()
    rig.feed(openFrame)
    rig.feed(bindIq.replace('<iq', "<iq xmlns='jabber:client'"))
    await rig.heard()
    expect(rig.stream.phase).toBe('established')
    await rig.clock.advance(3_600_000)
    expect(await rig.heard()).toBe('')
  })
})

describe('hostile input', () => {
  test('SEC-2: connections that come, send garbage and go leave nothing behind', async () => {
    const clock = createManualClock()
    for (let i = 0; i < 500; i++) {
      const transport = fakeTransport()
      const stream = createServerStream(
        {
          transport,
          clock,
          ids: createCountingIds(),
          logger: silentLogger,
          resolve: () => 'unknown',
          onElement: () => {},
          onClosed: () => {},
        },
        {},
      )
      stream.receive(Buffer.from(i % 2 ? 'garbage' : `${header} to='x`))
      stream.disconnected()
    }
    expect(clock.timers).toBe(0)
  })

  test('S-20: calls after the end do nothing', async () => {
    const rig = await established()
    rig.stream.disconnected()
    rig.feed('<message/>')
    rig.stream.drained()
    rig.stream.secured({ protocol: 'TLSv1.3' })
    rig.stream.suspend()
    rig.stream.resume()
    rig.stream.close(new StreamError('conflict'))
    rig.stream.close()
    expect(await rig.heard()).toBe('')
    expect(rig.elements).toEqual([])
    expect(rig.ends.length).toBe(1)
  })
})
