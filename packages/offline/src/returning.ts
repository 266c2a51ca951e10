import type { BareJid, Jid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import { createRecentAddresses } from './recent-addresses.js'

/** What {@link createReturning} needs. */
export interface ReturningDeps {
  /** Who is there. */
  readonly sessions: Pick<Sessions, 'resources'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * Resources that are bound again, but not available yet, while something waits that was sent to their very address: that is
 * handed over when they are available, and what is sent to them before then would overtake it (rule M-7).
 */
export interface Returning {
  /** Something is stored that was sent to this address; what is for an account as a whole does not count. */
  stored(to: Jid): void
  /** Whether this is the address of such a resource, if something of its account still waits. */
  includes(to: Jid, account: BareJid): boolean
}

/** Addresses that something was stored for since the start. */
const maxAddresses = 100_000

/**
 * Starts with nobody.
 *
 * @param options - how long a resource may take to send its presence, in milliseconds; whoever needs longer wants none
 */
export function createReturning(
  { sessions, clock }: ReturningDeps,
  { presenceWaitMs }: { readonly presenceWaitMs: number },
): Returning {
  const addresses = createRecentAddresses(maxAddresses)
  return {
    stored(to) {
      if (!to.isBare) addresses.add(to)
    },
    includes(to, account) {
      if (to.isBare || !addresses.has(to)) return false
      const session = sessions.resources(account).find(({ jid }) => jid.equals(to))
      if (session === undefined || session.priority !== undefined) return false
      return clock.now() - session.info.openedAt < presenceWaitMs
    },
  }
}
