import type { Clock } from '@xmppkit/runtime'
import { addressKey } from './networks.js'
import { createRateTable } from './rate-table.js'
import { createSlotTable } from './slot-table.js'

/** How much one client address may take (rule L-1, SEC-2). An IPv6 client counts by its /64. */
export interface AddressLimits {
  /**
   * Connections up at one time, all addresses together; more are refused. Keeps the process below its
   * limit of open files.
   *
   * @default 100_000
   */
  readonly maxConnections: number
  /**
   * Connections of one address at one time. Stops one machine from using up all connections; many
   * people may share an address behind a NAT.
   *
   * @default 1000
   */
  readonly maxConnectionsPerAddress: number
  /**
   * New connections of one address within `attemptWindowMs`. Slows down password guessing and
   * connection floods.
   *
   * @default 600
   */
  readonly maxAttemptsPerAddress: number
  /**
   * Length of the window in which attempts are counted, in milliseconds.
   *
   * @default 60_000
   */
  readonly attemptWindowMs: number
  /**
   * Addresses whose attempts are remembered at one time; with more, the oldest are forgotten.
   *
   * @default 100_000
   */
  readonly maxAddresses: number
}

/** Defaults of {@link AddressLimits}. */
export const addressLimitDefaults: AddressLimits = Object.freeze({
  maxConnections: 100_000,
  maxConnectionsPerAddress: 1000,
  maxAttemptsPerAddress: 600,
  attemptWindowMs: 60_000,
  maxAddresses: 100_000,
})

/** Counts connections by address. */
export interface AddressGate {
  /** Counts a new connection in, until the slot is disposed; or says why not. */
  enter(address: string): Disposable | 'too many attempts' | 'too many connections'
  /** Connections up now. */
  readonly connections: number
}

/**
 * Makes a gate that counts connections and attempts by address, for whatever listens.
 *
 * @example
 * ```ts
 * const slot = gate.enter(remoteAddress)
 * if (typeof slot === 'string') refuse(slot)
 * else onClose(() => slot[Symbol.dispose]())
 * ```
 */
export function createAddressGate(
  deps: { readonly clock: Clock },
  options: Partial<AddressLimits> = {},
): AddressGate {
  const limits = { ...addressLimitDefaults, ...options }
  const attempts = createRateTable(deps, {
    limit: limits.maxAttemptsPerAddress,
    windowMs: limits.attemptWindowMs,
    maxKeys: limits.maxAddresses,
  })
  const slots = createSlotTable({ perKey: limits.maxConnectionsPerAddress, total: limits.maxConnections })
  return {
    enter(address) {
      const key = addressKey(address)
      if (!attempts.hit(key).allowed) return 'too many attempts'
      return slots.enter(key) ?? 'too many connections'
    },
    get connections() {
      return slots.total
    },
  }
}
