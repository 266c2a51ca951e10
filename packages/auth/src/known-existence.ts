import type { BareJid } from '@xmppkit/jid'
import type { Clock } from '@xmppkit/runtime'
import { createTimeLimit } from './time-limit.js'

/** What {@link createKnownExistence} needs. */
export interface KnownExistenceDeps {
  /** Asks whether there is such an account; may fail, and may take its time. */
  readonly ask: (account: BareJid) => Promise<boolean>
  /** Limits waits and dates answers. */
  readonly clock: Pick<Clock, 'after' | 'monotonic'>
}

/** How answers are remembered. */
export interface KnownExistenceOptions {
  /** How long an answer holds, in milliseconds. */
  readonly existsCacheMs: number
  /** The longest wait for one, in milliseconds. */
  readonly existsTimeoutMs: number
  /** Answers that are remembered. */
  readonly maxKnownAccounts: number
}

/** Which accounts there are, as far as somebody else's database says so, or said so before it went away. */
export interface KnownExistence {
  /**
   * Whether there is such an account. While nobody can say, the last answer holds, however old.
   * @throws AuthError `auth/timeout`, or what asking threw, if there was none
   */
  exists(account: BareJid): Promise<boolean>
  /** Whether it was there a moment ago. */
  isKnown(account: BareJid): boolean
  /** It is not there any more. */
  gone(account: BareJid): void
}

interface Answer {
  readonly exists: boolean
  readonly at: number
}

/** Remembers answers, bounded; several questions about one account are asked once. */
export function createKnownExistence(
  { ask, clock }: KnownExistenceDeps,
  { existsCacheMs, existsTimeoutMs, maxKnownAccounts }: KnownExistenceOptions,
): KnownExistence {
  const limit = createTimeLimit(clock, existsTimeoutMs)
  const answers = new Map<string, Answer>()
  const asking = new Map<string, Promise<boolean>>()
  const never = new AbortController().signal

  const remember = (key: string, exists: boolean) => {
    answers.delete(key)
    answers.set(key, { exists, at: clock.monotonic() })
    const [oldest] = answers.keys()
    if (answers.size > maxKnownAccounts && oldest !== undefined) answers.delete(oldest)
  }
  const isFresh = (answer: Answer) => clock.monotonic() - answer.at < existsCacheMs

  const find = (account: BareJid, key: string): Promise<boolean> => {
    const isAsked = () => asking.get(key) === found
    const answer = async (): Promise<boolean> => {
      try {
        const exists = await limit(never, () => ask(account))
        // What was asked before the account went says nothing of what is left of it (SEC-25).
        if (!isAsked()) return false
        remember(key, exists)
        return exists
      } catch (error) {
        const last = answers.get(key)
        if (last === undefined) throw error
        return last.exists
      } finally {
        if (isAsked()) asking.delete(key)
      }
    }
    const found = answer()
    asking.set(key, found)
    return found
  }

  return {
    async exists(account) {
      const key = account.toString()
      const known = answers.get(key)
      if (known !== undefined && isFresh(known)) return known.exists
      return asking.get(key) ?? find(account, key)
    },
    isKnown(account) {
      const known = answers.get(account.toString())
      return known?.exists === true && isFresh(known)
    },
    gone(account) {
      const key = account.toString()
      asking.delete(key)
      remember(key, false)
    },
  }
}
