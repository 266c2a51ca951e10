import { createManualClock, disposable } from '@xmppkit/runtime'
import { describe, expect, test } from 'vitest'
import {
  createHost,
  DomainsService,
  defineModule,
  forEachDomain,
  HooksService,
  type HostOptions,
  hostDown,
  hostUp,
  use,
} from './index.js'

/** A host with one module that writes down what it hears of domains. */
async function listening(options: Partial<HostOptions> = {}, refuse?: string) {
  const log: string[] = []
  const listener = defineModule({
    name: 'listener',
    needs: { hooks: HooksService, domains: DomainsService },
    start({ hooks, domains }, _options, scope) {
      scope.use(
        hooks.on(hostUp, async ({ domain }) => {
          await Promise.resolve()
          log.push(`+${domain} ${domains.has(domain)}`)
          if (domain === refuse) throw new Error('table is full')
        }),
      )
      scope.use(hooks.on(hostDown, ({ domain }) => void log.push(`-${domain} ${domains.has(domain)}`)))
    },
  })
  const host = await createHost({ clock: createManualClock() }, { modules: [use(listener)], ...options })
  return { host, log }
}

test('domains go up one by one after the modules have started, and down in reverse', async () => {
  const { host, log } = await listening({ domains: ['a.example', 'b.example'] })
  expect(host.domains.list()).toEqual(['a.example', 'b.example'])
  await host.close()
  expect(log).toEqual(['+a.example true', '+b.example true', '-b.example false', '-a.example false'])
  expect(host.domains.list()).toEqual([])
})

test('domains come and go while the host runs', async () => {
  const { host, log } = await listening()
  await host.addDomain('tenant-42.example')
  expect(host.domains.has('tenant-42.example')).toBe(true)
  await host.removeDomain('tenant-42.example')
  expect(host.domains.has('tenant-42.example')).toBe(false)
  expect(log).toEqual(['+tenant-42.example true', '-tenant-42.example false'])
})

test('a domain served already, or not served, is left alone', async () => {
  const { host, log } = await listening({ domains: ['a.example'] })
  await host.addDomain('A.example.')
  await host.removeDomain('b.example')
  expect(log).toEqual(['+a.example true'])
})

test('names are prepared, and what is no domain is refused', async () => {
  const { host } = await listening()
  await host.addDomain('MÜNCHEN.example')
  expect(host.domains.list()).toEqual(['münchen.example'])
  await expect(host.addDomain('not a domain')).rejects.toMatchObject({
    code: expect.stringMatching(/^jid\//),
  })
  await expect(host.removeDomain('')).rejects.toMatchObject({ code: 'jid/empty' })
})

test('a listener that fails takes the domain back, and the caller learns why', async () => {
  const { host, log } = await listening({ domains: ['a.example'] }, 'b.example')
  const error: unknown = await host.addDomain('b.example').catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'module/domain-failed', cause: new Error('table is full') })
  expect(host.domains.list()).toEqual(['a.example'])
  expect(log.slice(1)).toEqual(['+b.example true', '-b.example false'])
  await host.addDomain('c.example')
  expect(host.domains.has('c.example')).toBe(true)
})

test('a host whose first domains cannot go up does not start', async () => {
  await expect(listening({ domains: ['a.example', 'b.example'] }, 'b.example')).rejects.toMatchObject({
    code: 'module/domain-failed',
  })
})

test('several failures are all told', async () => {
  const failing = (name: string) =>
    use(
      defineModule({
        name,
        needs: { hooks: HooksService },
        start({ hooks }, _options, scope) {
          scope.use(hooks.on(hostUp, () => Promise.reject(new Error(name))))
        },
      }),
    )
  const host = await createHost({}, { modules: [failing('one'), failing('two')] })
  await expect(host.addDomain('a.example')).rejects.toMatchObject({
    cause: { errors: [new Error('one'), new Error('two')] },
  })
})

test('domains are limited, also those on their way', async () => {
  const { host } = await listening({ maxDomains: 2, domains: ['a.example'] })
  const outcomes = await Promise.allSettled([host.addDomain('b.example'), host.addDomain('c.example')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  await expect(host.addDomain('c.example')).rejects.toMatchObject({ code: 'module/domain-limit' })
  await host.addDomain('a.example')
  await host.removeDomain('a.example')
  await host.addDomain('c.example')
  expect(host.domains.list()).toEqual(['b.example', 'c.example'])
})

test('a thousand tenants are a thousand names', async () => {
  const host = await createHost({}, { modules: [] })
  await Promise.all(Array.from({ length: 1_000 }, (_, i) => host.addDomain(`t${i}.example`)))
  expect(host.domains.list()).toHaveLength(1_000)
  expect(host.domains.list()).toBe(host.domains.list())
})

describe('forEachDomain', () => {
  function registering(log: string[], fail?: string) {
    return defineModule({
      name: 'registering',
      needs: { hooks: HooksService, domains: DomainsService },
      async start(deps, _options: { n?: number }, scope) {
        scope.use(
          await forEachDomain(deps, (domain) => {
            if (domain === fail) throw new Error('refused')
            log.push(`+${domain}`)
            if (domain === 'sync.example') return disposable(() => log.push(`-${domain}`))
            if (domain === 'none.example') return
            return { [Symbol.asyncDispose]: async () => void log.push(`-${domain}`) }
          }),
        )
      },
    })
  }

  test('sets up for domains as they come, and undoes as they go', async () => {
    const log: string[] = []
    const host = await createHost({}, { modules: [use(registering(log))], domains: ['a.example'] })
    await host.addDomain('sync.example')
    await host.addDomain('none.example')
    await host.removeDomain('none.example')
    await host.removeDomain('a.example')
    await host.close()
    expect(log).toEqual(['+a.example', '+sync.example', '+none.example', '-a.example', '-sync.example'])
  })

  test('a module that starts later begins with the domains there are', async () => {
    const log: string[] = []
    const module = registering(log)
    const host = await createHost({}, { modules: [use(module)], domains: ['a.example', 'b.example'] })
    await host.reload([use(module, { n: 2 })])
    expect(log).toEqual(['+a.example', '+b.example', '-b.example', '-a.example', '+a.example', '+b.example'])
  })

  test('what cannot be set up keeps the domain from being served', async () => {
    const log: string[] = []
    const host = await createHost({}, { modules: [use(registering(log, 'bad.example'))] })
    await expect(host.addDomain('bad.example')).rejects.toMatchObject({ cause: new Error('refused') })
    expect(host.domains.list()).toEqual([])
  })

  test('a module that fails half way through the domains undoes the first half', async () => {
    const log: string[] = []
    const host = await createHost({}, { modules: [], domains: ['a.example', 'bad.example'] })
    const report = await host.reload([use(registering(log, 'bad.example'))])
    expect(report.failed).toMatchObject([{ module: 'registering', error: { cause: new Error('refused') } }])
    expect(log).toEqual(['+a.example', '-a.example'])
    await host.close()
  })

  test('failures while leaving are all told', async () => {
    const stubborn = defineModule({
      name: 'stubborn',
      needs: { hooks: HooksService, domains: DomainsService },
      async start(deps, _options, scope) {
        scope.use(
          await forEachDomain(deps, (domain) =>
            disposable(() => {
              throw new Error(domain)
            }),
          ),
        )
      },
    })
    const host = await createHost({}, { modules: [use(stubborn)], domains: ['a.example', 'b.example'] })
    const report = await host.reload([])
    expect(report.stopped).toEqual(['stubborn'])
    expect(host.status()).toEqual([])
  })
})
