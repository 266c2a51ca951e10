import type { Clock, Logger } from '@xmppkit/runtime'
import { type Difference, difference, providersOf, withDependants } from './difference.js'
import type { RestartSettings } from './host-options.js'
import { type Instance, type InstanceDeps, type InstanceSettings, startInstance } from './instance.js'
import type { Plan, Planned } from './plan.js'
import type { ModuleStatus, ReloadReport } from './report.js'

/** Collaborators of {@link createSupervisor}. */
export interface SupervisorDeps {
  /** Clock for time-outs and back-off. */
  readonly clock: Clock
  /** Log of the host. */
  readonly logger: Logger
  /** Finds the services a module needs. */
  resolve: InstanceDeps['resolve']
  /** Runs a step when no other step is under way. */
  enqueue(step: () => Promise<void>): void
  /** Told that a module was stopped because it crashed. */
  crashed(name: string, error: unknown, restartInMs: number): Promise<void> | void
}

/** Starts, stops, replaces and restarts modules. Its methods must not overlap; the host sees to that. */
export interface Supervisor {
  /** Starts everything; a failure undoes what was started and is thrown. */
  start(plan: Plan): Promise<void>
  /** Goes over to another plan; a module that fails is left to the back-off. */
  change(plan: Plan): Promise<ReloadReport>
  /** Stops everything, last started first; returns what went wrong. */
  stop(): Promise<readonly unknown[]>
  /** The running modules and those that wait, in order of start. */
  status(): readonly ModuleStatus[]
  /** What a running module provides under this key. */
  find(key: string): { readonly service: unknown } | undefined
}

interface Unit {
  planned: Planned
  instance: Instance | undefined
  /** Starts and crashes in a row that went wrong. */
  failures: number
  retry: Disposable | undefined
  error: unknown
}

/** Makes a {@link Supervisor} with nothing to supervise. */
export function createSupervisor(
  deps: SupervisorDeps,
  settings: InstanceSettings & RestartSettings,
): Supervisor {
  let plan: Plan = []
  const units = new Map<string, Unit>()
  const instanceDeps: InstanceDeps = { ...deps, crashed }

  const unitOf = (planned: Planned): Unit => units.get(planned.module.name)!
  const isRunning = (name: string) => units.get(name)?.instance !== undefined

  function setPlan(next: Plan): void {
    const old = new Map(units)
    units.clear()
    for (const planned of next) {
      const unit = old.get(planned.module.name) ?? emptyUnit(planned)
      unit.planned = planned
      units.set(planned.module.name, unit)
    }
    plan = next
  }

  async function startOne(unit: Unit): Promise<void> {
    unit.instance = await startInstance(unit.planned, instanceDeps, settings)
    unit.error = undefined
  }

  /** Stops those of these modules that run, last started first. */
  async function stopSome(names: ReadonlySet<string>): Promise<unknown[]> {
    const errors: unknown[] = []
    for (const planned of plan.toReversed()) {
      const unit = unitOf(planned)
      if (!names.has(planned.module.name) || !unit.instance) continue
      const { instance } = unit
      unit.instance = undefined
      errors.push(...(await instance.stop()))
    }
    return errors
  }

  /** Starts whatever is down, is not waiting out a failure, and has what it needs. */
  async function startReady(): Promise<string[]> {
    const started: string[] = []
    for (const planned of plan) {
      const unit = unitOf(planned)
      if (unit.instance || unit.retry || !providersOf(planned).every(isRunning)) continue
      try {
        await startOne(unit)
        started.push(planned.module.name)
      } catch (error) {
        const restartInMs = backOff(unit, error)
        deps.logger.error('module could not be started', { module: planned.module.name, error, restartInMs })
      }
    }
    return started
  }

  function backOff(unit: Unit, error: unknown): number {
    unit.error = error
    unit.failures += 1
    const ms = Math.min(settings.restartFirstMs * 2 ** (unit.failures - 1), settings.restartMaxMs)
    unit.retry = deps.clock.after(ms, () => {
      unit.retry = undefined
      deps.enqueue(async () => void (await startReady()))
    })
    return ms
  }

  function crashed(instance: Instance, error: unknown): void {
    const { name } = instance.planned.module
    deps.logger.error('module crashed in a timer', { module: name, error })
    deps.enqueue(async () => {
      const unit = units.get(name)
      // Another timer of the same instance may have crashed first, or a reload may have replaced it.
      if (!unit || unit.instance !== instance) return
      await stopSome(withDependants(plan, [name]))
      if (deps.clock.monotonic() - instance.startedAt >= settings.restartResetMs) unit.failures = 0
      await deps.crashed(name, error, backOff(unit, error))
    })
  }

  function forgetFailures(): void {
    for (const unit of units.values()) {
      unit.retry?.[Symbol.dispose]()
      unit.retry = undefined
      if (!unit.instance) unit.failures = 0
    }
  }

  /** Gives running modules their new options; returns those that would not take them. */
  async function reloadSome(names: ReadonlySet<string>, next: Plan): Promise<Set<string>> {
    const refused = new Set<string>()
    for (const planned of next) {
      const { name } = planned.module
      if (!names.has(name)) continue
      try {
        await units.get(name)!.instance!.reload(planned.options)
      } catch (error) {
        deps.logger.error('module could not be reloaded, and is restarted', { module: name, error })
        refused.add(name)
      }
    }
    return refused
  }

  async function change(next: Plan): Promise<ReloadReport> {
    forgetFailures()
    const step = difference(plan, next, (name) => units.get(name)?.instance?.running.reload !== undefined)
    // Dependants of what will be stopped are restarted anyway, with their new options.
    const doomed = withDependants(plan, [...step.removed, ...step.changed])
    const reloading = new Set([...step.reloadable].filter((name) => !doomed.has(name)))
    const refused = await reloadSome(reloading, next)
    const stopped = withDependants(plan, [...doomed, ...refused])
    const ran = new Set([...stopped].filter(isRunning))
    await stopSome(stopped)
    setPlan(next)
    const started = await startReady()
    const reloaded = [...reloading].filter((name) => !stopped.has(name))
    return reportOf(step, { ran, started, reloaded })
  }

  function reportOf(
    { removed, added }: Difference,
    done: { ran: ReadonlySet<string>; started: readonly string[]; reloaded: readonly string[] },
  ): ReloadReport {
    const { started, reloaded } = done
    const names = plan.map(({ module }) => module.name)
    return {
      started: started.filter((name) => added.has(name) || !done.ran.has(name)),
      restarted: started.filter((name) => !added.has(name) && done.ran.has(name)),
      reloaded,
      unchanged: names.filter(
        (name) => isRunning(name) && !started.includes(name) && !reloaded.includes(name),
      ),
      stopped: [...removed],
      failed: names
        .filter((name) => !isRunning(name))
        .map((name) => ({ module: name, error: units.get(name)!.error })),
    }
  }

  return {
    async start(next) {
      setPlan(next)
      for (const planned of next) {
        try {
          await startOne(unitOf(planned))
        } catch (error) {
          await stopSome(new Set(units.keys()))
          throw error
        }
      }
    },
    change,
    async stop() {
      forgetFailures()
      return stopSome(new Set(units.keys()))
    },
    status: () => plan.map(({ module }) => statusOf(module.name, units.get(module.name)!)),
    find(key) {
      for (const { instance } of units.values()) {
        if (instance?.planned.module.provides?.key === key) return { service: instance.running.service }
      }
      return undefined
    },
  }
}

const emptyUnit = (planned: Planned): Unit => ({
  planned,
  instance: undefined,
  failures: 0,
  retry: undefined,
  error: undefined,
})

function statusOf(name: string, unit: Unit): ModuleStatus {
  const { instance, failures, error } = unit
  return { name, state: instance ? 'running' : 'waiting', failures, error }
}
