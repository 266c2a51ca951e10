import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import type { Sessions } from '@xmppkit/sessions'
import type { Stanza } from '@xmppkit/stanza'
import { createRecentAddresses } from './recent-addresses.js'

/** What {@link createReturning} needs. */
export interface ReturningDeps {
  /** Who is there. */
  readonly sessions: Pick<Sessions, 'resources'>
  readonly clock: Pick<Clock, 'after'>
}

/**
 * Resources that are bound again, but not available yet, while something waits that was sent to their very address: it is handed
 * over when they are available, and what is sent to them before then would overtake it (rule M-7).
 */
export interface Returning extends Disposable {
  /** Something is stored that was sent to this address; what is for an account as a whole does not count. */
  stored(to: Jid): void
  /** Whether something was stored for this address, so that {@link Returning.wait} is worth asking. */
  isAwaited(to: Jid | undefined): boolean
  /**
   * Resolves when a message may go on to its resource, which is available then, or gone, or does without presence.
   * `undefined`: it may now.
   */
  wait(message: Stanza, account: BareJid): Promise<void> | undefined
  /** A resource is available: what waits for it comes first by other means. */
  available(jid: FullJid): void
  /** A session has ended. */
  gone(jid: FullJid): void
}

interface Wait {
  readonly ended: Promise<void>
  end(): void
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
  const waits = new Map<string, Wait>()
  let over = false

  const start = (to: Jid): Wait => {
    const key = to.toString()
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = () => {
        timer[Symbol.dispose]()
        waits.delete(key)
        resolve()
      }
    })
    const timer = clock.after(presenceWaitMs, () => {
      addresses.delete(to)
      end()
    })
    const wait = { ended, end }
    waits.set(key, wait)
    return wait
  }

  const isReturning = (to: Jid, account: BareJid): boolean => {
    const session = sessions.resources(account).find(({ jid }) => jid.equals(to))
    return session !== undefined && session.priority === undefined
  }

  const isAwaited = (to: Jid | undefined): boolean =>
    to !== undefined && !over && !to.isBare && addresses.has(to)

  const end = (jid: FullJid) => {
    if (waits.size > 0) waits.get(jid.toString())?.end()
  }

  return {
    stored(to) {
      if (!to.isBare) addresses.add(to)
    },
    isAwaited,
    wait({ from, to }, account) {
      if (to === undefined || !isAwaited(to)) return undefined
      // Its presence may be behind what it says to itself.
      if (from?.equals(to) === true || !isReturning(to, account)) return undefined
      return (waits.get(to.toString()) ?? start(to)).ended
    },
    available(jid) {
      addresses.delete(jid)
      end(jid)
    },
    gone: end,
    [Symbol.dispose]() {
      over = true
      for (const wait of waits.values()) wait.end()
    },
  }
}
