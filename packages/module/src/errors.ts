import { XmppkitError } from '@xmppkit/runtime'

/**
 * Codes of the errors this package throws.
 *
 * - `module/duplicate-name`: two modules of a host have one name
 * - `module/provided-twice`: a service is provided by two modules, or by a module and by the host or its embedder
 * - `module/missing-service`: modules need services nobody provides; the message lists them
 * - `module/cycle`: modules need each other; the message names the circle
 * - `module/invalid-options`: options do not pass the schema of their module
 * - `module/start-failed`: a module could not be started; the cause says why
 * - `module/start-timeout`: a module did not start, or reload, in time
 * - `module/stop-timeout`: a module did not stop in time; the host went on without it
 * - `module/no-service`: nothing provides a service now
 * - `module/host-closed`: the host has been closed
 * - `module/domain-limit`: the host serves as many domains as it may
 * - `module/domain-failed`: a listener of `hostUp` failed and the domain was taken back; the cause says why
 */
export type ModuleErrorCode =
  | 'module/duplicate-name'
  | 'module/provided-twice'
  | 'module/missing-service'
  | 'module/cycle'
  | 'module/invalid-options'
  | 'module/start-failed'
  | 'module/start-timeout'
  | 'module/stop-timeout'
  | 'module/no-service'
  | 'module/host-closed'
  | 'module/domain-limit'
  | 'module/domain-failed'

/** What went wrong with a module, a service or a domain of a host; see `code`. */
export class ModuleError extends XmppkitError<ModuleErrorCode> {}
