import type { Clock, Ids, Logger } from '@xmppkit/runtime'
import type { ModuleUse } from './define-module.js'
import type { Provided } from './service.js'

/** Collaborators of `createHost`. */
export interface HostDeps {
  /** Log of the host and its modules. @default silentLogger */
  readonly logger?: Logger
  /** Clock of the host and its modules. @default systemClock */
  readonly clock?: Clock
  /** Source of identifiers for the modules. @default randomIds */
  readonly ids?: Ids
}

/** How modules that crash are started again. */
export interface RestartSettings {
  /** Pause before the first restart; each further failure in a row doubles it. @default 100 */
  readonly restartFirstMs: number
  /** Longest pause before a restart. @default 60000 */
  readonly restartMaxMs: number
  /** A module that ran this long is forgiven its failures. @default 300000 */
  readonly restartResetMs: number
}

/** Options of `createHost`. */
export interface HostOptions extends Partial<RestartSettings> {
  /** Name for logs. @default 'main' */
  readonly name?: string
  /** Domains served from the start; more may be added. @default [] */
  readonly domains?: readonly string[]
  /** The modules and their options. */
  readonly modules: readonly ModuleUse[]
  /** Values the embedder brings; two hosts given the same value share it. @default [] */
  readonly services?: readonly Provided[]
  /** Longest start or reload of one module. @default 30000 */
  readonly startTimeoutMs?: number
  /** Longest stop of one module; afterwards the host goes on without it. @default 30000 */
  readonly stopTimeoutMs?: number
  /** Most domains served at a time; stops a runaway caller from filling memory with tenants. @default 100000 */
  readonly maxDomains?: number
}

/** What `createHost` uses for options not given. */
export const hostDefaults = Object.freeze({
  name: 'main',
  domains: Object.freeze([]) as readonly string[],
  services: Object.freeze([]) as readonly Provided[],
  startTimeoutMs: 30_000,
  stopTimeoutMs: 30_000,
  maxDomains: 100_000,
  restartFirstMs: 100,
  restartMaxMs: 60_000,
  restartResetMs: 300_000,
})
