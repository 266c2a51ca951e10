import type { BareJid } from '@xmppkit/jid'
import { type Awaitable, type Clock, isThenable, type Logger } from '@xmppkit/runtime'
import { jsonKeyValue, type KeyValue } from '@xmppkit/storage'
import type { Keeper } from './keeper.js'
import type { StreamManagementOptions } from './stream-management-options.js'

/** What remembering needs. */
export interface EndedSessionsDeps {
  readonly store: KeyValue
  readonly clock: Pick<Clock, 'now'>
  readonly logger: Logger
  readonly settings: Pick<Required<StreamManagementOptions>, 'rememberMs' | 'maxRememberedPerAccount'>
}

/**
 * How many stanzas were handled in sessions that have ended, so that a client that comes back too late knows what arrived
 * (SM-5). A store that fails makes nobody wait or fail.
 */
export interface EndedSessions extends AsyncDisposable {
  /** A session has ended. */
  remember(keeper: Keeper): void
  /** How many stanzas were handled in one; `undefined` if nothing is known. */
  handled(account: BareJid, id: string): Promise<number | undefined>
  /** Forgets an account. */
  forget(account: BareJid): Promise<void>
}

interface Ended {
  readonly id: string
  readonly handled: number
  readonly expiresAt: number
}

// One entry holds all of an account, oldest first: it is small, and what has expired goes with the next write.
const key = 'ended'

/** Makes the {@link EndedSessions} of one host. */
export function createEndedSessions(deps: EndedSessionsDeps): EndedSessions {
  const { clock, logger } = deps
  const store = jsonKeyValue(deps.store, readEnded)
  const pending = new Set<Promise<unknown>>()

  const current = (ended: readonly Ended[] = []) => {
    const now = clock.now()
    return ended.filter(({ expiresAt }) => expiresAt > now)
  }

  async function put(keeper: Keeper, id: string, idle: Awaitable<void>): Promise<void> {
    // The last stanza may still be under way; it counts.
    if (isThenable(idle)) await idle
    const { rememberMs, maxRememberedPerAccount } = deps.settings
    const one: Ended = { id, handled: keeper.count, expiresAt: clock.now() + rememberMs }
    await store.update(keeper.session.account.toString(), key, (before) =>
      [...current(before), one].slice(-maxRememberedPerAccount),
    )
  }

  const failed = (cause: unknown): undefined => {
    logger.error('what was handled in ended sessions is not known', { cause })
  }

  return {
    remember(keeper) {
      const { rememberMs, maxRememberedPerAccount } = deps.settings
      const { resumable, session } = keeper
      if (resumable === undefined || rememberMs <= 0 || maxRememberedPerAccount < 1) return
      const putting: Promise<unknown> = put(keeper, resumable.id, session.idle())
        .catch(failed)
        .finally(() => pending.delete(putting))
      pending.add(putting)
    },
    async handled(account, id) {
      // What is being written counts, too.
      await Promise.all(pending)
      try {
        return current(await store.get(account.toString(), key)).find((one) => one.id === id)?.handled
      } catch (cause) {
        return failed(cause)
      }
    },
    async forget(account) {
      // What is being written goes, too.
      await Promise.all(pending)
      await store.removeOwner(account.toString())
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pending)
    },
  }
}

function readEnded(value: unknown): readonly Ended[] {
  if (!Array.isArray(value) || !value.every(isEnded)) throw new TypeError('no list of ended sessions')
  return value
}

function isEnded(value: unknown): value is Ended {
  if (typeof value !== 'object' || value === null) return false
  const { id, handled, expiresAt } = value as Record<string, unknown>
  return typeof id === 'string' && Number.isSafeInteger(handled) && Number.isFinite(expiresAt)
}
