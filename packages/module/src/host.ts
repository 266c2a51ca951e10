import type { Hooks } from '@xmppkit/hooks'
import { prepareDomain } from '@xmppkit/jid'
import { type Clock, randomIds, silentLogger, systemClock } from '@xmppkit/runtime'
import type { ModuleUse, Xep } from './define-module.js'
import type { Domains } from './domains.js'
import { ModuleError } from './errors.js'
import { createHostDomains } from './host-domains.js'
import { type HostDeps, type HostOptions, hostDefaults } from './host-options.js'
import { hostServiceTable, moduleServiceTable } from './host-service-table.js'
import { makePlan, type Plan, type Planned } from './plan.js'
import type { ModuleStatus, ReloadReport } from './report.js'
import type { Service } from './service.js'
import { createSupervisor } from './supervisor.js'
import { moduleCrashed } from './tokens.js'

/**
 * One set of modules with its own hooks, serving any number of domains.
 *
 * Changes (`addDomain`, `removeDomain`, `reload`, `close`, restarts) happen one after another, so a module must not
 * await one of them from its own start, reload or stop, nor from a handler of `hostUp` or `hostDown`.
 */
export interface Host extends AsyncDisposable {
  /** Name for logs. */
  readonly name: string
  /** Hooks by which the modules of this host meet. */
  readonly hooks: Hooks
  /** Domains it serves now. */
  readonly domains: Domains
  /**
   * A service of a running module, of the host or of the embedder.
   *
   * @throws {@link ModuleError} `module/no-service` when there is none now
   */
  get<T>(service: Service<T>): T
  /** Tells whether there is such a service now. */
  has(service: Service<unknown>): boolean
  /**
   * Serves one more domain; does nothing if it is served already. When a listener of `hostUp` fails, the domain is
   * taken out again.
   *
   * @throws JidError for what is no domain
   * @throws {@link ModuleError} `module/domain-failed`, `module/domain-limit`, `module/host-closed`
   */
  addDomain(domain: string): Promise<void>
  /**
   * Serves a domain no longer; does nothing if it is not served.
   *
   * @throws JidError for what is no domain
   * @throws {@link ModuleError} `module/host-closed`
   */
  removeDomain(domain: string): Promise<void>
  /**
   * Goes over to another list of modules and options, touching only what differs: options are handed to modules that
   * can reload, other changes restart the module and its dependants.
   *
   * @throws {@link ModuleError} as `createHost`, before anything was stopped
   */
  reload(modules: readonly ModuleUse[]): Promise<ReloadReport>
  /** How each module fares, in order of start. */
  status(): readonly ModuleStatus[]
  /** Protocol extensions of its modules, by number. */
  xeps(): readonly Xep[]
  /**
   * Takes down every domain, then stops every module, last started first.
   *
   * @throws AggregateError with everything that went wrong meanwhile
   */
  close(): Promise<void>
}

/**
 * Starts modules in the order of their needs and makes a host of them. If one fails, those before it are stopped.
 *
 * @throws {@link ModuleError} `module/duplicate-name`, `module/provided-twice`, `module/missing-service`,
 * `module/cycle`, `module/invalid-options`, `module/start-failed`, `module/start-timeout`, `module/domain-failed`
 *
 * @example
 * ```ts
 * const host = await createHost({ logger }, {
 *   domains: ['example.org'],
 *   services: [provide(RouterService, router)],
 *   modules: [use(sessionsModule), use(offlineModule, { maxPerAccount: 100 })],
 * })
 * await host.addDomain('tenant-42.example')
 * ```
 */
export async function createHost(deps: HostDeps, options: HostOptions): Promise<Host> {
  const settings = Object.freeze({ ...hostDefaults, ...options })
  const { name } = settings
  const clock = deps.clock ?? systemClock
  const logger = (deps.logger ?? silentLogger).child({ host: name })
  const tenants = createHostDomains({ clock, logger }, settings)
  const { hooks, domains } = tenants
  const control = { name, addDomain, removeDomain }
  const offers = { hooks, domains, clock, ids: deps.ids ?? randomIds, logger, control }
  const given = hostServiceTable(offers, settings.services)
  const givenKeys = new Set(given.keys())
  const enqueue = createQueue()
  let plan: Plan = []
  let closing: Promise<void> | undefined

  const supervisor = createSupervisor(
    {
      clock,
      logger,
      resolve,
      enqueue(step) {
        if (!closing) enqueue(step).catch((error: unknown) => logger.error('restart failed', { error }))
      },
      crashed: (module, error, restartInMs) => hooks.run(moduleCrashed, { module, error, restartInMs }),
    },
    settings,
  )

  function lookUp(key: string): { readonly service: unknown } | undefined {
    return given.has(key) ? { service: given.get(key) } : supervisor.find(key)
  }

  function resolve({ module, needs }: Planned, moduleClock: Clock): Record<string, unknown> {
    const own = moduleServiceTable(offers, module.name, moduleClock)
    const find = (key: string) => (own.has(key) ? own.get(key) : lookUp(key)?.service)
    return Object.fromEntries([...needs].map(([as, { key }]) => [as, find(key)]))
  }

  async function closeAll(): Promise<void> {
    for (const domain of domains.list().toReversed()) await tenants.down(domain)
    const errors = await supervisor.stop()
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} failed while closing ${name}`)
  }

  function close(): Promise<void> {
    closing ??= enqueue(closeAll)
    return closing
  }

  function refuseClosed(): void {
    if (closing) throw new ModuleError('module/host-closed', `${name} has been closed`)
  }

  async function addDomain(text: string): Promise<void> {
    refuseClosed()
    const domain = prepareDomain(text)
    const room = tenants.reserve(domain)
    await enqueue(() => tenants.up(domain)).finally(() => room[Symbol.dispose]())
  }

  async function removeDomain(text: string): Promise<void> {
    refuseClosed()
    const domain = prepareDomain(text)
    await enqueue(() => tenants.down(domain))
  }

  const host: Host = {
    name,
    hooks,
    domains,
    get<T>(service: Service<T>): T {
      const found = lookUp(service.key)
      if (!found) throw new ModuleError('module/no-service', `nothing provides ${service.key} now`)
      // The token's key stands for its type.
      return found.service as T
    },
    has: (service) => lookUp(service.key) !== undefined,
    addDomain,
    removeDomain,
    async reload(modules) {
      refuseClosed()
      return enqueue(async () => {
        const next = await makePlan(modules, givenKeys)
        const report = await supervisor.change(next)
        plan = next
        return report
      })
    },
    status: () => supervisor.status(),
    xeps: () => xepsOf(plan),
    close,
    [Symbol.asyncDispose]: close,
  }

  plan = await makePlan(settings.modules, givenKeys)
  await enqueue(() => supervisor.start(plan))
  try {
    for (const domain of settings.domains) await host.addDomain(domain)
  } catch (error) {
    // What stopping had to complain about is in the log; the caller wants to know why it did not start.
    await close().catch(() => {})
    throw error
  }
  return host
}

/** Runs steps one after another; one that fails does not hold up the next. */
function createQueue(): <T>(step: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (step) => {
    const done = last.then(step)
    last = done.catch(() => {})
    return done
  }
}

function xepsOf(plan: Plan): readonly Xep[] {
  const byNumber = new Map<string, Xep>()
  for (const xep of plan.flatMap(({ module }) => module.xeps)) {
    if (!byNumber.has(xep.number)) byNumber.set(xep.number, xep)
  }
  return [...byNumber.values()].sort((a, b) => (a.number < b.number ? -1 : 1))
}
