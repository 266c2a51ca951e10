import type { Hooks } from '@xmppkit/hooks'
import type { Clock, Ids, Logger } from '@xmppkit/runtime'
import type { Domains } from './domains.js'
import { service } from './service.js'

/** A host as its own modules may use it, from handlers of requests and commands. */
export interface HostControl {
  /** Name of the host. */
  readonly name: string
  /** Serves one more domain; see `Host.addDomain`. Not to be awaited while the module starts, reloads or stops. */
  addDomain(domain: string): Promise<void>
  /** Serves a domain no longer; see `Host.removeDomain`. Not to be awaited while the module starts, reloads or stops. */
  removeDomain(domain: string): Promise<void>
}

/** The host itself. */
export const HostService = service<HostControl>('module/host')

/** The hooks of the host; handlers are labelled with the name of the module that registers them. */
export const HooksService = service<Hooks>('module/hooks')

/** The domains of the host. */
export const DomainsService = service<Domains>('module/domains')

/**
 * The clock. What a timer of it throws, or rejects with, is a crash of the module: reported, and the module restarted.
 * Errors that concern one peer only should therefore be caught by the module. Timers end with the module.
 */
export const ClockService = service<Clock>('module/clock')

/** The source of identifiers. */
export const IdsService = service<Ids>('module/ids')

/** The log; lines carry the names of host and module. */
export const LoggerService = service<Logger>('module/logger')
