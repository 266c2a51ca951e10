import type { StandardSchemaV1 } from '@standard-schema/spec'
import { createManualClock } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import { createHost, defineModule, maybe, type Needs, type Service, service, use } from './index.js'

const Store = service<string>('test/store')
const Feature = service<string>('test/feature')

interface PartOptions {
  readonly max?: number
  readonly tags?: readonly string[]
  readonly fail?: string
}

function part(
  log: string[],
  name: string,
  about: { needs?: Needs; provides?: Service<string>; reload?: (next: PartOptions) => void } = {},
) {
  return defineModule({
    name,
    needs: about.needs ?? {},
    ...(about.provides && { provides: about.provides }),
    start(_deps, options: PartOptions, scope) {
      log.push(`+${name} ${options.max ?? ''}`.trim())
      scope.defer(() => void log.push(`-${name}`))
      if (options.fail) throw new Error(options.fail)
      const { reload } = about
      if (!reload) return { service: name }
      return {
        service: name,
        reload: (next: PartOptions) => {
          log.push(`~${name} ${next.max ?? ''}`.trim())
          reload(next)
        },
      }
    },
  })
}

function setUp() {
  const log: string[] = []
  const clock = createManualClock()
  const modules = {
    store: part(log, 'store', { provides: Store }),
    feature: part(log, 'feature', { needs: { store: Store }, provides: Feature }),
    on: part(log, 'on', { needs: { feature: maybe(Feature) } }),
    apart: part(log, 'apart'),
    nimble: part(log, 'nimble', { reload: () => {} }),
  }
  return { log, clock, ...modules }
}

const nothing = { started: [], restarted: [], reloaded: [], unchanged: [], stopped: [], failed: [] }

test('the same list again changes nothing', async () => {
  const { log, store, feature, apart } = setUp()
  const list = () => [use(store, { tags: ['a'] }), use(feature), use(apart, { max: 1 })]
  const host = await createHost({}, { modules: list() })
  log.length = 0
  expect(await host.reload(list())).toEqual({ ...nothing, unchanged: ['store', 'feature', 'apart'] })
  expect(log).toEqual([])
})

test('other options go to a module that can take them', async () => {
  const { log, nimble, apart } = setUp()
  const host = await createHost({}, { modules: [use(nimble, { max: 1 }), use(apart)] })
  log.length = 0
  const report = await host.reload([use(nimble, { max: 2 }), use(apart)])
  expect(report).toEqual({ ...nothing, reloaded: ['nimble'], unchanged: ['apart'] })
  expect(log).toEqual(['~nimble 2'])
  await host.reload([use(nimble, { max: 2 }), use(apart)])
  expect(log).toEqual(['~nimble 2'])
})

test('otherwise the module is restarted with all that need it, directly or not', async () => {
  const { log, store, feature, on, apart } = setUp()
  const list = (max: number) => [use(on), use(store, { max }), use(feature), use(apart)]
  const host = await createHost({}, { modules: list(1) })
  log.length = 0
  const report = await host.reload(list(2))
  expect(report).toEqual({ ...nothing, restarted: ['store', 'feature', 'on'], unchanged: ['apart'] })
  expect(log).toEqual(['-on', '-feature', '-store', '+store 2', '+feature', '+on'])
})

test('modules come and go; who had a soft need of one is restarted', async () => {
  const { log, store, feature, on, apart } = setUp()
  const host = await createHost({}, { modules: [use(store), use(on), use(apart)] })
  log.length = 0
  const more = await host.reload([use(store), use(feature), use(on), use(apart)])
  expect(more).toEqual({ ...nothing, started: ['feature'], restarted: ['on'], unchanged: ['store', 'apart'] })
  expect(log).toEqual(['-on', '+feature', '+on'])
  expect(host.get(Feature)).toBe('feature')
  log.length = 0
  const less = await host.reload([use(store), use(on), use(apart)])
  expect(less).toEqual({ ...nothing, stopped: ['feature'], restarted: ['on'], unchanged: ['store', 'apart'] })
  expect(log).toEqual(['-on', '-feature', '+on'])
  expect(host.has(Feature)).toBe(false)
})

test('a service that another module provides from now on restarts who uses it', async () => {
  const { log, store, feature } = setUp()
  const other = part(log, 'other', { provides: Store })
  const host = await createHost({}, { modules: [use(store), use(feature)] })
  log.length = 0
  const report = await host.reload([use(other), use(feature)])
  expect(report).toEqual({ ...nothing, started: ['other'], stopped: ['store'], restarted: ['feature'] })
  expect(log).toEqual(['-feature', '-store', '+other', '+feature'])
  expect(host.get(Store)).toBe('other')
})

test('another module of the same name is another module', async () => {
  const { log, apart } = setUp()
  const host = await createHost({}, { modules: [use(apart)] })
  const report = await host.reload([use(part(log, 'apart'))])
  expect(report.restarted).toEqual(['apart'])
})

test('a module that will be restarted anyway is not asked to reload', async () => {
  const { log, store } = setUp()
  const nimble = part(log, 'nimble', { needs: { store: Store }, reload: () => {} })
  const host = await createHost({}, { modules: [use(store), use(nimble)] })
  log.length = 0
  const report = await host.reload([use(store, { max: 1 }), use(nimble, { max: 2 })])
  expect(report.restarted).toEqual(['store', 'nimble'])
  expect(log).toEqual(['-nimble', '-store', '+store 1', '+nimble 2'])
})

test('a module that fails to reload is restarted with its dependants', async () => {
  const { log, feature } = setUp()
  const store = part(log, 'store', {
    provides: Store,
    reload: () => {
      throw new Error('cannot')
    },
  })
  const host = await createHost({}, { modules: [use(store, { max: 1 }), use(feature)] })
  log.length = 0
  const report = await host.reload([use(store, { max: 2 }), use(feature)])
  expect(report).toEqual({ ...nothing, restarted: ['store', 'feature'] })
  expect(log).toEqual(['~store 2', '-feature', '-store', '+store 2', '+feature'])
})

test('a reload that never ends is cut short', async () => {
  const clock = createManualClock()
  const log: string[] = []
  const stuck = defineModule({
    name: 'stuck',
    needs: {},
    start(_deps, options: PartOptions) {
      log.push(`+${options.max}`)
      return { reload: () => new Promise<void>(() => {}) }
    },
  })
  const host = await createHost({ clock }, { modules: [use(stuck, { max: 1 })], startTimeoutMs: 1_000 })
  const report = host.reload([use(stuck, { max: 2 })])
  await clock.advance(1_000)
  expect((await report).restarted).toEqual(['stuck'])
  expect(log).toEqual(['+1', '+2'])
})

describe('a list that cannot be', () => {
  test.each([
    ['missing service', 'module/missing-service'],
    ['name used twice', 'module/duplicate-name'],
  ])('%s: nothing was stopped', async (_, code) => {
    const { log, store, feature, apart } = setUp()
    const host = await createHost({}, { modules: [use(store), use(feature)] })
    log.length = 0
    const list = code === 'module/missing-service' ? [use(feature)] : [use(apart), use(apart)]
    await expect(host.reload(list)).rejects.toMatchObject({ code })
    expect(log).toEqual([])
    expect(host.get(Feature)).toBe('feature')
  })
})

describe('a module that does not start again', () => {
  test('is reported with who waits for it, and the host goes on and tries again', async () => {
    const { log, clock, store, feature, apart } = setUp()
    const host = await createHost({ clock }, { modules: [use(store), use(feature), use(apart)] })
    log.length = 0
    const broken = [use(store, { fail: 'no disk' }), use(feature), use(apart)]
    const report = await host.reload(broken)
    expect(report.failed).toMatchObject([
      { module: 'store', error: { code: 'module/start-failed', cause: new Error('no disk') } },
      { module: 'feature', error: undefined },
    ])
    expect(report.unchanged).toEqual(['apart'])
    expect(host.status()).toMatchObject([
      { name: 'store', state: 'waiting', failures: 1 },
      { name: 'feature', state: 'waiting', failures: 0, error: undefined },
      { name: 'apart', state: 'running', failures: 0 },
    ])
    await clock.advance(100)
    expect(host.status()[0]).toMatchObject({ failures: 2 })

    const repaired = await host.reload([use(store), use(feature), use(apart)])
    expect(repaired.started).toEqual(['store', 'feature'])
    expect(host.status().map(({ state, failures }) => [state, failures])).toEqual([
      ['running', 0],
      ['running', 0],
      ['running', 0],
    ])
    expect(clock.timers).toBe(0)
  })
})

describe('options', () => {
  const positive: StandardSchemaV1<{ max?: number; password?: string }, { max: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      async validate(value) {
        const { max = 10, password } = value as { max?: unknown; password?: unknown }
        const issues: StandardSchemaV1.Issue[] = []
        if (typeof max !== 'number' || max < 1)
          issues.push({ message: 'must be at least 1', path: [{ key: 'max' }] })
        if (password !== undefined)
          issues.push({ message: `unknown: ${JSON.stringify(password)}`, path: ['password'] })
        if (Object.keys(value as object).includes('odd')) issues.push({ message: 'is odd' })
        return issues.length > 0 ? { issues } : { value: { max: max as number } }
      },
    },
  }
  const counted: number[] = []
  const checked = defineModule({
    name: 'checked',
    needs: {},
    options: positive,
    start: (_deps, { max }) => void counted.push(max),
  })

  test('what the schema makes of them is what the module gets', async () => {
    counted.length = 0
    await createHost({}, { modules: [use(checked)] })
    await createHost({}, { modules: [use(checked, { max: 3 })] })
    expect(counted).toEqual([10, 3])
  })

  test('complaints name the module and the option, and quote no secrets', async () => {
    const options = { max: 0, password: 'hunter2', odd: true }
    const error: unknown = await createHost({}, { modules: [use(checked, options)] }).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'module/invalid-options',
      message: 'options of checked:\n  max: must be at least 1\n  password: not valid\n  is odd',
    })
  })

  test('they are validated before anything is stopped', async () => {
    const { log, apart } = setUp()
    const host = await createHost({}, { modules: [use(apart), use(checked)] })
    log.length = 0
    await expect(host.reload([use(checked, { max: -1 })])).rejects.toMatchObject({
      code: 'module/invalid-options',
    })
    expect(log).toEqual([])
    expect(host.status().map(({ name }) => name)).toEqual(['apart', 'checked'])
  })

  test('leaving out what is the default is no change', async () => {
    const host = await createHost({}, { modules: [use(checked, { max: 10 })] })
    expect((await host.reload([use(checked)])).unchanged).toEqual(['checked'])
  })

  test('without a schema, options nobody gave are empty', async () => {
    let seen: unknown
    const plain = defineModule({
      name: 'plain',
      needs: {},
      start(_deps, options: PartOptions) {
        seen = options
      },
    })
    await createHost({}, { modules: [use(plain)] })
    expect(seen).toEqual({})
  })
})

test('changes happen one after another, in the order they were asked for', async () => {
  const { log, apart, nimble } = setUp()
  const host = await createHost({}, { modules: [] })
  const changes = [
    host.reload([use(apart)]).then(() => log.push('first')),
    host.addDomain('a.example').then(() => log.push('second')),
    host.reload([use(nimble)]).then(() => log.push('third')),
    host.close().then(() => log.push('closed')),
  ]
  await Promise.all(changes)
  expect(log).toEqual(['+apart', 'first', 'second', '-apart', '+nimble', 'third', '-nimble', 'closed'])
})
