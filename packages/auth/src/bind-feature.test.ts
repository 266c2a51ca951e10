import { type BareJid, type FullJid, parseJid } from '@xmppkit/jid'
import { createCountingIds, randomIds } from '@xmppkit/runtime'
import { NS, StanzaError, StreamError } from '@xmppkit/stanza'
import type { StreamFeature } from '@xmppkit/stream'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { type BindFeatureDeps, bindFeature, sessionFeature } from './bind-feature.js'
import { type StreamRig, streamRig } from './stream-rig.js'

const juliet = parseJid('juliet@example.org') as BareJid

// Stands for SASL: <in/> proves to be juliet, without a restart.
const login: StreamFeature = {
  name: 'login',
  ns: 'urn:example:login',
  offered: (state) => state.authenticated === undefined,
  required: () => true,
  advertise: () => new Element('in', { xmlns: 'urn:example:login' }),
  negotiate: () => ({ authenticated: juliet, features: true }),
}

function rig(deps: Partial<BindFeatureDeps> = {}): StreamRig {
  return streamRig({
    features: ({ logger }) => [
      login,
      bindFeature({
        bind: (account, resource) => account.withResource(resource),
        ids: createCountingIds('r'),
        logger,
        ...deps,
      }),
      sessionFeature({ logger }),
    ],
  })
}

async function loggedIn(deps: Partial<BindFeatureDeps> = {}): Promise<StreamRig> {
  const stream = rig(deps)
  await stream.open()
  await stream.say("<in xmlns='urn:example:login'/>", /<\/stream:features>/)
  return stream
}

const answered = /<\/iq>|<iq[^>]*\/>|<\/stream:stream>/
const bindIq = (content: string, attributes = "type='set' id='b'"): string =>
  `<iq ${attributes}><bind xmlns='${NS.bind}'>${content}</bind></iq>`
const bind = (stream: StreamRig, content = '', attributes?: string): Promise<string> =>
  stream.say(bindIq(content, attributes), answered)
const boundTo = (answer: string): string | undefined =>
  /^<iq type="result" id="b" to="[^"]+"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>([^<]+)<\/jid><\/bind><\/iq>$/.exec(
    answer,
  )?.[1]
const errorIn = (answer: string): string | undefined =>
  /<error type="[a-z]+"><([a-z-]+) xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/.exec(answer)?.[1]

describe('binding', () => {
  test('is offered only to who is authenticated, and is the end of negotiation', async () => {
    const stream = rig()
    expect(await stream.open()).not.toContain(NS.bind)
    const features = await stream.say("<in xmlns='urn:example:login'/>", /<\/stream:features>/)
    expect(features).toContain(`<bind xmlns="${NS.bind}"/>`)
    expect(stream.stream.phase).toBe('negotiating')
    expect(boundTo(await bind(stream))).toBe('juliet@example.org/r1')
    expect(stream.stream.phase).toBe('established')
    expect(stream.stream.state.bound?.toString()).toBe('juliet@example.org/r1')
  })

  test('B-2: a resource of the server has at least 64 random bits', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const resource = boundTo(await bind(await loggedIn({ ids: randomIds })))?.split('/')[1] ?? ''
      expect(resource).toMatch(/^[A-Za-z0-9_-]{24}$/)
      seen.add(resource)
    }
    expect(seen.size).toBe(20)
  })

  test.each([
    ['as it is', 'balcony', 'balcony'],
    ['with spaces and case kept', 'Psi+ (laptop) 1', 'Psi+ (laptop) 1'],
    ['composed', 'Cafe\u0301', 'Caf\u00e9'],
    ['with other spaces mapped', 'a\u3000b', 'a b'],
    ['of 1023 bytes', 'x'.repeat(1023), 'x'.repeat(1023)],
    ['with escaped characters', 'a&amp;b&lt;c', 'a&amp;b&lt;c'],
  ])('B-2: a resource wanted is prepared: %s', async (_what, wanted, expected) => {
    expect(boundTo(await bind(await loggedIn(), `<resource>${wanted}</resource>`))).toBe(
      `juliet@example.org/${expected}`,
    )
  })

  test.each([
    ['of zero length', '<resource/>'],
    ['of 1024 bytes', `<resource>${'x'.repeat(1024)}</resource>`],
    ['of 1024 bytes in 512 characters', `<resource>${'é'.repeat(512)}</resource>`],
    ['with a control character', '<resource>a&#x9;b</resource>'],
    ['with a character nobody has assigned', '<resource>\u{e0fff}</resource>'],
    ['that comes twice', '<resource>a</resource><resource>b</resource>'],
    ['with a child', '<resource>a<b/></resource>'],
    ['in another namespace', "<resource xmlns='urn:x'>a</resource>"],
    ['called something else', '<tag>a</tag>'],
  ])('B-2: a resource %s is a bad request, and another may be tried', async (_what, content) => {
    const stream = await loggedIn()
    expect(errorIn(await bind(stream, content))).toBe('bad-request')
    expect(stream.stream.state.bound).toBeUndefined()
    expect(boundTo(await bind(stream, '<resource>second</resource>'))).toBe('juliet@example.org/second')
  })

  test.each([
    ['of type get', "type='get' id='b'", ''],
    ['without id', "type='set'", ''],
    ['with an empty id', "type='set' id=''", ''],
    ['without type', "id='b'", ''],
    ['with two children', "type='set' id='b'", '<other xmlns="urn:x"/>'],
  ])('B-2: a request %s is a bad request', async (_what, attributes, more) => {
    const stream = await loggedIn()
    const answer = await stream.say(bindIq('', attributes).replace('</iq>', `${more}</iq>`), answered)
    expect(errorIn(answer)).toBe('bad-request')
    expect(stream.stream.state.bound).toBeUndefined()
  })

  test.each(['example.org', 'juliet@example.org', 'JULIET@example.org'])(
    'a request to %s is one to us',
    async (to) => {
      expect(boundTo(await bind(await loggedIn(), '', `type='set' id='b' to='${to}'`))).toBe(
        'juliet@example.org/r1',
      )
    },
  )

  test.each([
    ['a bind to somebody else', bindIq('', "type='set' id='b' to='romeo@example.org'")],
    ['a bind to another domain', bindIq('', "type='set' id='b' to='example.net'")],
    ['a bind to nobody', bindIq('', "type='set' id='b' to='@'")],
    ['another iq', "<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>"],
    ['a message', "<message to='romeo@example.org'><body>hi</body></message>"],
    ['presence', '<presence/>'],
  ])('B-1: %s before a resource is bound ends the stream with not-authorized', async (_what, stanza) => {
    const stream = await loggedIn()
    expect(await stream.say(stanza, /<\/stream:stream>/)).toContain('<not-authorized')
    expect(stream.elements).toEqual([])
  })

  test('B-1: binding before login ends the stream with not-authorized', async () => {
    const stream = rig()
    await stream.open()
    expect(await stream.say(bindIq(''), /<\/stream:stream>/)).toContain('<not-authorized')
  })

  test('B-3: the server may bind another resource than the one wanted, and the result says which', async () => {
    const asked: string[] = []
    const stream = await loggedIn({
      bind: async (account, resource, state) => {
        asked.push(`${account} ${resource} ${state.remoteAddress}`)
        return account.withResource('other')
      },
    })
    expect(boundTo(await bind(stream, '<resource>balcony</resource>'))).toBe('juliet@example.org/other')
    expect(stream.stream.state.bound?.toString()).toBe('juliet@example.org/other')
    expect(asked).toEqual(['juliet@example.org balcony 192.0.2.7'])
  })

  test.each([
    ['B-4: a conflict', new StanzaError('conflict'), 'conflict'],
    ['B-5: too many sessions', new StanzaError('resource-constraint'), 'resource-constraint'],
    ['an unexpected error', new Error('database password is hunter2'), 'internal-server-error'],
  ])('%s is answered, and binding may be tried again', async (_what, thrown, expected) => {
    let fails = true
    const stream = await loggedIn({
      bind: (account, resource) => {
        if (fails) throw thrown
        return account.withResource(resource)
      },
    })
    expect(errorIn(await bind(stream, '<resource>balcony</resource>'))).toBe(expected)
    expect(stream.transcript.join('')).not.toContain('hunter2')
    expect(stream.log.some((line) => line.includes('hunter2'))).toBe(expected === 'internal-server-error')
    fails = false
    expect(boundTo(await bind(stream, '<resource>balcony</resource>'))).toBe('juliet@example.org/balcony')
  })

  test('a stream error of the session manager ends the stream', async () => {
    const stream = await loggedIn({ bind: () => Promise.reject(new StreamError('system-shutdown')) })
    expect(await stream.say(bindIq(''), /<\/stream:stream>/)).toContain('<system-shutdown')
  })

  test('B-6: nothing follows the result: no restart, no features', async () => {
    const stream = await loggedIn()
    const before = stream.transcript.length
    await bind(stream)
    await stream.say(
      "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
      answered,
    )
    expect(stream.transcript.slice(before).join('')).not.toMatch(/stream:features|<stream:stream/)
  })

  test('B-7: binding twice is not allowed, changes nothing and ends nothing', async () => {
    let opened = 0
    const stream = await loggedIn({
      bind: (account, resource) => {
        opened++
        return account.withResource(resource)
      },
    })
    await bind(stream, '<resource>first</resource>')
    expect(errorIn(await bind(stream, '<resource>second</resource>'))).toBe('not-allowed')
    expect(opened).toBe(1)
    expect(stream.stream.state.bound?.toString()).toBe('juliet@example.org/first')
    expect(stream.ends).toEqual([])
  })

  test('Q-2: a result or error that looks like a request is not answered', async () => {
    const stream = await loggedIn()
    stream.stream.receive(Buffer.from(bindIq('', "type='result' id='b'") + bindIq('', "type='error' id='b'")))
    expect(boundTo(await bind(stream))).toBe('juliet@example.org/r1')
    expect(stream.stream.state.bound?.toString()).toBe('juliet@example.org/r1')
  })

  test('once a resource is bound, an iq with such a child to somebody else is theirs', async () => {
    const stream = await loggedIn()
    await bind(stream)
    const marker = "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"
    await stream.say(bindIq('', "type='set' id='b' to='romeo@example.org'") + marker, answered)
    expect(stream.elements).toEqual(['iq'])
  })
})

describe('the legacy session', () => {
  const session = (attributes = "type='set' id='s'", more = ''): string =>
    `<iq ${attributes}><session xmlns='${NS.session}'/>${more}</iq>`

  test('B-6: is advertised as optional and answered with an empty result', async () => {
    const stream = rig()
    await stream.open()
    const features = await stream.say("<in xmlns='urn:example:login'/>", /<\/stream:features>/)
    expect(features).toContain(`<session xmlns="${NS.session}"><optional/></session>`)
    const full = boundTo(await bind(stream)) as string
    const answer = await stream.say(session(), answered)
    expect(answer).toBe(`<iq type="result" id="s" to="${full}"/>`)
    expect(await stream.say(session("type='set' id='s' to='example.org'"), answered)).toBe(answer)
  })

  test.each([
    ['before a resource is bound', session(), 'not-allowed', false],
    ['of type get', session("type='get' id='s'"), 'bad-request', true],
    ['with another child', session(undefined, "<x xmlns='urn:x'/>"), 'bad-request', true],
  ])('%s is refused', async (_what, iq, expected, first) => {
    const stream = await loggedIn()
    if (first) await bind(stream)
    expect(errorIn(await stream.say(iq, answered))).toBe(expected)
    expect(stream.ends).toEqual([])
  })

  test('before login ends the stream', async () => {
    const stream = rig()
    await stream.open()
    expect(await stream.say(session(), /<\/stream:stream>/)).toContain('<not-authorized')
  })
})

test('what was bound is what the address says', async () => {
  const stream = await loggedIn({ bind: () => parseJid('juliet@example.org/Ünïcode') as FullJid })
  expect(boundTo(await bind(stream))).toBe('juliet@example.org/Ünïcode')
})
