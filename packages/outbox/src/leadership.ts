import type { Clock, Logger } from '@xmppkit/runtime'
import type { OutboxStore } from './ports.js'

/** What {@link createLeadership} needs. */
export interface LeadershipDeps {
  readonly store: Pick<OutboxStore, 'lease' | 'release'>
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly logger: Logger
  /**
   * Told each time this process has heard whether it is the one that delivers, and whether it surely was since it heard last:
   * otherwise somebody else may have delivered in between.
   */
  readonly heard: (leads: boolean, allAlong: boolean) => void
}

/** Whether this process is the one that delivers to a target: two at a time would break the order. */
export interface Leadership {
  /** Whether it is, now. */
  readonly leads: boolean
  /** Gives it up. */
  close(): Promise<void>
}

/** Asks for the lease of a target, again and again, three times as often as it ends. */
export function createLeadership(
  { store, clock, logger, heard }: LeadershipDeps,
  about: { readonly target: string; readonly holder: string; readonly leaseMs: number },
): Leadership {
  const { target, holder, leaseMs } = about
  let until = Number.NEGATIVE_INFINITY
  let closed = false
  let timer: Disposable | undefined
  let asking: Promise<void> | undefined

  const ask = async () => {
    const now = clock.now()
    try {
      const granted = await store.lease(target, holder, now, now + leaseMs)
      // Now, not when it was asked for: it was the store that decided, at a moment in between.
      const allAlong = granted && clock.now() < until
      until = granted ? now + leaseMs : Number.NEGATIVE_INFINITY
      if (!closed) heard(granted, allAlong)
    } catch (cause) {
      logger.error('it could not be found out who delivers events', { target, cause })
    }
    if (!closed) timer = clock.after(leaseMs / 3, begin)
  }
  const begin = () => {
    asking = ask()
  }
  begin()

  return {
    get leads() {
      return !closed && clock.now() < until
    },
    async close() {
      closed = true
      timer?.[Symbol.dispose]()
      await asking
      if (until === Number.NEGATIVE_INFINITY) return
      await store.release(target, holder).catch((cause: unknown) => {
        logger.warn('the right to deliver events could not be given back', { target, cause })
      })
    },
  }
}
