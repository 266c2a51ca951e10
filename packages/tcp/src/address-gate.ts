import { isIPv6 } from 'node:net'
import type { Clock } from '@xmppkit/runtime'

/** How much one client address may take (rule L-1, SEC-2). An IPv6 client counts by its /64. */
export interface AddressLimits {
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
   * Addresses remembered at one time; beyond it those without a connection are forgotten, oldest first.
   *
   * @default 100_000
   */
  readonly maxAddresses: number
}

/** Defaults of {@link AddressLimits}. */
export const addressLimitDefaults: AddressLimits = Object.freeze({
  maxConnectionsPerAddress: 1000,
  maxAttemptsPerAddress: 600,
  attemptWindowMs: 60_000,
  maxAddresses: 100_000,
})

/** Counts connections by address. */
export interface AddressGate {
  /** Counts a new connection in, or says why not. */
  enter(address: string): string | undefined
  /** Counts a connection that had entered out. */
  leave(address: string): void
}

interface Counters {
  connections: number
  attempts: number
  windowEnds: number
}

/** Makes a gate that counts connections and attempts by address. */
export function createAddressGate(
  deps: { readonly clock: Clock },
  options: Partial<AddressLimits> = {},
): AddressGate {
  const limits = { ...addressLimitDefaults, ...options }
  const table = new Map<string, Counters>()

  const countersOf = (key: string, now: number): Counters => {
    let counters = table.get(key)
    if (!counters) {
      if (table.size >= limits.maxAddresses) forgetIdle(table)
      counters = { connections: 0, attempts: 0, windowEnds: now + limits.attemptWindowMs }
      table.set(key, counters)
    } else if (counters.windowEnds <= now) {
      counters.attempts = 0
      counters.windowEnds = now + limits.attemptWindowMs
    }
    return counters
  }

  return {
    enter(address) {
      const counters = countersOf(network(address), deps.clock.monotonic())
      counters.attempts += 1
      if (counters.attempts > limits.maxAttemptsPerAddress) return 'too many attempts from this address'
      if (counters.connections >= limits.maxConnectionsPerAddress) {
        return 'too many connections from this address'
      }
      counters.connections += 1
      return undefined
    },
    leave(address) {
      const key = network(address)
      const counters = table.get(key)
      if (!counters) return
      counters.connections -= 1
    },
  }
}

/** Makes room for a tenth of the table at once, so that a flood of addresses costs O(1) each. */
function forgetIdle(table: Map<string, Counters>): void {
  let room = Math.ceil(table.size / 10)
  for (const [key, counters] of table) {
    if (room === 0) return
    if (counters.connections > 0) continue
    table.delete(key)
    room -= 1
  }
}

/** An IPv4 address as it is, an IPv6 address as its /64: one customer usually has a whole one. */
function network(address: string): string {
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  return expand(address.split('%')[0]!).slice(0, 4).join(':')
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  if (tail === undefined) return left
  const right = tail === '' ? [] : tail.split(':')
  return [...left, ...new Array(8 - left.length - right.length).fill('0'), ...right]
}
