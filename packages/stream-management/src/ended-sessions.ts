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

/** What is about to be written of one session. */
interface Pending {
  readonly account: string
  isWriting: boolean
  isForgotten: boolean
  done: Promise<unknown>
}

// One entry holds all of an account, oldest first: it is small, and what has expired goes with the next write.
const key = 'ended'

/** Makes the {@link EndedSessions} of one host. */
export function createEndedSessions(deps: EndedSessionsDeps): EndedSessions {
  const { clock, logger } = deps
  const store = jsonKeyValue(deps.store, readEnded)
  // By the id of the session.
  const pending = new Map<string, Pending>()

  const current = (ended: readonly Ended[] = []) => {
    const now = clock.now()
    return ended.filter(({ expiresAt }) => expiresAt > now)
  }

  async function put(about: Pending, keeper: Keeper, id: string, idle: Awaitable<void>): Promise<void> {
    // The last stanza may still be under way; it counts.
    if (isThenable(idle)) await idle
    if (about.isForgotten) return
    about.isWriting = true
    const { rememberMs, maxRememberedPerAccount } = deps.settings
    const one: Ended = { id, handled: keeper.count, expiresAt: clock.now() + rememberMs }
    await store.update(about.account, key, (before) =>
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
      const { id } = resumable
      const account = session.account.toString()
      const about: Pending = { account, isWriting: false, isForgotten: false, done: Promise.resolve() }
      pending.set(id, about)
      about.done = put(about, keeper, id, session.idle())
        .catch(failed)
        .finally(() => pending.delete(id))
    },
    async handled(account, id) {
      // What is being written counts, too. Nobody waits for anybody else's, which may take as long as a stanza does.
      const about = pending.get(id)
      if (about?.account === account.toString()) await about.done
      try {
        return current(await store.get(account.toString(), key)).find((one) => one.id === id)?.handled
      } catch (cause) {
        return failed(cause)
      }
    },
    async forget(account) {
      const owner = account.toString()
      const own = [...pending.values()].filter((about) => about.account === owner)
      // What waits for a stanza may wait for this one, which removes the account. What is being written goes, too.
      for (const about of own) about.isForgotten = true
      await Promise.all(own.filter(({ isWriting }) => isWriting).map(({ done }) => done))
      await store.removeOwner(owner)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...pending.values()].map(({ done }) => done))
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
