import type { Clock } from '@xmppkit/runtime'
import { StreamError } from '@xmppkit/stanza'
import type { Keeper } from './keeper.js'
import type { StreamManagementOptions } from './stream-management-options.js'

/** Sessions that have lost their connection and wait to be resumed. */
export interface WaitingSessions {
  /** Lets a session wait; too many of them, and the oldest ends. False if there is no room for any. */
  add(keeper: Keeper): boolean
  /** The session waits no longer. */
  remove(keeper: Keeper): void
  /** How many there are. */
  readonly size: number
}

/** Makes the {@link WaitingSessions} of one host. */
export function createWaitingSessions(deps: {
  readonly clock: Pick<Clock, 'after'>
  readonly settings: Pick<Required<StreamManagementOptions>, 'maxWaiting' | 'maxWaitingPerAccount'>
}): WaitingSessions {
  // Oldest first, in both.
  const timers = new Map<Keeper, Disposable>()
  const accounts = new Map<string, Set<Keeper>>()

  function remove(keeper: Keeper): void {
    const timer = timers.get(keeper)
    if (timer === undefined) return
    timer[Symbol.dispose]()
    timers.delete(keeper)
    const key = keeper.session.account.toString()
    const others = accounts.get(key)
    others?.delete(keeper)
    if (others?.size === 0) accounts.delete(key)
  }

  function end(keeper: Keeper | undefined, text: string): void {
    if (keeper === undefined) return
    remove(keeper)
    keeper.session.end(new StreamError('connection-timeout', { text }))
  }

  return {
    add(keeper) {
      const { maxWaiting, maxWaitingPerAccount } = deps.settings
      if (keeper.resumable === undefined || maxWaiting < 1 || maxWaitingPerAccount < 1) return false
      const key = keeper.session.account.toString()
      const others = accounts.get(key) ?? new Set<Keeper>()
      if (others.size >= maxWaitingPerAccount) end(first(others), 'others of the account wait too')
      if (timers.size >= maxWaiting) end(first(timers.keys()), 'too many sessions wait')
      accounts.set(key, others.add(keeper))
      timers.set(
        keeper,
        deps.clock.after(keeper.resumable.timeoutMs, () => end(keeper, 'it was not resumed in time')),
      )
      return true
    },
    remove,
    get size() {
      return timers.size
    },
  }
}

function first<T>(of: Iterable<T>): T | undefined {
  for (const one of of) return one
  return undefined
}
