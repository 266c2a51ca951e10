import { service } from './service.js'

/** Limits some domains of a host have of their own, in place of those in the options of its modules. */
export interface DomainLimits {
  /**
   * A limit of a domain; `undefined` where the options decide. Answers at once, since it is asked for every message.
   *
   * @param domain - its prepared name
   * @param name - the package that asks and the option it stands for: `offline/maxMessagesPerAccount`
   */
  limit(domain: string, name: string): number | undefined
}

/** Limits of single domains; modules that have limits ask for it softly. */
export const DomainLimitsService = service<DomainLimits>('module/domain-limits', { providedBy: ['tenants'] })
