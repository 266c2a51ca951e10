import { createHash } from 'node:crypto'
import { addressKey, createRateTable } from '@xmppkit/access'
import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'

/** Options of {@link createLoginThrottle}. */
export interface LoginThrottleOptions {
  /**
   * Failed logins from one address in a window, after which it must wait. Whoever tries many passwords has few
   * addresses; an office or a carrier shares one, so successes do not count.
   * @default 20
   */
  readonly maxFailuresPerAddress?: number
  /**
   * Failed logins to one account from everywhere in a window, after which addresses it was never logged in from must
   * wait. Stops guessing from many addresses.
   * @default 100
   */
  readonly maxFailuresPerAccount?: number
  /**
   * Length of a window, in milliseconds.
   * @default 600000 (10 minutes)
   */
  readonly windowMs?: number
  /**
   * How long an address counts as the account's own after a login, in milliseconds: nobody can lock the owner out from
   * elsewhere.
   * @default 2592000000 (30 days)
   */
  readonly familiarMs?: number
  /**
   * Addresses, accounts, and pairs of them remembered at most, each; the oldest are forgotten first.
   * @default 10000
   */
  readonly maxKeys?: number
}

/** The defaults of {@link createLoginThrottle}. */
export const loginThrottleDefaults: Required<LoginThrottleOptions> = Object.freeze({
  maxFailuresPerAddress: 20,
  maxFailuresPerAccount: 100,
  windowMs: 600_000,
  familiarMs: 30 * 24 * 3600_000,
  maxKeys: 10_000,
})

/**
 * Slows down who guesses passwords. It counts names whether or not there is such an account, and refuses the right
 * password like a wrong one, so that it tells nothing (L-6).
 */
export interface LoginThrottle {
  /** Whether an address may try at all. */
  mayTry(address: string): boolean
  /** Whether an address may try this account. */
  mayTryAccount(address: string, account: BareJid): boolean
  /** A login failed; the account is absent if the attempt did not name a possible one. */
  failed(address: string, account: BareJid | undefined): void
  /** A login succeeded. */
  succeeded(address: string, account: BareJid): void
}

/**
 * Creates the memory of failed logins; share one among the listeners of a server.
 *
 * @example
 * ```ts
 * const throttle = createLoginThrottle({ clock: systemClock }, { maxFailuresPerAddress: 10 })
 * const sasl = saslFeature({ credentials: accounts.credentials, clock, logger, throttle })
 * ```
 */
export function createLoginThrottle(
  deps: { readonly clock: Pick<Clock, 'monotonic'> },
  options: LoginThrottleOptions = {},
): LoginThrottle {
  const settings = Object.freeze({ ...loginThrottleDefaults, ...options })
  const { windowMs, familiarMs, maxKeys } = settings
  const table = (limit: number, ms: number) => createRateTable(deps, { limit, windowMs: ms, maxKeys })
  const addresses = table(settings.maxFailuresPerAddress, windowMs)
  const accounts = table(settings.maxFailuresPerAccount, windowMs)
  const familiar = table(Number.POSITIVE_INFINITY, familiarMs)
  const pair = (address: string, account: BareJid): string => short(`${addressKey(address)} ${account}`)

  return {
    mayTry: (address) => addresses.peek(addressKey(address)).allowed,
    mayTryAccount: (address, account) =>
      accounts.peek(short(account.toString())).allowed || familiar.peek(pair(address, account)).count > 1,
    failed(address, account) {
      addresses.hit(addressKey(address))
      if (account !== undefined) accounts.hit(short(account.toString()))
    },
    succeeded(address, account) {
      const key = pair(address, account)
      familiar.forget(key)
      familiar.hit(key)
    },
  }
}

// Names may be 2 KiB long; a table of them must not be.
function short(key: string): string {
  return key.length <= 64 ? key : createHash('sha256').update(key).digest('base64')
}
