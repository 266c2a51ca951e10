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
 * How a try to log in ended: `wrong` credentials count against address and account, one `refused` for another reason
 * against the address, one that was `spared` (an outage, an abort) against nobody.
 */
export type LoginOutcome = 'succeeded' | 'wrong' | 'refused' | 'spared'

/** One try to log in. It counts from its beginning, so that many at once are not cheaper than one after another. */
export interface LoginTry {
  /** Whether this account may be tried. Call it as soon as the name is known, before looking anything up. */
  names(account: BareJid): boolean
  /** The try is over. Only the first call counts. */
  end(outcome: LoginOutcome): void
}

/**
 * Slows down who guesses passwords. It counts names whether or not there is such an account, and refuses the right
 * password like a wrong one, so that it tells nothing (L-6).
 */
export interface LoginThrottle {
  /** Begins a try from a network address; `undefined` if that address has to wait. */
  begin(address: string): LoginTry | undefined
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

  const begin = (address: string): LoginTry | undefined => {
    const addressed = addressKey(address)
    if (!addresses.peek(addressed).allowed) return undefined
    addresses.hit(addressed)
    let named: BareJid | undefined
    let over = false
    return {
      names(account) {
        const key = short(account.toString())
        if (!accounts.peek(key).allowed && familiar.peek(pair(address, account)).count <= 1) return false
        accounts.hit(key)
        named = account
        return true
      },
      end(outcome) {
        if (over) return
        over = true
        if (outcome !== 'wrong' && named !== undefined) accounts.hit(short(named.toString()), -1)
        if (outcome === 'succeeded' || outcome === 'spared') addresses.hit(addressed, -1)
        if (outcome !== 'succeeded' || named === undefined) return
        const key = pair(address, named)
        // The time an address is familiar starts anew.
        familiar.forget(key)
        familiar.hit(key)
      },
    }
  }
  return { begin }
}

// Names may be 2 KiB long; a table of them must not be.
function short(key: string): string {
  return key.length <= 64 ? key : createHash('sha256').update(key).digest('base64')
}
