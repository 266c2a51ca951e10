import { XmppkitError } from '@xmppkit/runtime'

/** Codes of the errors this package throws. */
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
