/**
 * Services, modules and hosts: start in order, stop in reverse, add domains and reload options at run time.
 *
 * @packageDocumentation
 */

export {
  defineModule,
  type Module,
  type ModuleDefinition,
  type ModuleUse,
  type OptionsArgument,
  type Running,
  type Started,
  use,
  type Xep,
} from './define-module.js'
export { type DomainLimits, DomainLimitsService } from './domain-limits.js'
export type { Domains } from './domains.js'
export { ModuleError, type ModuleErrorCode } from './errors.js'
export { type ForEachDomainDeps, forEachDomain } from './for-each-domain.js'
export { createHost, type Host } from './host.js'
export { type HostDeps, type HostOptions, hostDefaults, type RestartSettings } from './host-options.js'
export {
  ClockService,
  DomainsService,
  HooksService,
  type HostControl,
  HostService,
  IdsService,
  LoggerService,
} from './host-services.js'
export type { ModuleFailure, ModuleStatus, ReloadReport } from './report.js'
export {
  type Maybe,
  maybe,
  type Needs,
  type Provided,
  provide,
  type Resolved,
  type Service,
  service,
} from './service.js'
export { hostDown, hostUp, moduleCrashed } from './tokens.js'
