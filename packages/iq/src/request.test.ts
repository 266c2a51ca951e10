import { type Jid, parseJid } from '@xmppkit/jid'
import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import { defineIq, element, iq, isStanzaError, type Stanza, string, text } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test } from 'vitest'
import { createIq, type IqOptions } from './index.js'

const ns = 'jabber:iq:version'
const version = defineIq({
  type: 'get',
  request: element('query', ns, {}),
  result: text('query', ns, string),
})
const ping = defineIq({ type: 'get', request: element('ping', 'urn:xmpp:ping', {}) })

const juliet = parseJid('juliet@c.example/balcony')
const server = parseJid('c.example')

function setUp(options: IqOptions = {}, route?: (stanza: Stanza) => void | Promise<void>) {
  const clock = createManualClock()
  const sent: Stanza[] = []
  let accept: (reply: Stanza) => boolean = () => false
  const dispatcher = createIq(
    {
      route: (stanza) => {
        sent.push(stanza)
        return route?.(stanza)
      },
      interceptReplies(fn) {
        accept = fn
        return {
          [Symbol.dispose]() {
            accept = () => false
          },
        }
      },
      clock,
      ids: randomIds,
      logger: silentLogger,
      isLocal: (domain) => domain === 'c.example',
    },
    options,
  )
  /** A reply to the last request, as the router would show it to us. */
  const reply = (
    about: { from?: Jid | string | undefined; to?: Jid; type?: 'result' | 'error'; id?: string } = {},
  ) => {
    const request = sent.at(-1)!
    const { from = request.to, to = request.from, type = 'result', id = request.id! } = about
    const child = new Element('query', { xmlns: ns }).t('1.0')
    const answer = iq(
      { type, id, to, ...(Object.hasOwn(about, 'from') && !about.from ? {} : { from }) },
      child,
    )
    return accept(answer)
  }
  return { dispatcher, clock, sent, reply, accept: (stanza: Stanza) => accept(stanza) }
}

const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)

test('the answer of whoever was asked is the result', async () => {
  const { dispatcher, clock, sent, reply } = setUp()
  const answer = dispatcher.request(version, juliet, {}, { from: server })
  expect(sent[0]).toMatchObject({ kind: 'iq', type: 'get' })
  expect([String(sent[0]?.from), String(sent[0]?.to)]).toEqual(['c.example', 'juliet@c.example/balcony'])
  expect(sent[0]?.has('query', ns)).toBe(true)
  expect(reply()).toBe(true)
  expect(await answer).toBe('1.0')
  expect(clock.timers).toBe(0)
})

test('an answer that comes while the request is being sent is not missed', async () => {
  const { dispatcher, reply } = setUp({}, () => void reply())
  expect(await dispatcher.request(version, juliet, {})).toBe('1.0')
})

test('an error is thrown as the stanza error it is', async () => {
  const { dispatcher, accept, sent } = setUp()
  const answer = outcome(dispatcher.request(version, juliet, {}))
  const error = new Element('error', { xmlns: 'jabber:client', type: 'cancel' })
  error.c('service-unavailable', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' })
  accept(iq({ type: 'error', id: sent[0]!.id!, from: juliet, to: server }, error))
  const thrown = await answer
  expect(isStanzaError(thrown)).toBe(true)
  expect(thrown).toMatchObject({ condition: 'service-unavailable' })
})

test('a definition without result takes whatever comes back', async () => {
  const { dispatcher, reply } = setUp()
  const answer = dispatcher.request(ping, juliet, {})
  reply()
  expect(await answer).toBeUndefined()
})

describe('Q-3: only the one who was asked can answer', () => {
  const account = parseJid('romeo@c.example')
  const asked = {
    account,
    resource: account.withResource('orchard'),
    server,
    other: parseJid('tybalt@m.example'),
  }
  test.each<[string, keyof typeof asked, Jid, string | undefined, boolean]>([
    ['the one asked', 'other', account, 'tybalt@m.example', true],
    ['a resource of the one asked', 'other', account, 'tybalt@m.example/r', false],
    ['the domain of the one asked', 'other', account, 'm.example', false],
    ['nobody', 'other', account, undefined, false],
    ['somebody else', 'other', account, 'mallory@m.example', false],
    ['the resource asked', 'resource', server, 'romeo@c.example/orchard', true],
    ['the account of the resource asked', 'resource', server, 'romeo@c.example', false],
    ['the account itself, for itself', 'account', account, 'romeo@c.example', true],
    ['its server, for the account', 'account', account, 'c.example', true],
    ['nobody, for the account', 'account', account, undefined, true],
    ['nobody, for the account of a resource', 'account', asked.resource, undefined, true],
    ['a resource of the account, for it', 'account', account, 'romeo@c.example/mallory', false],
    ['a resource of its server, for the account', 'account', account, 'c.example/r', false],
    ['another server, for the account', 'account', account, 'm.example', false],
    ['somebody else, for the account', 'account', account, 'mallory@c.example', false],
    ['its server, for another account', 'account', server, 'c.example', false],
    ['nobody, for another account', 'account', parseJid('juliet@c.example'), undefined, false],
  ])('Q-3: %s', async (_, whom, from, answeredBy, accepted) => {
    const { dispatcher, reply, clock } = setUp()
    const answer = outcome(dispatcher.request(version, asked[whom], {}, { from }))
    expect(reply({ from: answeredBy })).toBe(accepted)
    if (!accepted) expect(reply({ from: asked[whom] })).toBe(true)
    expect(await answer).toBe('1.0')
    expect(clock.timers).toBe(0)
  })

  test.each<[string, (reply: ReturnType<typeof setUp>['reply']) => boolean]>([
    ['another id', (reply) => reply({ id: 'guessed' })],
    ['another addressee', (reply) => reply({ to: parseJid('m.example') })],
  ])('Q-3: not with %s', async (_, attack) => {
    const { dispatcher, reply } = setUp()
    const answer = dispatcher.request(version, juliet, {})
    expect(attack(reply)).toBe(false)
    reply()
    expect(await answer).toBe('1.0')
  })

  test('Q-3: not by a request, nor by a reply that comes twice', async () => {
    const { dispatcher, reply, accept, sent } = setUp()
    const answer = dispatcher.request(version, juliet, {})
    const id = sent[0]!.id!
    expect(
      accept(iq({ type: 'set', id, from: juliet, to: server }, new Element('query', { xmlns: ns }))),
    ).toBe(false)
    expect(reply()).toBe(true)
    expect(reply()).toBe(false)
    expect(await answer).toBe('1.0')
  })

  test('D-8: ids cannot be guessed and do not repeat', () => {
    const { dispatcher, sent } = setUp()
    for (let n = 0; n < 100; n++) void outcome(dispatcher.request(version, juliet, {}))
    const ids = new Set(sent.map(({ id }) => id))
    expect(ids.size).toBe(100)
    for (const id of ids) expect(id).toMatch(/^[\w-]{22,}$/)
  })
})

describe('giving up', () => {
  test('after 32 s, or what was asked for', async () => {
    const { dispatcher, clock, reply } = setUp()
    const usual = outcome(dispatcher.request(version, juliet, {}))
    const short = outcome(dispatcher.request(version, juliet, {}, { timeoutMs: 1_000 }))
    await clock.advance(1_000)
    expect(await short).toMatchObject({
      code: 'iq/timeout',
      message: 'juliet@c.example/balcony did not answer within 1000 ms',
    })
    expect(reply()).toBe(false)
    await clock.advance(31_000)
    expect(await usual).toMatchObject({ code: 'iq/timeout' })
    expect(clock.timers).toBe(0)
  })

  test('when the signal is aborted, with its reason', async () => {
    const { dispatcher, clock, reply } = setUp()
    const controller = new AbortController()
    const answer = outcome(dispatcher.request(version, juliet, {}, { signal: controller.signal }))
    const reason = new Error('changed my mind')
    controller.abort(reason)
    expect(await answer).toBe(reason)
    expect(reply()).toBe(false)
    expect(clock.timers).toBe(0)
  })

  test('before anything is sent, when it is aborted already', async () => {
    const { dispatcher, sent } = setUp()
    const reason = new Error('too late')
    const answer = outcome(dispatcher.request(version, juliet, {}, { signal: AbortSignal.abort(reason) }))
    expect(await answer).toBe(reason)
    expect(sent).toEqual([])
  })

  test('an abort after the answer changes nothing', async () => {
    const { dispatcher, reply } = setUp()
    const controller = new AbortController()
    const answer = dispatcher.request(version, juliet, {}, { signal: controller.signal })
    reply()
    controller.abort(new Error('late'))
    expect(await answer).toBe('1.0')
  })

  test('when the dispatcher closes, and nothing can be asked then', async () => {
    const { dispatcher, clock, reply } = setUp()
    const answers = [1, 2].map(() => outcome(dispatcher.request(version, juliet, {})))
    await dispatcher.close()
    for (const answer of answers) expect(await answer).toMatchObject({ code: 'iq/closed' })
    expect(await outcome(dispatcher.request(version, juliet, {}))).toMatchObject({ code: 'iq/closed' })
    expect(reply()).toBe(false)
    expect(clock.timers).toBe(0)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no route')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no route'))],
  ])('when sending %s', async (_, route) => {
    const { dispatcher, clock } = setUp({}, route)
    expect(await outcome(dispatcher.request(version, juliet, {}))).toEqual(new Error('no route'))
    expect(clock.timers).toBe(0)
  })
})

test('requests that wait are limited', async () => {
  const { dispatcher, reply } = setUp({ maxPending: 2 })
  const answers = [1, 2].map(() => outcome(dispatcher.request(version, juliet, {})))
  expect(await outcome(dispatcher.request(version, juliet, {}))).toMatchObject({ code: 'iq/limit' })
  reply()
  expect(await answers[1]).toBe('1.0')
  void outcome(dispatcher.request(version, juliet, {}))
  reply()
  await dispatcher.close()
  expect(await answers[0]).toMatchObject({ code: 'iq/closed' })
})

test.each<[string, Element[]]>([
  ['no payload', []],
  ['another payload', [new Element('other', { xmlns: ns })]],
])('an answer with %s is malformed', async (_, children) => {
  const { dispatcher, accept, sent } = setUp()
  const answer = outcome(dispatcher.request(version, juliet, {}))
  accept(iq({ type: 'result', id: sent[0]!.id!, from: juliet, to: server }, ...children))
  expect(await answer).toMatchObject({ code: 'iq/malformed-result' })
})

test('a payload that cannot be read is malformed, with the reason', async () => {
  const strict = defineIq({
    type: 'get',
    request: element('query', ns, {}),
    result: text('query', ns, {
      parse(): string {
        throw new Error('not a version')
      },
      print: (value: string) => value,
    }),
  })
  const { dispatcher, reply } = setUp()
  const answer = outcome(dispatcher.request(strict, juliet, {}))
  reply()
  expect(await answer).toMatchObject({ code: 'iq/malformed-result', cause: new Error('not a version') })
})

test('a request that cannot be written waits for nothing', async () => {
  const say = defineIq({ type: 'set', request: text('say', ns, string) })
  const { dispatcher, clock } = setUp()
  expect(await outcome(dispatcher.request(say, juliet, '\u0000'))).toBeInstanceOf(Error)
  expect(clock.timers).toBe(0)
})

test('D-6: the domain of the addressee asks, if it is ours; elsewhere somebody must be named', async () => {
  const { dispatcher, sent } = setUp()
  void outcome(dispatcher.request(version, juliet, {}))
  expect(String(sent[0]?.from)).toBe('c.example')
  const stranger = parseJid('tybalt@m.example')
  expect(await outcome(dispatcher.request(version, stranger, {}))).toMatchObject({ code: 'iq/no-sender' })
  void outcome(dispatcher.request(version, stranger, {}, { from: server }))
  expect(sent).toHaveLength(2)
})
