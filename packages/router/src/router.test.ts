import { createHooks, drop } from '@xmppkit/hooks'
import { silentLogger } from '@xmppkit/runtime'
import {
  DecodeError,
  type IqType,
  iq,
  message,
  presence,
  readStanzaError,
  type Stanza,
  StanzaError,
} from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import { describe, expect, test, vi } from 'vitest'
import {
  createRouter,
  filterPacket,
  type RouterDeps,
  type RouterOptions,
  routeRegistered,
  routeUnregistered,
} from './index.js'

function setUp(options: RouterOptions & Pick<RouterDeps, 'federation' | 'isLocal'> = {}) {
  const { federation, isLocal, ...rest } = options
  const logged: unknown[][] = []
  const hooks = createHooks({ onError: (error) => void logged.push(['listener', error]) })
  const logger = {
    ...silentLogger,
    error: (text: string, fields?: object) => void logged.push([text, fields]),
  }
  const router = createRouter(
    { hooks, logger, ...(federation && { federation }), ...(isLocal && { isLocal }) },
    rest,
  )
  /** What was delivered to romeo's domain: answers to what he sent. */
  const answers: Stanza[] = []
  router.register('montague.example', (stanza) => void answers.push(stanza))
  return {
    router,
    hooks,
    logged,
    answers,
    conditions: () => answers.map((s) => readStanzaError(s)?.condition),
  }
}

const from = 'romeo@montague.example/orchard'
const hello = message({ from, to: 'juliet@capulet.example', type: 'chat', id: 'm1', body: 'Hi' })
const request = (type: IqType = 'get', to = 'capulet.example') =>
  iq({ type, from, to, id: 'q1' }, new Element('query', { xmlns: 'test:ns' }))

describe('routes', () => {
  test('a stanza goes to the route of its domain, whatever else is in its address', () => {
    const { router } = setUp()
    const got: Stanza[] = []
    router.register('capulet.example', (stanza) => void got.push(stanza))
    for (const to of ['capulet.example', 'juliet@capulet.example', 'juliet@capulet.example/balcony']) {
      expect(router.route(hello.with({ to: message({ to }).to }))).toBeUndefined()
    }
    expect(got.map(({ to }) => String(to))).toEqual([
      'capulet.example',
      'juliet@capulet.example',
      'juliet@capulet.example/balcony',
    ])
  })

  test('without waiting handlers nothing waits, and the very stanza arrives', () => {
    const { router } = setUp()
    let got: Stanza | undefined
    router.register('capulet.example', (stanza) => {
      got = stanza
    })
    expect(router.route(hello)).toBeUndefined()
    expect(got).toBe(hello)
  })

  test('the promise of a route that waits settles when it has taken responsibility', async () => {
    const { router } = setUp()
    const log: string[] = []
    let stored = () => {}
    router.register('capulet.example', async () => {
      await new Promise<void>((resolve) => {
        stored = resolve
      })
      log.push('stored')
    })
    const done = Promise.resolve(router.route(hello)).then(() => log.push('done'))
    expect(log).toEqual([])
    stored()
    await done
    expect(log).toEqual(['stored', 'done'])
  })

  test('names are prepared when registered, and told apart afterwards', () => {
    const { router } = setUp()
    const route = router.register('CAPULET.example.', () => {}, { label: 'main' })
    expect(router.serves('capulet.example')).toBe(true)
    expect(router.domains()).toEqual(['montague.example', 'capulet.example'])
    expect(router.routes('capulet.example')).toEqual([{ label: 'main', instance: 0 }])
    route[Symbol.dispose]()
    route[Symbol.dispose]()
    expect(router.serves('capulet.example')).toBe(false)
    expect(router.routes('capulet.example')).toEqual([])
    expect(() => router.register('not a domain', () => {})).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^jid\//) }),
    )
  })

  test('an exclusive route has no company', () => {
    const { router } = setUp()
    const taken = expect.objectContaining({ code: 'router/domain-taken' })
    const first = router.register('a.example', () => {}, { exclusive: true })
    expect(() => router.register('a.example', () => {})).toThrow(taken)
    first[Symbol.dispose]()
    router.register('a.example', () => {})
    expect(() => router.register('a.example', () => {}, { exclusive: true })).toThrow(taken)
  })

  test('their number is limited', () => {
    const { router } = setUp({ maxRoutes: 2 })
    const second = router.register('a.example', () => {})
    const full = expect.objectContaining({ code: 'router/limit' })
    expect(() => router.register('b.example', () => {})).toThrow(full)
    second[Symbol.dispose]()
    router.register('b.example', () => {})
  })

  test('domains that come and go are told once each, not for every route', () => {
    const { router, hooks } = setUp()
    const log: string[] = []
    hooks.on(routeRegistered, ({ domain }) => void log.push(`+${domain}`))
    hooks.on(routeUnregistered, ({ domain }) => void log.push(`-${domain}`))
    const routes = [1, 2].map(() => router.register('a.example', () => {}))
    for (const route of routes) route[Symbol.dispose]()
    expect(log).toEqual(['+a.example', '-a.example'])
  })
})

describe('no route', () => {
  test('D-9: a domain nobody serves is remote-server-not-found', () => {
    const { router, answers, conditions } = setUp()
    void router.route(hello)
    expect(conditions()).toEqual(['remote-server-not-found'])
    expect(answers[0]).toMatchObject({ kind: 'message', type: 'error', id: 'm1' })
    expect([String(answers[0]?.from), String(answers[0]?.to)]).toEqual(['juliet@capulet.example', from])
  })

  test('the federation gets it, if there is one', async () => {
    const sent: Stanza[] = []
    const { router, answers } = setUp({ federation: async (stanza) => void sent.push(stanza) })
    await router.route(hello)
    expect(sent).toEqual([hello])
    expect(answers).toEqual([])
  })

  test('M-5: a domain of our own never goes to the federation, also in answers between two of them', async () => {
    const federation = vi.fn()
    const { router, conditions } = setUp({ federation })
    router.register('capulet.example', () => {
      throw new StanzaError('item-not-found')
    })
    await router.route(hello)
    expect(conditions()).toEqual(['item-not-found'])
    expect(federation).not.toHaveBeenCalled()
  })

  test('M-5: also while it has no route, as when its host restarts a module', async () => {
    const federation = vi.fn()
    const { router, conditions, answers } = setUp({
      federation,
      isLocal: (domain) => domain === 'capulet.example',
    })
    await router.route(hello)
    expect(conditions()).toEqual(['service-unavailable'])
    expect(readStanzaError(answers[0]!)?.type).toBe('wait')
    await router.route(message({ from, to: 'far.example', body: 'x' }))
    expect(federation).toHaveBeenCalledOnce()
  })

  test('D-9: what the federation refuses or cannot do is answered', async () => {
    const { router, conditions } = setUp({
      federation: () => Promise.reject(new StanzaError('remote-server-timeout')),
    })
    await router.route(hello)
    expect(conditions()).toEqual(['remote-server-timeout'])
  })

  test('a stanza without addressee is refused', () => {
    const { router, conditions } = setUp()
    void router.route(message({ from, body: 'to nobody' }))
    expect(conditions()).toEqual(['bad-request'])
  })
})

describe('errors', () => {
  test.each<[string, unknown, string, boolean]>([
    ['a stanza error is the answer', new StanzaError('not-allowed'), 'not-allowed', false],
    ['a malformed payload is a bad request', new DecodeError('query/@jid', 'required'), 'bad-request', false],
    [
      'anything else stays inside',
      new Error('password of the database is hunter2'),
      'internal-server-error',
      true,
    ],
    ['also what is no error', 'oops', 'internal-server-error', true],
    ['also nothing', undefined, 'internal-server-error', true],
  ])('NODE-3: %s', async (_, thrown, condition, isLogged) => {
    for (const handler of [
      () => {
        throw thrown
      },
      () => Promise.reject(thrown as Error),
    ]) {
      const { router, answers, conditions, logged } = setUp()
      router.register('capulet.example', handler)
      await router.route(hello)
      expect(conditions()).toEqual([condition])
      expect(logged).toHaveLength(isLogged ? 1 : 0)
      if (isLogged) expect(logged[0]?.[1]).toMatchObject({ error: thrown, id: 'm1' })
      expect(JSON.stringify(answers[0]?.element.toString())).not.toContain('hunter2')
    }
  })

  test.each<[string, Stanza]>([
    ['a message of type error', message({ from, to: 'nobody.example', type: 'error' })],
    ['a presence of type error', presence({ from, to: 'nobody.example', type: 'error' })],
    ['a probe', presence({ from, to: 'nobody.example', type: 'probe' })],
    ['unavailable presence', presence({ from, to: 'nobody.example', type: 'unavailable' })],
    ['an iq result', request('result', 'nobody.example')],
    ['an iq error', request('error', 'nobody.example')],
  ])('Q-7: %s is never answered with an error', async (_, stanza) => {
    const { router, answers } = setUp()
    router.register('broken.example', () => {
      throw new Error('broken')
    })
    await router.route(stanza)
    await router.route(stanza.with({ to: message({ to: 'broken.example' }).to }))
    await router.bounce(stanza, new StanzaError('forbidden'))
    expect(answers).toEqual([])
  })

  test('Q-7: two broken domains do not bounce for ever', async () => {
    const { router, logged } = setUp()
    for (const domain of ['a.example', 'b.example']) {
      router.register(domain, () => Promise.reject(new Error(domain)))
    }
    await router.route(message({ from: 'a.example', to: 'b.example', body: 'x' }))
    expect(logged.map(([, fields]) => String((fields as { error: unknown }).error))).toEqual([
      'Error: b.example',
      'Error: a.example',
    ])
  })

  test('Q-8: a large payload is not sent back', async () => {
    const { router, answers } = setUp()
    void router.route(hello.add(new Element('body', { xmlns: 'jabber:client' }).t('x'.repeat(20_000))))
    expect(answers[0]?.raw.size).toBeLessThan(1_000)
  })

  test('what has no sender is not answered', async () => {
    const { router, logged } = setUp()
    await router.route(message({ to: 'nobody.example', body: 'x' }))
    await router.bounce(message({ to: 'nobody.example' }), new StanzaError('gone'))
    expect(logged).toEqual([])
  })

  test('an error that cannot be written is logged, and the router goes on', async () => {
    const { router, logged, conditions } = setUp()
    router.register('capulet.example', () => {
      throw new StanzaError('bad-request', { text: 'no such character: \u0000' })
    })
    expect(router.route(hello)).toBeUndefined()
    expect(logged).toHaveLength(1)
    expect(conditions()).toEqual([])
  })
})

describe('filterPacket', () => {
  test('may change what is routed, and where to', () => {
    const { router, hooks, answers } = setUp()
    hooks.on(filterPacket, (stanza) => (stanza.type === 'error' ? stanza : stanza.with({ to: stanza.from })))
    void router.route(hello)
    expect(answers.map((s) => s.text('body'))).toEqual(['Hi'])
  })

  test.each([
    ['at once', () => drop],
    ['later', async () => drop],
  ])('may drop it, silently: %s', async (_, handler) => {
    const { router, hooks, answers } = setUp()
    hooks.on(filterPacket, handler)
    await router.route(hello)
    expect(answers).toEqual([])
  })

  test('may take its time', async () => {
    const { router, hooks } = setUp()
    const got: (string | undefined)[] = []
    router.register('capulet.example', (stanza) => void got.push(stanza.id))
    hooks.on(filterPacket, async (stanza) => stanza.with({ id: 'm2' }))
    await router.route(hello)
    expect(got).toEqual(['m2'])
  })

  test.each<[string, unknown, string]>([
    ['a policy that refuses is the answer', new StanzaError('policy-violation'), 'policy-violation'],
    ['a policy that is broken lets nothing pass', new Error('broken'), 'internal-server-error'],
  ])('NODE-3: %s', async (_, thrown, condition) => {
    for (const handler of [
      (stanza: Stanza) => {
        if (stanza.type !== 'error') throw thrown
        return stanza
      },
      async (stanza: Stanza) => {
        if (stanza.type !== 'error') throw thrown
        return stanza
      },
    ]) {
      const { router, hooks, conditions } = setUp()
      const handled = vi.fn()
      router.register('capulet.example', handled)
      hooks.on(filterPacket, handler)
      await router.route(hello)
      expect(conditions()).toEqual([condition])
      expect(handled).not.toHaveBeenCalled()
    }
  })

  test('NODE-3: one that breaks on everything, answers too, ends nothing but that stanza', async () => {
    const { router, hooks, answers, logged } = setUp()
    hooks.on(filterPacket, () => {
      throw new Error('broken')
    })
    await router.route(hello)
    expect(answers).toEqual([])
    expect(logged).toHaveLength(2)
  })
})

describe('replies', () => {
  test('whoever waits for a reply gets it before the routes; others pass', () => {
    const { router } = setUp()
    const routed: Stanza[] = []
    router.register('capulet.example', (stanza) => void routed.push(stanza))
    const seen: Stanza[] = []
    const interception = router.interceptReplies((reply) => {
      seen.push(reply)
      return reply.type === 'result'
    })
    for (const type of ['get', 'set', 'result', 'error'] as const) void router.route(request(type))
    void router.route(hello)
    expect(seen.map(({ type }) => type)).toEqual(['result', 'error'])
    expect(routed.map(({ type }) => type)).toEqual(['get', 'set', 'error', 'chat'])
    interception[Symbol.dispose]()
    interception[Symbol.dispose]()
    void router.route(request('result'))
    expect(seen).toHaveLength(2)
  })

  test('the first who accepts it is the last who sees it', () => {
    const { router } = setUp()
    const later = vi.fn(() => true)
    router.interceptReplies(() => true)
    router.interceptReplies(later)
    void router.route(request('result'))
    expect(later).not.toHaveBeenCalled()
  })

  test('one who breaks is reported, and the reply goes on', () => {
    const { router, logged } = setUp()
    const routed: Stanza[] = []
    router.register('capulet.example', (stanza) => void routed.push(stanza))
    router.interceptReplies(() => {
      throw new Error('broken')
    })
    void router.route(request('result'))
    expect(routed).toHaveLength(1)
    expect(logged).toHaveLength(1)
  })
})

test('routing is total: whatever breaks, nothing is thrown and nothing rejects', async () => {
  const broken = () => {
    throw new Error('broken')
  }
  const hooks = { fold: broken, run: () => {} } as never
  const router = createRouter({ hooks, logger: { error() {}, debug() {} } })
  expect(router.route(hello)).toBeUndefined()
  expect(await router.bounce(hello, new StanzaError('gone'))).toBeUndefined()
})
