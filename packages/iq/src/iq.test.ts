import { createManualClock, randomIds, silentLogger } from '@xmppkit/runtime'
import {
  attr,
  choice,
  defineIq,
  element,
  type IqType,
  int,
  iq,
  message,
  readStanzaError,
  type Stanza,
  StanzaError,
  string,
  text,
} from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test, vi } from 'vitest'
import { createIq, type IqTarget } from './index.js'

const ns = 'test:sum'
const sum = defineIq({
  type: 'get',
  request: element('sum', ns, { a: attr('a', int), b: attr('b', int) }),
  result: text('total', ns, string),
})
const reset = defineIq({ type: 'set', request: element('sum', ns, {}) })

const from = 'romeo@m.example/orchard'
const to = 'juliet@c.example'
let count = 0
const ask = (child?: Element, { type = 'get' as IqType, id = `q${++count}`, ...more } = {}) =>
  iq({ type, id, from, to, ...more }, child)
const sumOf = (a: number | string, b: number | string) =>
  new Element('sum', { xmlns: ns, a: `${a}`, b: `${b}` })

function setUp() {
  const clock = createManualClock()
  const logged: unknown[][] = []
  const note = (text: string, fields?: object) => void logged.push([text, fields])
  const logger = { ...silentLogger, error: note, warn: note }
  const sent: Stanza[] = []
  const dispatcher = createIq({
    route: (stanza) => void sent.push(stanza),
    interceptReplies: () => ({ [Symbol.dispose]() {} }),
    clock,
    ids: randomIds,
    logger,
  })
  /** Id and outcome of every answer. */
  const answers = () =>
    sent.map((s) => `${s.id} ${readStanzaError(s)?.condition ?? s.raw.children[0]?.name ?? 'empty'}`)
  return { dispatcher, clock, logged, sent, answers }
}

describe('answers', () => {
  test('Q-1: one result, with the same id, from whom was asked to who asked', () => {
    const { dispatcher, sent } = setUp()
    dispatcher.handle(sum, 'account', ({ payload: { a, b } }) => `${a + b}`)
    const request = ask(sumOf(1, 2))
    expect(dispatcher.dispatch(request, 'account')).toBeUndefined()
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ kind: 'iq', type: 'result', id: request.id })
    expect([String(sent[0]?.from), String(sent[0]?.to)]).toEqual([to, from])
    expect(sent[0]?.payload(sum.result!)).toBe('3')
  })

  test('a handler that returns nothing, or has no result to return, answers with an empty one', async () => {
    const { dispatcher, answers } = setUp()
    dispatcher.handle(sum, 'account', async () => undefined)
    dispatcher.handle(reset, 'account', () => {})
    await dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
    await dispatcher.dispatch(ask(sumOf(1, 2), { id: 'b', type: 'set' }), 'account')
    expect(answers()).toEqual(['a empty', 'b empty'])
  })

  test('the handler gets addresses, stanza and payload; without an addressee it is the asker’s account or server', () => {
    const { dispatcher } = setUp()
    const seen: string[] = []
    for (const target of ['account', 'server'] as const) {
      dispatcher.handle(sum, target, (request) => {
        seen.push(
          `${String(request.from)} -> ${String(request.to)} ${request.payload.a} ${request.stanza.kind}`,
        )
      })
    }
    void dispatcher.dispatch(ask(sumOf(1, 1)), 'account')
    void dispatcher.dispatch(ask(sumOf(2, 2)).with({ to: undefined }), 'account')
    void dispatcher.dispatch(ask(sumOf(3, 3)).with({ to: undefined }), 'server')
    expect(seen).toEqual([
      `${from} -> ${to} 1 iq`,
      `${from} -> romeo@m.example 2 iq`,
      `${from} -> m.example 3 iq`,
    ])
  })

  test.each<[string, unknown, string, number]>([
    ['a stanza error is the answer', new StanzaError('not-allowed'), 'not-allowed', 0],
    ['anything else stays inside', new Error('hunter2'), 'internal-server-error', 1],
    ['also nothing', undefined, 'internal-server-error', 1],
  ])('Q-1 NODE-3: a handler that throws or rejects: %s', async (_, thrown, condition, lines) => {
    for (const handler of [
      (): string => {
        throw thrown
      },
      () => Promise.reject(thrown as Error),
    ]) {
      const { dispatcher, answers, logged, sent } = setUp()
      dispatcher.handle(sum, 'account', handler)
      await dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
      expect(answers()).toEqual([`a ${condition}`])
      expect(logged).toHaveLength(lines)
      expect(sent[0]?.element.toString()).not.toContain('hunter2')
    }
  })

  test('Q-1: a result XML cannot carry is an internal error, not silence', () => {
    const { dispatcher, answers, logged } = setUp()
    dispatcher.handle(sum, 'account', () => 'no such character: \u0000')
    void dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
    expect(answers()).toEqual(['a internal-server-error'])
    expect(logged).toHaveLength(1)
  })

  test('Q-1: an error XML cannot carry keeps its condition', () => {
    const { dispatcher, answers } = setUp()
    dispatcher.handle(sum, 'account', () => {
      throw new StanzaError('conflict', { text: '\u0000' })
    })
    void dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
    expect(answers()).toEqual(['a conflict'])
  })

  test('Q-6: an error carries one condition, its type and its text', () => {
    const { dispatcher, sent } = setUp()
    dispatcher.handle(sum, 'account', () => {
      throw new StanzaError('forbidden', { text: 'ask Juliet', by: 'c.example' })
    })
    void dispatcher.dispatch(ask(sumOf(1, 2)), 'account')
    const child = sent[0]?.raw.child('error', 'jabber:client')
    expect(child?.attr('type')).toBe('auth')
    expect(child?.attr('by')).toBe('c.example')
    expect(child?.children.map(({ name, ns: space }) => [name, space])).toEqual([
      ['forbidden', 'urn:ietf:params:xml:ns:xmpp-stanzas'],
      ['text', 'urn:ietf:params:xml:ns:xmpp-stanzas'],
    ])
  })

  test('Q-8: an error does not repeat a request with secrets, if its handler says so', () => {
    const { dispatcher, sent, answers } = setUp()
    dispatcher.handle(
      reset,
      'account',
      () => {
        throw new StanzaError('not-allowed')
      },
      { echo: false },
    )
    const request = ask(new Element('sum', { xmlns: ns, password: 'r0m30' }), { type: 'set' })
    void dispatcher.dispatch(request, 'account')
    expect(answers()).toEqual([`${request.id} not-allowed`])
    expect(sent[0]?.raw.children.map(({ name }) => name)).toEqual(['error'])
  })

  test('Q-8: an error does not send a large payload back', () => {
    const { dispatcher, sent } = setUp()
    const large = new Element('unknown', { xmlns: ns }).t('x'.repeat(50_000))
    void dispatcher.dispatch(ask(large), 'account')
    expect(sent[0]?.raw.size).toBeLessThan(1_000)
  })
})

describe('what no handler gets', () => {
  test.each<[string, Stanza, string[]]>([
    ['Q-1: no child', ask(undefined, { id: 'a' }), ['a bad-request']],
    ['Q-1: two children', ask(sumOf(1, 2), { id: 'a' }).add(sumOf(1, 2)), ['a bad-request']],
    ['a malformed payload', ask(sumOf('one', 2), { id: 'a' }), ['a bad-request']],
    [
      'Q-4: a payload nobody knows',
      ask(new Element('sum', { xmlns: 'test:other' }), { id: 'a' }),
      ['a service-unavailable'],
    ],
    [
      'Q-4: another payload of a namespace',
      ask(new Element('mul', { xmlns: ns }), { id: 'a' }),
      ['a feature-not-implemented'],
    ],
    ['Q-4: another type', ask(sumOf(1, 2), { id: 'a', type: 'set' }), ['a feature-not-implemented']],
    ['Q-2: a result', ask(sumOf(1, 2), { id: 'a', type: 'result' }), []],
    ['Q-2: an error', ask(sumOf(1, 2), { id: 'a', type: 'error' }), []],
  ])('%s', async (_, stanza, expected) => {
    const { dispatcher, answers } = setUp()
    const handler = vi.fn(() => '0')
    dispatcher.handle(sum, 'account', handler)
    await dispatcher.dispatch(stanza, 'account')
    expect(answers()).toEqual(expected)
    expect(handler).not.toHaveBeenCalled()
  })

  test('Q-4: accounts and the server have handlers of their own', async () => {
    const { dispatcher, answers } = setUp()
    dispatcher.handle(sum, 'server', () => '0')
    await dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
    await dispatcher.dispatch(ask(sumOf(1, 2), { id: 'b' }), 'server')
    expect(answers()).toEqual(['a service-unavailable', 'b total'])
  })

  test('Q-2: a result or error nobody waits for is dropped, also where it has no handler', async () => {
    const { dispatcher, sent } = setUp()
    for (const target of ['account', 'server'] as const) {
      for (const type of ['result', 'error'] as const) {
        expect(dispatcher.dispatch(ask(sumOf(1, 2), { type }), target)).toBeUndefined()
        expect(dispatcher.dispatch(ask(undefined, { type }), target)).toBeUndefined()
      }
    }
    expect(sent).toEqual([])
  })

  test('what is no iq is refused', () => {
    const { dispatcher } = setUp()
    expect(() => dispatcher.dispatch(message({ from, to }), 'account')).toThrow(
      expect.objectContaining({ condition: 'bad-request' }),
    )
  })

  test('a request without a sender reaches nobody', async () => {
    const { dispatcher } = setUp()
    const handler = vi.fn(() => '0')
    dispatcher.handle(sum, 'account', handler)
    await dispatcher.dispatch(ask(sumOf(1, 2)).with({ from: undefined }), 'account')
    expect(handler).not.toHaveBeenCalled()
  })
})

describe('handlers', () => {
  test('one payload has one handler for each target and type', () => {
    const { dispatcher } = setUp()
    const first = dispatcher.handle(sum, 'account', () => '1')
    const taken = expect.objectContaining({ code: 'iq/handler-exists' })
    expect(() => dispatcher.handle(sum, 'account', () => '2')).toThrow(taken)
    dispatcher.handle(sum, 'server', () => '3')
    dispatcher.handle(reset, 'account', () => {})
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    dispatcher.handle(sum, 'account', () => '4')
  })

  test('namespaces are those that have handlers, each once', () => {
    const { dispatcher } = setUp()
    const handlers = [
      dispatcher.handle(sum, 'account', () => '1'),
      dispatcher.handle(reset, 'account', () => {}),
    ]
    expect(dispatcher.namespaces('account')).toEqual([ns])
    expect(dispatcher.namespaces('server')).toEqual([])
    for (const handler of handlers) handler[Symbol.dispose]()
    expect(dispatcher.namespaces('account')).toEqual([])
  })

  test('a definition with alternatives takes each of them, also across namespaces', async () => {
    const { dispatcher, answers } = setUp()
    const either = defineIq({
      type: 'set',
      request: choice({ on: element('on', 'test:one', {}), off: element('off', 'test:two', {}) }),
      result: text('was', 'test:one', string),
    })
    const handler = dispatcher.handle(either, 'account', ({ payload }) => payload.kind)
    expect(dispatcher.namespaces('account')).toEqual(['test:one', 'test:two'])
    const set = (name: string, space: string, id: string) =>
      dispatcher.dispatch(ask(new Element(name, { xmlns: space }), { type: 'set', id }), 'account')
    await set('on', 'test:one', 'a')
    await set('off', 'test:two', 'b')
    await set('off', 'test:one', 'c')
    expect(answers()).toEqual(['a was', 'b was', 'c feature-not-implemented'])
    expect(() =>
      dispatcher.handle(
        defineIq({ type: 'set', request: element('off', 'test:two', {}) }),
        'account',
        () => {},
      ),
    ).toThrow(expect.objectContaining({ code: 'iq/handler-exists' }))
    handler[Symbol.dispose]()
    expect(dispatcher.namespaces('account')).toEqual([])
  })
})

describe('time', () => {
  test('Q-1: a handler that takes too long is answered for, once, and learns that nobody waits', async () => {
    const { dispatcher, clock, answers, logged, sent } = setUp()
    let signal: AbortSignal | undefined
    let finish: (result: string) => void = () => {}
    dispatcher.handle(
      sum,
      'account',
      (request) => {
        signal = request.signal
        return new Promise<string>((resolve) => {
          finish = resolve
        })
      },
      { timeoutMs: 5_000 },
    )
    const done = dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
    expect(done).toBeInstanceOf(Promise)
    await clock.advance(4_999)
    expect(answers()).toEqual([])
    await clock.advance(1)
    await done
    expect(answers()).toEqual(['a internal-server-error'])
    expect(readStanzaError(sent[0]!)?.type).toBe('wait')
    expect(signal?.aborted).toBe(true)
    expect(logged).toHaveLength(1)
    finish('3')
    await clock.advance(0)
    expect(answers()).toHaveLength(1)
  })

  test('a handler that fails after its time is up is answered once', async () => {
    const { dispatcher, clock, answers } = setUp()
    dispatcher.handle(sum, 'account', ({ signal }) => {
      return new Promise<string>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    })
    void dispatcher.dispatch(ask(sumOf(1, 2), { id: 'a' }), 'account')
    await clock.advance(30_000)
    expect(answers()).toEqual(['a internal-server-error'])
  })

  test('NODE-7: no timer outlives its request, and a handler that does not wait has none', async () => {
    const { dispatcher, clock, answers } = setUp()
    dispatcher.handle(sum, 'account', () => {
      expect(clock.timers).toBe(0)
      return '3'
    })
    dispatcher.handle(reset, 'account', async () => {})
    await dispatcher.dispatch(ask(sumOf(1, 2)), 'account')
    const done = dispatcher.dispatch(ask(sumOf(1, 2), { type: 'set' }), 'account')
    expect(clock.timers).toBe(1)
    await done
    expect(clock.timers).toBe(0)
    expect(answers()).toHaveLength(2)
  })
})

describe('withdrawal', () => {
  test('a handler that is taken away finishes what it began, and what waits for it is answered', async () => {
    const { dispatcher, clock, answers } = setUp()
    let finish: (result: string) => void = () => {}
    let signal: AbortSignal | undefined
    const handler = dispatcher.handle(
      sum,
      'account',
      (request) =>
        new Promise<string>((resolve) => {
          finish = resolve
          signal = request.signal
        }),
      { concurrency: 'serial' },
    )
    void dispatcher.dispatch(ask(sumOf(1, 2), { id: 'running' }), 'account')
    void dispatcher.dispatch(ask(sumOf(1, 2), { id: 'waiting' }), 'account')
    handler[Symbol.dispose]()
    void dispatcher.dispatch(ask(sumOf(1, 2), { id: 'late' }), 'account')
    await clock.advance(0)
    expect(signal?.aborted).toBe(true)
    expect(answers()).toEqual(['waiting service-unavailable', 'late service-unavailable'])
    finish('3')
    await clock.advance(0)
    expect(answers().slice(2)).toEqual(['running total'])
    expect(clock.timers).toBe(0)
  })

  test('a handler that asks for its signal late still learns', async () => {
    const { dispatcher, clock } = setUp()
    let go = () => {}
    let aborted: boolean | undefined
    const handler = dispatcher.handle(sum, 'account', async (request) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      aborted = request.signal.aborted
    })
    void dispatcher.dispatch(ask(sumOf(1, 2)), 'account')
    handler[Symbol.dispose]()
    go()
    await clock.advance(0)
    expect(aborted).toBe(true)
  })

  test('Q-1: closing answers everything that has no answer yet, once', async () => {
    const { dispatcher, clock, answers, sent } = setUp()
    let finish: (result: string) => void = () => {}
    const slow = () =>
      new Promise<string>((resolve) => {
        finish = resolve
      })
    dispatcher.handle(sum, 'account', slow)
    dispatcher.handle(sum, 'server', slow, { concurrency: 'serial' })
    for (const [id, target] of Object.entries({ a: 'account', b: 'server', c: 'server' } satisfies Record<
      string,
      IqTarget
    >)) {
      void dispatcher.dispatch(ask(sumOf(1, 2), { id }), target)
    }
    const closed = dispatcher.close()
    expect(dispatcher[Symbol.asyncDispose]()).toBe(closed)
    await closed
    finish('3')
    await clock.advance(60_000)
    expect(answers()).toEqual(['a service-unavailable', 'b service-unavailable', 'c service-unavailable'])
    expect(readStanzaError(sent[0]!)?.type).toBe('wait')
    expect(clock.timers).toBe(0)
  })
})

test('an answer that cannot be sent is logged and harms nobody', async () => {
  for (const route of [
    () => {
      throw new Error('no route')
    },
    () => Promise.reject(new Error('no route')),
  ]) {
    const logged: unknown[] = []
    const dispatcher = createIq({
      route,
      interceptReplies: () => ({ [Symbol.dispose]() {} }),
      clock: createManualClock(),
      ids: randomIds,
      logger: { ...silentLogger, error: (text) => void logged.push(text) },
    })
    dispatcher.handle(sum, 'account', () => '3')
    await dispatcher.dispatch(ask(sumOf(1, 2)), 'account')
    expect(logged).toEqual(['iq answer could not be sent'])
  }
})
