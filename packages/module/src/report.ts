/** What a reload did, by names of modules. */
export interface ReloadReport {
  /** Were not running before and are now. */
  readonly started: readonly string[]
  /** Were stopped and started again. */
  readonly restarted: readonly string[]
  /** Took their new options while running. */
  readonly reloaded: readonly string[]
  /** Were not touched. */
  readonly unchanged: readonly string[]
  /** Are no longer in the list. */
  readonly stopped: readonly string[]
  /** Could not be started, or wait for one that could not; the host tries again on its own. */
  readonly failed: readonly ModuleFailure[]
}

/** A module that is not running although it should. */
export interface ModuleFailure {
  /** Its name. */
  readonly module: string
  /** Why its last start failed; undefined when it waits for another module. */
  readonly error: unknown
}

/** How a module fares. */
export interface ModuleStatus {
  /** Its name. */
  readonly name: string
  /** `waiting`: for the next attempt after a failure, or for a module it needs. */
  readonly state: 'running' | 'waiting'
  /** Crashes and failed starts in a row. */
  readonly failures: number
  /** The last of them. */
  readonly error: unknown
}
