import { createHash } from 'node:crypto'
import { Agent, request as requestHttp } from 'node:http'
import { connect } from 'node:net'
import { parseElement, type RawElement } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import type { WebOptions } from './web.js'
import { openRig, type Rig, type Seen } from './web-rig.js'

const ns = 'http://jabber.org/protocol/httpbind'
const xbosh = "xmlns:xmpp='urn:xmpp:xbosh'"
const framing = 'urn:ietf:params:xml:ns:xmpp-framing'
const header = `<open xmlns='${framing}' id='s1' from='example.org' version='1.0' xml:lang='en'/>`
const close = `<close xmlns='${framing}'/>`

/** An answer that is under way. */
interface Asked {
  body(): Promise<RawElement>
  status(): Promise<number>
  /** Cuts the connection it would come on. */
  cut(): void
}

function post(rig: Rig, content: string, headers: Record<string, string> = {}): Asked {
  const agent = new Agent()
  const sent = requestHttp(rig.url('/http-bind'), { method: 'POST', agent, headers })
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        agent.destroy()
        resolve({ status: response.statusCode ?? 0, text })
      })
    })
  })
  answered.catch(() => {})
  sent.end(content)
  return {
    body: () => answered.then(({ text }) => parseElement(text)),
    status: () => answered.then(({ status }) => status),
    cut: () => sent.destroy(),
  }
}

/** A session whose client is the test. */
interface Session extends AsyncDisposable {
  readonly rig: Rig
  readonly seen: Seen
  readonly first: RawElement
  readonly sid: string
  /** Sends the request of an id; the first one after the creation is 1. */
  ask(rid: number, content?: string, attributes?: string): Asked
}

const base = 1_000

async function begin(
  options: WebOptions = {},
  attributes = "wait='60' hold='1'",
  headers = {},
): Promise<Session> {
  const rig = await openRig(options)
  const coming = rig.next()
  const creation = `<body xmlns='${ns}' rid='${base}' to='example.org' ver='1.6' xmpp:version='1.0' ${xbosh} xml:lang='de' ${attributes}/>`
  const asked = post(rig, creation, headers)
  const seen = await coming
  await seen.messages(1)
  seen.write(header, "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>")
  const first = await asked.body()
  const sid = first.attr('sid') ?? ''
  return {
    rig,
    seen,
    first,
    sid,
    ask: (rid, content = '', more = '') =>
      post(rig, `<body xmlns='${ns}' rid='${base + rid}' sid='${sid}' ${more}>${content}</body>`, headers),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  }
}

/** Waits until so many requests are known to the session, by what they brought. */
const came = (it: Session, count: number) => it.seen.messages(count + 1)

async function outcome(asked: Asked): Promise<string> {
  const body = await asked.body()
  return [body.attr('type'), body.attr('condition')].filter(Boolean).join(' ')
}

describe('beginning', () => {
  test('BO-1 BO-3: a session has an id nobody can guess, and terms that never exceed what was asked for', async () => {
    await using it = await begin({}, "wait='20' hold='5'")
    const { first } = it
    const attributes = [
      'wait',
      'hold',
      'requests',
      'inactivity',
      'maxpause',
      'ver',
      'from',
      'authid',
      'xmpp:version',
    ]
    expect(Object.fromEntries(attributes.map((name) => [name, first.attr(name)]))).toEqual({
      wait: '20',
      hold: '1',
      requests: '2',
      inactivity: '60',
      maxpause: '120',
      ver: '1.6',
      from: 'example.org',
      authid: 's1',
      'xmpp:version': '1.0',
    })
    expect(first.attr('xmpp:restartlogic')).toBe('true')
    expect(first.children.map(({ name }) => name)).toEqual(['features'])
    expect(it.sid).toMatch(/^[\w-]{24}$/)
    expect(it.seen.received).toEqual([
      `<open xmlns='${framing}' to='example.org' version='1.0' xml:lang='de'/>`,
    ])
  })

  test('BO-3: a restart is a new header, and what comes with it is not looked at', async () => {
    await using it = await begin()
    it.ask(1, "<message xmlns='jabber:client'/>", `xmpp:restart='true' ${xbosh}`)
    expect((await came(it, 1))[1]).toBe(`<open xmlns='${framing}' to='example.org' version='1.0'/>`)
  })

  test('X-11: stanzas without a namespace are those of a client', async () => {
    await using it = await begin()
    it.ask(1, "<message to='a@b'><body>x</body></message><iq xmlns='jabber:client'/>")
    const [, message, iq] = await came(it, 2)
    const read = parseElement(message!)
    expect([read.ns, read.childText('body', 'jabber:client'), parseElement(iq!).ns]).toEqual([
      'jabber:client',
      'x',
      'jabber:client',
    ])
  })

  test.each([
    ['no XML', '<body', 'terminate bad-request'],
    ['another element', "<body xmlns='urn:example' rid='1'/>", 'terminate bad-request'],
    ['no request id', `<body xmlns='${ns}'/>`, 'terminate bad-request'],
    ['a request id too large', `<body xmlns='${ns}' rid='9007199254740992'/>`, 'terminate bad-request'],
    ['text', `<body xmlns='${ns}' rid='1'>hello</body>`, 'terminate bad-request'],
    ['a session nobody knows', `<body xmlns='${ns}' rid='1' sid='guessed'/>`, 'terminate item-not-found'],
  ])('BO-1: %s is refused', async (_what, text, expected) => {
    await using rig = await openRig()
    expect(await outcome(post(rig, text))).toBe(expected)
    expect(rig.seen).toEqual([])
  })

  test('W-4: the account of a session of the app may log in without a password; others may be sent away', async () => {
    const authenticate = ({ headers }: { headers: { cookie?: string | undefined } }) =>
      headers.cookie === 'sid=1' ? 'juliet@example.org' : (false as const)
    await using it = await begin({ authenticate }, '', { Cookie: 'sid=1' })
    expect(it.seen.transport.vouchedFor?.toString()).toBe('juliet@example.org')
    expect(await post(it.rig, `<body xmlns='${ns}' rid='1' to='example.org'/>`).status()).toBe(401)
  })

  test('L-1: one address gets so many sessions', async () => {
    await using it = await begin({ limits: { maxConnectionsPerAddress: 1 } })
    expect(await post(it.rig, `<body xmlns='${ns}' rid='1' to='example.org'/>`).status()).toBe(503)
    it.seen.transport.destroy()
    const coming = it.rig.next()
    post(it.rig, `<body xmlns='${ns}' rid='1' to='example.org'/>`)
    await coming
  })
})

describe('requests', () => {
  test('BO-2: contents are handed on and requests answered in the order of their ids', async () => {
    await using it = await begin()
    const second = it.ask(2, "<b xmlns='u'/>")
    const first = it.ask(1, "<a xmlns='u'/>")
    expect((await came(it, 2)).slice(1)).toEqual(['<a xmlns="u"/>', '<b xmlns="u"/>'])
    expect((await first.body()).children).toEqual([])
    it.seen.write('<c/>')
    expect((await second.body()).children.map(({ name }) => name)).toEqual(['c'])
  })

  test('a request waits until there is something to say, and no longer than was agreed', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    await it.rig.clock.advance(59_999)
    const early = await Promise.race([first.body(), Promise.resolve('still waiting')])
    expect(early).toBe('still waiting')
    await it.rig.clock.advance(1)
    expect((await first.body()).children).toEqual([])
  })

  test('BO-1: what was answered is answered again with the same, and nothing happens twice', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    it.seen.write('<answer/>')
    const text = (await first.body()).toWire()
    expect((await it.ask(1, "<a xmlns='u'/>").body()).toWire()).toBe(text)
    it.ask(2, "<b xmlns='u'/>")
    expect(await came(it, 2)).toHaveLength(3)
  })

  test('BO-1: a request asked again while it waits is answered where it was asked last', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    const again = it.ask(1, "<a xmlns='u'/>")
    expect(await outcome(first)).toBe('error')
    it.seen.write('<answer/>')
    expect((await again.body()).children).toHaveLength(1)
    expect(it.seen.received).toHaveLength(2)
  })

  test('BO-1: what was lost with its connection is there for the next', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    first.cut()
    await expect.poll(() => it.seen.events).toContain('stalled')
    it.seen.write('<answer/>')
    const again = it.ask(1, "<a xmlns='u'/>")
    expect((await again.body()).children).toHaveLength(1)
    await expect.poll(() => it.seen.events.slice(-3).sort()).toEqual(['drained', 'flushed', 'stalled'])
  })

  test.each([
    ['BO-1: beyond the window', 9, 'terminate item-not-found'],
    ['BO-1: older than what is kept', -4, 'terminate item-not-found'],
  ])('%s ends the session, and nobody can tell why', async (_what, rid, expected) => {
    await using it = await begin()
    expect(await outcome(it.ask(rid))).toBe(expected)
    await it.seen.gone
    expect(it.seen.ends[0]).toBeInstanceOf(Error)
    expect(await outcome(it.ask(1))).toBe('terminate item-not-found')
  })

  test('BO-1: asking again and again ends it', async () => {
    await using it = await begin({ bosh: { maxRepeats: 2 } })
    expect([await outcome(it.ask(0)), await outcome(it.ask(0)), await outcome(it.ask(0))]).toEqual([
      '',
      '',
      'terminate policy-violation',
    ])
  })

  test('BO-4: who polls too often is sent away, who takes its time is not', async () => {
    await using it = await begin({}, "wait='0' hold='0'")
    expect([it.first.attr('hold'), it.first.attr('requests'), it.first.attr('inactivity')]).toEqual([
      '0',
      '1',
      '64',
    ])
    expect(await outcome(it.ask(1))).toBe('')
    await it.rig.clock.advance(2_000)
    expect(await outcome(it.ask(2))).toBe('')
    expect(await outcome(it.ask(3))).toBe('terminate policy-violation')
  })

  test('BO-4: empty requests on top of one that waits, in a hurry, end it', async () => {
    await using it = await begin()
    const first = it.ask(1)
    await expect.poll(() => it.seen.events).toContain('drained')
    expect(await outcome(it.ask(2))).toBe('terminate policy-violation')
    expect(await outcome(first)).toBe('terminate other-request')
  })

  test('NODE-1: a stream that is busy makes its client wait', async () => {
    await using it = await begin()
    it.seen.transport.pause()
    const first = it.ask(1, "<a xmlns='u'/>")
    const second = it.ask(2, "<b xmlns='u'/>")
    const third = it.ask(3, "<c xmlns='u'/>")
    const outcomes = await Promise.race([outcome(first), outcome(second), outcome(third)])
    expect(outcomes).toMatch(/terminate (policy-violation|item-not-found|other-request)/)
    expect(it.seen.received).toHaveLength(1)
  })

  test('NODE-1: and goes on where it was', async () => {
    await using it = await begin()
    it.seen.transport.pause()
    const first = it.ask(1, "<a xmlns='u'/><b xmlns='u'/>")
    it.seen.write('<early/>')
    await new Promise((resolve) => setImmediate(resolve))
    expect(it.seen.received).toHaveLength(1)
    it.seen.transport.resume()
    expect(await came(it, 2)).toHaveLength(3)
    expect((await first.body()).children).toHaveLength(1)
  })

  test('SEC-2: a stranger has little kept that comes too early, or all at once', async () => {
    for (const [rid, content] of [
      [2, `<a xmlns='u'>${'x'.repeat(210)}</a>`],
      [1, `<a xmlns='u'>${'x'.repeat(100)}</a><b xmlns='u'>${'x'.repeat(100)}</b>`],
    ] as const) {
      await using it = await begin()
      it.seen.transport.expect?.(100)
      expect(await outcome(it.ask(rid, content))).toBe('terminate policy-violation')
      expect(it.seen.received).toHaveLength(1)
    }
    await using it = await begin()
    it.seen.transport.expect?.(100)
    it.ask(1, `<a xmlns='u'>${'x'.repeat(210)}</a>`)
    expect(await came(it, 1)).toHaveLength(2)
  })

  test('S-14: large answers come in portions', async () => {
    await using it = await begin({ bosh: { maxResponseBytes: 100 } })
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    it.seen.events.length = 0
    const big = (name: string) => `<${name}>${'x'.repeat(80)}</${name}>`
    it.seen.write(big('b'), big('c'))
    expect((await first.body()).children.map(({ name }) => name)).toEqual(['b'])
    expect(it.seen.events).not.toContain('flushed')
    expect((await it.ask(2).body()).children.map(({ name }) => name)).toEqual(['c'])
    await expect.poll(() => it.seen.events).toContain('flushed')
  })

  test('acknowledgements are given to who gives them', async () => {
    await using it = await begin({}, "ack='1'")
    expect(it.first.attr('ack')).toBe(String(base))
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    it.ask(2, "<b xmlns='u'/>")
    expect((await first.body()).attr('ack')).toBe(String(base + 2))
  })
})

describe('keys', () => {
  const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
  const keys = (seed: string) => [sha1(seed), sha1(sha1(seed)), sha1(sha1(sha1(seed)))]

  test('BO-1: a session that began with a key takes only requests that know the one before', async () => {
    const [k1, k2, k3] = keys('seed')
    const [, , n3] = keys('another')
    await using it = await begin({}, `newkey='${k3}'`)
    expect(await outcome(it.ask(1, "<a xmlns='u'/>"))).toBe('terminate item-not-found')
    expect(it.seen.received).toHaveLength(1)
    await using other = await begin({}, `newkey='${k3}'`)
    other.ask(1, "<a xmlns='u'/>", `key='${k2}'`)
    await came(other, 1)
    other.ask(2, "<b xmlns='u'/>", `key='${k1}' newkey='${n3}'`)
    await came(other, 2)
    expect(await outcome(other.ask(3, "<c xmlns='u'/>", `key='${k1}'`))).toBe('terminate item-not-found')
    expect(other.seen.received).toHaveLength(3)
  })
})

describe('the end', () => {
  test('BO-3: a client says goodbye with its last words, and is answered', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    const last = it.ask(2, "<presence xmlns='jabber:client' type='unavailable'/>", "type='terminate'")
    expect((await came(it, 3)).slice(2)).toEqual([
      '<presence xmlns="jabber:client" type="unavailable"/>',
      close,
    ])
    it.seen.write(close)
    it.seen.transport.end()
    expect([await outcome(first), await outcome(last)].sort()).toEqual(['', 'terminate'])
    await it.seen.gone
    expect(it.seen.ends).toEqual([undefined])
  })

  test('BO-3: an error of the stream is told as such, behind what came before', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    it.seen.write(
      "<message xmlns='jabber:client'/>",
      "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
      close,
    )
    it.seen.transport.end()
    const body = await first.body()
    expect([body.attr('type'), body.attr('condition')]).toEqual(['terminate', 'remote-stream-error'])
    expect(body.children.map(({ name }) => name)).toEqual(['message', 'error'])
  })

  test('BO-4: a session survives the change of a page, and ends when its client has been away too long', async () => {
    await using it = await begin()
    expect(it.seen.events).toContain('stalled')
    await it.rig.clock.advance(59_000)
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    it.seen.write('<answer/>')
    await first.body()
    await it.rig.clock.advance(59_999)
    expect(it.seen.ends).toEqual([])
    await it.rig.clock.advance(1)
    expect(it.seen.ends[0]?.message).toContain('too long')
    expect(it.rig.clock.timers).toBe(0)
  })

  test('BO-4: a request that waits for one that never comes is answered when the session ends', async () => {
    await using it = await begin()
    // Asked twice, so that the answer to one tells that the other is there.
    const asked = [outcome(it.ask(2)), outcome(it.ask(2))]
    expect(await Promise.race(asked)).toBe('error')
    await it.rig.clock.advance(60_000)
    await it.seen.gone
    expect((await Promise.all(asked)).sort()).toEqual(['error', 'terminate item-not-found'])
  })

  test('BO-4: it may be away longer if it asks, once, and is not answered with anything then', async () => {
    await using it = await begin()
    const first = it.ask(1, "<a xmlns='u'/>")
    await came(it, 1)
    const paused = it.ask(2, '', "pause='120'")
    expect([await outcome(first), (await paused.body()).children]).toEqual(['', []])
    it.seen.write('<late/>')
    await it.rig.clock.advance(119_000)
    const back = it.ask(3)
    expect((await back.body()).children).toHaveLength(1)
    await it.rig.clock.advance(60_000)
    expect(it.seen.ends).toHaveLength(1)
    await using other = await begin()
    expect(await outcome(other.ask(1, '', "pause='121'"))).toBe('terminate policy-violation')
  })

  test('BO-3: what began over TLS does not go on without', async () => {
    const proxied = { 'X-Forwarded-Proto': 'https' }
    await using it = await begin({ trustedProxies: ['127.0.0.1'] }, '', proxied)
    expect(it.seen.transport.tls).toEqual({ protocol: 'unknown' })
    const plain = post(
      it.rig,
      `<body xmlns='${ns}' rid='${base + 1}' sid='${it.sid}'><a xmlns='u'/></body>`,
      {
        'X-Forwarded-Proto': 'http',
      },
    )
    expect(await outcome(plain)).toBe('terminate policy-violation')
    await it.seen.gone
    expect(it.seen.received).toHaveLength(1)
  })

  test('nobody new is let in once it is closed', async () => {
    await using it = await begin()
    it.rig.web.close()
    expect(it.seen.ends).toEqual([])
  })
})

describe('HTTP', () => {
  test('W-7 BO-1: pages of listed sites may ask, and others may not', async () => {
    await using rig = await openRig({ origins: ['https://app.example'] })
    const preflight = (origin: string) =>
      fetch(rig.url('/http-bind'), { method: 'OPTIONS', headers: { origin } })
    const allowed = await preflight('https://app.example')
    const names = ['origin', 'methods', 'headers', 'credentials'].map(
      (name) => `access-control-allow-${name}`,
    )
    expect([allowed.status, ...names.map((name) => allowed.headers.get(name))]).toEqual([
      204,
      'https://app.example',
      'POST, OPTIONS',
      'Content-Type',
      'true',
    ])
    const refused = await preflight('https://evil.example')
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null])
    expect(
      await post(rig, `<body xmlns='${ns}' rid='1'/>`, { Origin: 'https://evil.example' }).status(),
    ).toBe(403)
  })

  test('SEC-27: an answer opened as a page can do nothing', async () => {
    await using rig = await openRig()
    const answer = await fetch(rig.url('/http-bind'), { method: 'POST', body: "<body content='text/html'/>" })
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toContain('sandbox')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect((await fetch(rig.url('/http-bind'))).status).toBe(405)
  })

  test('SEC-28: a request too large, or too slow, is refused', async () => {
    await using rig = await openRig({ bosh: { maxRequestBytes: 1_000 } })
    expect(await post(rig, 'x'.repeat(1_001)).status()).toBe(413)
    const socket = connect(rig.port, '127.0.0.1')
    socket.write('POST /http-bind HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<body\r\n')
    await expect.poll(() => rig.clock.timers).toBe(1)
    await rig.clock.advance(10_000)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(rig.clock.timers).toBe(0)
  })

  test('SEC-28: all requests together take so much memory while they come', async () => {
    await using rig = await openRig({ bosh: { maxReadingBytes: 10 } })
    expect(await post(rig, 'x'.repeat(11)).status()).toBe(503)
    expect(await outcome(post(rig, '<a/>'))).toBe('terminate bad-request')
  })
})
