import { event } from '@xmppkit/hooks'
import { createManualClock, type Logger, type Scope, silentLogger } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import {
  ClockService,
  createHost,
  DomainsService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  type ModuleUse,
  maybe,
  type Needs,
  provide,
  type Service,
  service,
  use,
} from './index.js'

const A = service<string>('test/a')
const B = service<string>('test/b')
const C = service<string>('test/c', { providedBy: ['cModule', 'otherModule'] })

/** A module that writes down when it starts and stops. */
function part(
  log: string[],
  name: string,
  { needs = {}, provides, fail }: { needs?: Needs; provides?: Service<string>; fail?: string } = {},
): ModuleUse {
  return use(
    defineModule({
      name,
      needs,
      ...(provides && { provides }),
      start(_deps, _options: Record<never, never>, scope) {
        log.push(`+${name}`)
        scope.defer(() => void log.push(`-${name}`))
        if (fail) throw new Error(fail)
        return { service: name }
      },
    }),
  )
}

describe('order', () => {
  test('modules start after what they need, and stop in reverse', async () => {
    const log: string[] = []
    const host = await createHost(
      {},
      {
        modules: [
          part(log, 'c', { needs: { a: A, b: B } }),
          part(log, 'b', { needs: { a: A }, provides: B }),
          part(log, 'a', { provides: A }),
        ],
      },
    )
    await host.close()
    expect(log).toEqual(['+a', '+b', '+c', '-c', '-b', '-a'])
  })

  test('among those whose needs are met, the first in the list starts next', async () => {
    const log: string[] = []
    await createHost(
      {},
      {
        modules: [
          part(log, 'late', { needs: { b: B } }),
          part(log, 'x'),
          part(log, 'b', { provides: B }),
          part(log, 'y'),
        ],
      },
    )
    expect(log).toEqual(['+x', '+b', '+late', '+y'])
  })

  test('one starts after the other has started, however long that takes', async () => {
    const log: string[] = []
    const slow = use(
      defineModule({
        name: 'slow',
        needs: {},
        async start() {
          for (let i = 0; i < 5; i++) await Promise.resolve()
          log.push('+slow')
        },
      }),
    )
    await createHost({}, { modules: [slow, part(log, 'next')] })
    expect(log).toEqual(['+slow', '+next'])
  })

  test('a soft need orders, and may go unmet', async () => {
    const log: string[] = []
    const seen: unknown[] = []
    const soft = use(
      defineModule({
        name: 'soft',
        needs: { a: maybe(A), b: maybe(B) },
        start(deps) {
          seen.push(deps.a, deps.b)
        },
      }),
    )
    await createHost({}, { modules: [soft, part(log, 'a', { provides: A })] })
    expect(seen).toEqual(['a', undefined])
  })
})

describe('what cannot start does not', () => {
  test('a failing module undoes itself and those before it, and is named', async () => {
    const log: string[] = []
    const modules = [part(log, 'a'), part(log, 'b', { fail: 'no disk' }), part(log, 'c')]
    const error: unknown = await createHost({}, { modules }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'module/start-failed', cause: new Error('no disk') })
    expect(String(error)).toContain('b could not be started')
    expect(log).toEqual(['+a', '+b', '-b', '-a'])
  })

  test('a module that never comes back is named when its time is up', async () => {
    const log: string[] = []
    const clock = createManualClock()
    let signal: AbortSignal | undefined
    const stuck = use(
      defineModule({
        name: 'stuck',
        needs: {},
        start(_deps, _options, scope) {
          signal = scope.signal
          return new Promise<undefined>(() => {})
        },
      }),
    )
    const host = createHost({ clock }, { modules: [part(log, 'a'), stuck], startTimeoutMs: 5_000 })
    const outcome = host.catch((e: unknown) => e)
    await clock.advance(4_999)
    expect(log).toEqual(['+a'])
    await clock.advance(1)
    expect(await outcome).toMatchObject({
      code: 'module/start-timeout',
      message: 'stuck did not start within 5000 ms',
    })
    expect(signal?.aborted).toBe(true)
    expect(log).toEqual(['+a', '-a'])
    expect(clock.timers).toBe(0)
  })

  test('what a late start still registers is undone at once', async () => {
    const clock = createManualClock()
    let go = () => {}
    let undone = false
    let scope: Scope | undefined
    const late = defineModule({
      name: 'late',
      needs: {},
      async start(_deps, _options, own) {
        scope = own
        await new Promise<void>((resolve) => {
          go = resolve
        })
        own.defer(() => {
          undone = true
        })
      },
    })
    const outcome = createHost({ clock }, { modules: [use(late)] }).catch((e: unknown) => e)
    await clock.advance(30_000)
    expect(await outcome).toMatchObject({ code: 'module/start-timeout' })
    go()
    await clock.advance(0)
    expect(scope?.signal.aborted).toBe(true)
    expect(undone).toBe(true)
  })

  test('services nobody provides are all listed, with the modules that would', async () => {
    const log: string[] = []
    const host = createHost(
      {},
      { modules: [part(log, 'x', { needs: { a: A, c: C } }), part(log, 'y', { needs: { c: C } })] },
    )
    await expect(host).rejects.toMatchObject({
      code: 'module/missing-service',
      message: [
        'services nobody provides:',
        '  x needs test/a',
        '  x needs test/c (provided by cModule or otherModule)',
        '  y needs test/c (provided by cModule or otherModule)',
      ].join('\n'),
    })
    expect(log).toEqual([])
  })

  test('a circle is named', async () => {
    const log: string[] = []
    const modules = [
      part(log, 'outside', { needs: { a: A } }),
      part(log, 'a', { needs: { b: B }, provides: A }),
      part(log, 'b', { needs: { c: C }, provides: B }),
      part(log, 'c', { needs: { a: maybe(A) }, provides: C }),
    ]
    await expect(createHost({}, { modules })).rejects.toMatchObject({
      code: 'module/cycle',
      message: 'modules need each other: a -> b -> c -> a',
    })
    expect(log).toEqual([])
  })

  test('a module that needs what it provides is a circle of its own', async () => {
    const modules = [part([], 'a', { needs: { a: A }, provides: A })]
    await expect(createHost({}, { modules })).rejects.toMatchObject({
      message: 'modules need each other: a -> a',
    })
  })

  test.each<[string, ModuleUse[], string]>([
    ['two modules of one name', [part([], 'a'), part([], 'a')], 'module/duplicate-name'],
    [
      'a service of two modules',
      [part([], 'a', { provides: A }), part([], 'b', { provides: A })],
      'module/provided-twice',
    ],
    ['a service of a module and of the embedder', [part([], 'b', { provides: B })], 'module/provided-twice'],
    [
      'a service of a module and of the host',
      [part([], 'ids', { provides: service<string>('module/ids') })],
      'module/provided-twice',
    ],
  ])('%s', async (_, modules, code) => {
    await expect(createHost({}, { modules, services: [provide(B, 'mine')] })).rejects.toMatchObject({ code })
  })

  test('a value brought twice', async () => {
    const services = [provide(A, 'one'), provide(A, 'two')]
    await expect(createHost({}, { modules: [], services })).rejects.toMatchObject({
      code: 'module/provided-twice',
    })
  })

  test('a module that comes back without what it provides', async () => {
    const forgetful = defineModule({
      name: 'forgetful',
      needs: {},
      provides: A,
      start: () => ({}) as { service: string },
    })
    await expect(createHost({}, { modules: [use(forgetful)] })).rejects.toMatchObject({
      code: 'module/start-failed',
      cause: new Error('it did not come back with test/a'),
    })
  })
})

describe('services', () => {
  test('those of modules, of the embedder and of the host are found by token', async () => {
    const host = await createHost(
      {},
      { modules: [part([], 'a', { provides: A })], services: [provide(B, 'mine')] },
    )
    expect(host.get(A)).toBe('a')
    expect(host.get(B)).toBe('mine')
    expect(host.get(HooksService)).toBe(host.hooks)
    expect(host.get(DomainsService)).toBe(host.domains)
    expect([host.has(A), host.has(C)]).toEqual([true, false])
    expect(() => host.get(C)).toThrow(expect.objectContaining({ code: 'module/no-service' }))
    await host.close()
    expect(host.has(A)).toBe(false)
  })

  test('a token of another installed copy finds the same service', async () => {
    const host = await createHost({}, { modules: [part([], 'a', { provides: A })] })
    expect(host.get(service<string>('test/a'))).toBe('a')
  })

  test('two hosts share what the embedder gives both', async () => {
    const Shared = service<string[]>('test/shared')
    const shared: string[] = []
    const writer = (name: string) =>
      use(
        defineModule({
          name,
          needs: { shared: Shared, hooks: HooksService },
          start(deps, _options, scope) {
            deps.shared.push(name)
            scope.use(
              deps.hooks.on(event<string>('test/said'), (text) => void deps.shared.push(`${name}: ${text}`)),
            )
          },
        }),
      )
    const services = [provide(Shared, shared)]
    const one = await createHost({}, { name: 'one', services, modules: [writer('first')] })
    const two = await createHost({}, { name: 'two', services, modules: [writer('second')] })
    await one.hooks.run(event<string>('test/said'), 'hello')
    await two.hooks.run(event<string>('test/said'), 'good bye')
    // Values are shared, hooks are not.
    expect(shared).toEqual(['first', 'second', 'first: hello', 'second: good bye'])
    await one.close()
    expect(two.get(Shared)).toBe(shared)
  })

  test('the log and the hooks a module gets carry its name', async () => {
    const lines: unknown[][] = []
    const loggerWith = (bound: object): Logger => ({
      ...silentLogger,
      error: (message, fields) => void lines.push([message, { ...bound, ...fields }]),
      child: (fields) => loggerWith({ ...bound, ...fields }),
    })
    const said = event<string>('test/said')
    const broken = new Error('broken')
    const noisy = defineModule({
      name: 'noisy',
      needs: { hooks: HooksService, logger: LoggerService, ids: IdsService },
      start({ hooks, logger, ids }, _options, scope) {
        logger.error('hello', { id: ids.next() })
        scope.use(
          hooks.on(said, () => {
            throw broken
          }),
        )
      },
    })
    const host = await createHost(
      { logger: loggerWith({}), ids: { next: () => 'id1' } },
      { name: 'main', modules: [use(noisy)] },
    )
    await host.hooks.run(said, 'x')
    expect(lines).toEqual([
      ['hello', { host: 'main', module: 'noisy', id: 'id1' }],
      ['listener failed', { host: 'main', module: 'noisy', hook: 'test/said', error: broken }],
    ])
  })
})

describe('close', () => {
  test('tells everything that went wrong, and stops the rest all the same', async () => {
    const log: string[] = []
    const broken = (name: string) =>
      use(
        defineModule({
          name,
          needs: {},
          start: (_deps, _options, scope) => scope.defer(() => Promise.reject(new Error(name))),
        }),
      )
    const host = await createHost({}, { modules: [part(log, 'a'), broken('x'), broken('y')] })
    const error: unknown = await host.close().catch((e: unknown) => e)
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map(String)).toEqual(['Error: y', 'Error: x'])
    expect(log).toEqual(['+a', '-a'])
  })

  test('does not wait for ever', async () => {
    const clock = createManualClock()
    const log: string[] = []
    const stuck = defineModule({
      name: 'stuck',
      needs: {},
      start: (_deps, _options, scope) => scope.defer(() => new Promise<void>(() => {})),
    })
    const host = await createHost({ clock }, { modules: [part(log, 'a'), use(stuck)], stopTimeoutMs: 1_000 })
    const closed = host.close().catch((e: unknown) => e)
    await clock.advance(1_000)
    expect(await closed).toMatchObject({ errors: [expect.objectContaining({ code: 'module/stop-timeout' })] })
    expect(log).toEqual(['+a', '-a'])
  })

  test('may be called twice, and is final', async () => {
    const log: string[] = []
    const host = await createHost({}, { modules: [part(log, 'a')] })
    const first = host.close()
    expect(host[Symbol.asyncDispose]()).toBe(first)
    await first
    const closed = expect.objectContaining({ code: 'module/host-closed' })
    await expect(host.addDomain('example.org')).rejects.toEqual(closed)
    await expect(host.removeDomain('example.org')).rejects.toEqual(closed)
    await expect(host.reload([])).rejects.toEqual(closed)
    expect(log).toEqual(['+a', '-a'])
  })

  test('leaves no timer of a module behind', async () => {
    const clock = createManualClock()
    const fired: string[] = []
    const forgetful = defineModule({
      name: 'forgetful',
      needs: { clock: ClockService },
      start(deps, _options, scope) {
        deps.clock.after(10, () => fired.push('leaked'))
        deps.clock.after(20, () => fired.push('disposed'))[Symbol.dispose]()
        scope.defer(() => void deps.clock.after(5, () => fired.push('set while closing')))
      },
    })
    const host = await createHost({ clock }, { modules: [use(forgetful)] })
    expect(clock.timers).toBe(1)
    await host.close()
    expect(clock.timers).toBe(0)
    await clock.advance(100)
    expect(fired).toEqual([])
  })
})

test('xeps are listed once, by number', async () => {
  const xep = (number: string, version: string) => ({ number, version })
  const one = defineModule({
    name: 'one',
    needs: {},
    xeps: [xep('0199', '2.0'), xep('0030', '2.5')],
    start() {},
  })
  const two = defineModule({
    name: 'two',
    needs: {},
    xeps: [xep('0030', '2.5'), xep('0012', '2.0')],
    start() {},
  })
  const host = await createHost({}, { modules: [use(one), use(two)] })
  expect(host.xeps()).toEqual([xep('0012', '2.0'), xep('0030', '2.5'), xep('0199', '2.0')])
})
