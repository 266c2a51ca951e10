import { type Clock, createManualClock } from '@xmppkit/runtime'
import { expect, test } from 'vitest'
import {
  ClockService,
  createHost,
  defineModule,
  HooksService,
  type HostOptions,
  moduleCrashed,
  service,
  use,
} from './index.js'

const Fragile = service<{ crash(afterMs: number, how?: () => void): void }>('test/fragile')

/** A host with a module that can be made to crash, one that needs it, and one that does not. */
async function fragileHost(options: Partial<HostOptions> = {}) {
  const log: string[] = []
  const clock = createManualClock()
  let broken = false
  const fragile = defineModule({
    name: 'fragile',
    needs: { clock: ClockService },
    provides: Fragile,
    start(deps, _options, scope) {
      if (broken) throw new Error('still broken')
      log.push('+fragile')
      scope.defer(() => void log.push('-fragile'))
      const fail = () => {
        throw new Error('bug')
      }
      return { service: { crash: (afterMs, how = fail) => void deps.clock.after(afterMs, how) } }
    },
  })
  const follower = defineModule({
    name: 'follower',
    needs: { fragile: Fragile },
    start(_deps, _options, scope) {
      log.push('+follower')
      scope.defer(() => void log.push('-follower'))
    },
  })
  const bystander = defineModule({
    name: 'bystander',
    needs: { hooks: HooksService },
    start({ hooks }, _options, scope) {
      log.push('+bystander')
      scope.defer(() => void log.push('-bystander'))
      scope.use(
        hooks.on(moduleCrashed, ({ module, error, restartInMs }) => {
          log.push(`${module} ${String(error)}, again in ${restartInMs} ms`)
        }),
      )
    },
  })
  const host = await createHost(
    { clock },
    { modules: [use(fragile), use(follower), use(bystander)], ...options },
  )
  log.length = 0
  const setBroken = (now: boolean) => {
    broken = now
  }
  return { host, clock, log, setBroken }
}

test('a timer that throws stops its module and what needs it, and only those; then they start again', async () => {
  const { host, clock, log } = await fragileHost()
  host.get(Fragile).crash(10)
  await clock.advance(10)
  expect(log).toEqual(['-follower', '-fragile', 'fragile Error: bug, again in 100 ms'])
  expect(host.has(Fragile)).toBe(false)
  expect(host.status()).toMatchObject([
    { name: 'fragile', state: 'waiting', failures: 1, error: new Error('bug') },
    { name: 'follower', state: 'waiting', failures: 0 },
    { name: 'bystander', state: 'running' },
  ])
  await clock.advance(100)
  expect(log.slice(3)).toEqual(['+fragile', '+follower'])
  expect(host.status().map(({ state }) => state)).toEqual(['running', 'running', 'running'])
  await host.close()
  expect(clock.timers).toBe(0)
})

test('NODE-3: a rejection in an asynchronous timer is a crash, not an unhandled rejection', async () => {
  const { host, clock, log } = await fragileHost()
  host.get(Fragile).crash(10, async () => {
    await Promise.resolve()
    throw new Error('later')
  })
  await clock.advance(10)
  expect(log.at(-1)).toBe('fragile Error: later, again in 100 ms')
})

test('the pause doubles up to its limit, and a module that ran long enough is forgiven', async () => {
  const { host, clock, log } = await fragileHost({
    restartFirstMs: 100,
    restartMaxMs: 350,
    restartResetMs: 10_000,
  })
  const pauses: string[] = []
  for (const uptimeMs of [10, 9_000, 10, 10, 10_000, 10]) {
    log.length = 0
    host.get(Fragile).crash(uptimeMs)
    await clock.advance(uptimeMs)
    pauses.push(log.at(-1)!.replace(/.*again in /, ''))
    await clock.advance(350)
  }
  expect(pauses).toEqual(['100 ms', '200 ms', '350 ms', '350 ms', '100 ms', '200 ms'])
})

test('a restart that fails is tried again, with growing pauses', async () => {
  const { host, clock, log, setBroken } = await fragileHost()
  setBroken(true)
  host.get(Fragile).crash(1)
  await clock.advance(1)
  await clock.advance(100)
  expect(host.status()[0]).toMatchObject({
    failures: 2,
    state: 'waiting',
    error: { code: 'module/start-failed' },
  })
  setBroken(false)
  log.length = 0
  await clock.advance(199)
  expect(log).toEqual([])
  await clock.advance(1)
  expect(log).toEqual(['+fragile', '+follower'])
})

test('two timers that crash at once are one crash', async () => {
  const { host, clock, log } = await fragileHost()
  host.get(Fragile).crash(10)
  host.get(Fragile).crash(10)
  host.get(Fragile).crash(20)
  await clock.advance(50)
  expect(log.filter((line) => line.includes('again'))).toHaveLength(1)
  await clock.advance(60)
  expect(host.has(Fragile)).toBe(true)
})

test('a host that closes does not restart anything', async () => {
  const { host, clock, log } = await fragileHost()
  host.get(Fragile).crash(10)
  await clock.advance(10)
  await host.close()
  log.length = 0
  await clock.advance(60_000)
  expect(log).toEqual([])
  expect(clock.timers).toBe(0)
})

test('a reload while a module waits starts it at once', async () => {
  const { host, clock, log } = await fragileHost()
  const steady = defineModule({
    name: 'fragile',
    needs: {},
    provides: Fragile,
    start() {
      log.push('+steady')
      return { service: { crash() {} } }
    },
  })
  host.get(Fragile).crash(10)
  await clock.advance(10)
  log.length = 0
  const report = await host.reload([use(steady)])
  expect(report).toMatchObject({ started: ['fragile'], stopped: ['follower', 'bystander'], failed: [] })
  await clock.advance(60_000)
  expect(log).toEqual(['-bystander', '+steady'])
})

test('the clock of a module tells the time of the host', async () => {
  const clock = createManualClock(1_000)
  let seen: Clock | undefined
  const looker = defineModule({
    name: 'looker',
    needs: { clock: ClockService },
    start(deps) {
      seen = deps.clock
    },
  })
  await createHost({ clock }, { modules: [use(looker)] })
  await clock.advance(5)
  expect([seen?.now(), seen?.monotonic()]).toEqual([1_005, 5])
})
