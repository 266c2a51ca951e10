import { createHooks, type HandlerOf, type HandlerOptions, type Hooks, type Token } from '@xmppkit/hooks'
import { prepareDomain } from '@xmppkit/jid'
import { type Clock, randomIds, silentLogger, systemClock } from '@xmppkit/runtime'
import type { ModuleUse, Xep } from './define-module.js'
import { createDomainSet, type Domains } from './domains.js'
import { ModuleError } from './errors.js'
import { type HostDeps, type HostOptions, hostDefaults } from './host-options.js'
import { ClockService, DomainsService, HooksService, IdsService, LoggerService } from './host-services.js'
import { makePlan, type Plan, type Planned } from './plan.js'
import type { ModuleStatus, ReloadReport } from './report.js'
import type { Service } from './service.js'
import { createSupervisor } from './supervisor.js'
import { hostDown, hostUp, moduleCrashed } from './tokens.js'

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
  const clock = deps.clock ?? systemClock
  const ids = deps.ids ?? randomIds
  const logger = (deps.logger ?? silentLogger).child({ host: settings.name })
  const domains = createDomainSet()
  let adding = 0
  let closing: Promise<void> | undefined
  let plan: Plan = []

  // While a domain goes up, what its listeners throw is collected here instead of only being logged.
  let upErrors: unknown[] | undefined
  const hooks = createHooks({
    clock,
    onError(error, { hook, label }) {
      logger.error('listener failed', { hook, module: label, error })
      if (hook === hostUp.name) upErrors?.push(error)
    },
  })

  const given = new Map<string, unknown>([
    [HooksService.key, hooks],
    [DomainsService.key, domains],
    [ClockService.key, clock],
    [IdsService.key, ids],
    [LoggerService.key, logger],
  ])
  for (const { service, value } of settings.services) {
    if (given.has(service.key)) {
      throw new ModuleError('module/provided-twice', `${service.key} is provided twice`)
    }
    given.set(service.key, value)
  }

  // One change at a time; a step that fails does not hold up the next.
  let last: Promise<unknown> = Promise.resolve()
  function enqueue<T>(step: () => Promise<T>): Promise<T> {
    const done = last.then(step)
    last = done.catch(() => {})
    return done
  }

  function resolve(planned: Planned, moduleClock: Clock): Record<string, unknown> {
    const label = planned.module.name
    const own = new Map<string, unknown>([
      [HooksService.key, labelled(hooks, label)],
      [ClockService.key, moduleClock],
      [LoggerService.key, logger.child({ module: label })],
    ])
    const find = (key: string) => (own.has(key) ? own.get(key) : lookUp(key)?.service)
    return Object.fromEntries([...planned.needs].map(([name, { key }]) => [name, find(key)]))
  }

  const supervisor = createSupervisor(
    {
      clock,
      logger,
      resolve,
      enqueue: (step) => {
        if (!closing) void enqueue(step).catch((error: unknown) => logger.error('restart failed', { error }))
      },
      crashed: (module, error, restartInMs) => hooks.run(moduleCrashed, { module, error, restartInMs }),
    },
    settings,
  )

  function lookUp(key: string): { readonly service: unknown } | undefined {
    return given.has(key) ? { service: given.get(key) } : supervisor.find(key)
  }

  async function bringUp(domain: string): Promise<void> {
    if (domains.has(domain)) return
    domains.add(domain)
    upErrors = []
    await hooks.run(hostUp, { domain })
    const errors = upErrors
    upErrors = undefined
    if (errors.length === 0) return
    await takeDown(domain)
    throw new ModuleError('module/domain-failed', `${domain} could not be brought up`, {
      cause: new AggregateError(errors),
    })
  }

  async function takeDown(domain: string): Promise<void> {
    if (!domains.has(domain)) return
    // Out of the list first, so that nothing new begins on it while listeners clear up.
    domains.delete(domain)
    await hooks.run(hostDown, { domain })
  }

  async function closeAll(): Promise<void> {
    for (const domain of domains.list().toReversed()) await takeDown(domain)
    const errors = await supervisor.stop()
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} failed while closing ${settings.name}`)
  }

  function refuseClosed(): void {
    if (closing) throw new ModuleError('module/host-closed', `${settings.name} has been closed`)
  }

  function close(): Promise<void> {
    closing ??= enqueue(closeAll)
    return closing
  }

  async function addDomain(text: string): Promise<void> {
    refuseClosed()
    const domain = prepareDomain(text)
    if (domains.size + adding >= settings.maxDomains && !domains.has(domain)) {
      throw new ModuleError(
        'module/domain-limit',
        `${settings.name} serves ${settings.maxDomains} domains at most`,
      )
    }
    adding += 1
    try {
      await enqueue(() => bringUp(domain))
    } finally {
      adding -= 1
    }
  }

  const host: Host = {
    name: settings.name,
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
    async removeDomain(text) {
      refuseClosed()
      const domain = prepareDomain(text)
      await enqueue(() => takeDown(domain))
    },
    async reload(modules) {
      refuseClosed()
      return enqueue(async () => {
        const next = await makePlan(modules, new Set(given.keys()))
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

  plan = await makePlan(settings.modules, new Set(given.keys()))
  await enqueue(() => supervisor.start(plan))
  try {
    for (const domain of settings.domains) await addDomain(domain)
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
  return host
}

/** Hooks whose handlers carry the name of the module that registers them. */
function labelled(hooks: Hooks, label: string): Hooks {
  return {
    ...hooks,
    on<T extends Token>(token: T, handler: HandlerOf<T>, options?: HandlerOptions) {
      return hooks.on(token, handler, { label, ...options })
    },
  }
}

function xepsOf(plan: Plan): readonly Xep[] {
  const byNumber = new Map<string, Xep>()
  for (const xep of plan.flatMap(({ module }) => module.xeps)) {
    if (!byNumber.has(xep.number)) byNumber.set(xep.number, xep)
  }
  return [...byNumber.values()].sort((a, b) => (a.number < b.number ? -1 : 1))
}
