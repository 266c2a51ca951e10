import { type Clock, createScope, type Logger, type Scope } from '@xmppkit/runtime'
import type { Running } from './define-module.js'
import { ModuleError } from './errors.js'
import { createGuardedClock, type GuardedClock } from './guarded-clock.js'
import type { Planned } from './plan.js'
import { within } from './within.js'

/** What an instance needs of its host. */
export interface InstanceDeps {
  /** Clock for time-outs, and what the module's own clock is made of. */
  readonly clock: Clock
  /** Log of the host. */
  readonly logger: Logger
  /** Finds the services a module needs; gets the clock made for it. */
  resolve(planned: Planned, clock: Clock): Readonly<Record<string, unknown>>
  /** Told when a timer of the module throws. */
  crashed(instance: Instance, error: unknown): void
}

/** Limits of an instance. */
export interface InstanceSettings {
  /** Longest start or reload. */
  readonly startTimeoutMs: number
  /** Longest stop. */
  readonly stopTimeoutMs: number
}

/** A module that was started. */
export interface Instance {
  /** What was started. */
  readonly planned: Planned
  /** When, by the monotonic clock. */
  readonly startedAt: number
  /** What it came back with. */
  readonly running: Partial<Running<unknown, unknown>>
  /** Hands on other options. */
  reload(options: unknown): Promise<void>
  /** Undoes everything it registered. Never throws: failures are logged and returned. */
  stop(): Promise<readonly unknown[]>
}

/**
 * Starts a module.
 *
 * @throws {@link ModuleError} `module/start-failed` or `module/start-timeout`; whatever it had registered is undone
 */
export async function startInstance(
  planned: Planned,
  deps: InstanceDeps,
  settings: InstanceSettings,
): Promise<Instance> {
  const { name } = planned.module
  const scope = createScope()
  const clock = createGuardedClock(deps.clock, (error) => deps.crashed(instance, error))
  let running: Partial<Running<unknown, unknown>> = {}
  const instance: Instance = {
    planned,
    startedAt: deps.clock.monotonic(),
    get running() {
      return running
    },
    reload: (options) =>
      within(
        deps.clock,
        settings.startTimeoutMs,
        () => running.reload?.(options),
        () => timeout('start', name, 'reload', settings.startTimeoutMs),
      ),
    stop: () => stopInstance(name, scope, clock, deps, settings),
  }
  try {
    running = await within(
      deps.clock,
      settings.startTimeoutMs,
      async () => (await planned.module.start(deps.resolve(planned, clock), planned.options, scope)) ?? {},
      () => timeout('start', name, 'start', settings.startTimeoutMs),
    )
    if (planned.module.provides && running.service === undefined) {
      throw new Error(`it did not come back with ${planned.module.provides.key}`)
    }
    return instance
  } catch (error) {
    await instance.stop()
    if (error instanceof ModuleError && error.code === 'module/start-timeout') throw error
    throw new ModuleError('module/start-failed', `${name} could not be started`, { cause: error })
  }
}

async function stopInstance(
  name: string,
  scope: Scope,
  clock: GuardedClock,
  deps: InstanceDeps,
  { stopTimeoutMs }: InstanceSettings,
): Promise<readonly unknown[]> {
  try {
    await within(
      deps.clock,
      stopTimeoutMs,
      () => scope.close(),
      () => timeout('stop', name, 'stop', stopTimeoutMs),
    )
    return []
  } catch (error) {
    deps.logger.error('module could not be stopped cleanly', { module: name, error })
    return error instanceof AggregateError ? error.errors : [error]
  } finally {
    // Last, as blocks may want to wait while they close.
    clock.stop()
  }
}

function timeout(kind: 'start' | 'stop', name: string, verb: string, ms: number): ModuleError {
  return new ModuleError(`module/${kind}-timeout`, `${name} did not ${verb} within ${ms} ms`)
}
