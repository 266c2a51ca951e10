import type { HandlerOf, HandlerOptions, Hooks, Token } from '@xmppkit/hooks'
import type { Clock, Ids, Logger } from '@xmppkit/runtime'
import type { Domains } from './domains.js'
import { ModuleError } from './errors.js'
import {
  ClockService,
  DomainsService,
  HooksService,
  type HostControl,
  HostService,
  IdsService,
  LoggerService,
} from './host-services.js'
import type { Provided } from './service.js'

/** What a host has to offer on its own. */
export interface HostOffers {
  /** Its hooks. */
  readonly hooks: Hooks
  /** Its domains. */
  readonly domains: Domains
  /** Its clock. */
  readonly clock: Clock
  /** Its source of identifiers. */
  readonly ids: Ids
  /** Its log. */
  readonly logger: Logger
  /** The host itself. */
  readonly control: HostControl
}

/**
 * Services that are there without a module, by key.
 *
 * @throws {@link ModuleError} `module/provided-twice`
 */
export function hostServiceTable(
  offers: HostOffers,
  brought: readonly Provided[],
): ReadonlyMap<string, unknown> {
  const table = new Map<string, unknown>([
    [HooksService.key, offers.hooks],
    [DomainsService.key, offers.domains],
    [ClockService.key, offers.clock],
    [IdsService.key, offers.ids],
    [LoggerService.key, offers.logger],
    [HostService.key, offers.control],
  ])
  for (const { service, value } of brought) {
    if (table.has(service.key)) {
      throw new ModuleError('module/provided-twice', `${service.key} is provided twice`)
    }
    table.set(service.key, value)
  }
  return table
}

/** The same services as one module sees them: signed with its name, and with a clock of its own. */
export function moduleServiceTable(
  offers: HostOffers,
  module: string,
  clock: Clock,
): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    [HooksService.key, labelled(offers.hooks, module)],
    [ClockService.key, clock],
    [LoggerService.key, offers.logger.child({ module })],
  ])
}

function labelled(hooks: Hooks, label: string): Hooks {
  return {
    ...hooks,
    on<T extends Token>(token: T, handler: HandlerOf<T>, options?: HandlerOptions) {
      return hooks.on(token, handler, { label, ...options })
    },
  }
}
