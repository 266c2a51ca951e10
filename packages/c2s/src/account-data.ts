import { removeUser } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'
import { createKeyedQueue, disposable } from '@xmppkit/runtime'
import { type Sessions, sessionClosed } from '@xmppkit/sessions'
import { StanzaError } from '@xmppkit/stanza'

/** What {@link createAccountData} needs. */
export interface AccountDataDeps {
  /** Tells when accounts are removed and sessions end. */
  readonly hooks: Pick<Hooks, 'on'>
  /** Knows whether a removed account still has sessions. */
  readonly sessions: Pick<Sessions, 'resources'>
  /** Removes everything that is kept for an account. */
  readonly removeAll: (account: BareJid) => Promise<unknown>
  /** Whose data it is, for observers of hooks. */
  readonly label: string
}

/** What a feature keeps for accounts, gone with them. */
export interface AccountData extends Disposable {
  /**
   * Changes what is kept for an account: changes of one account happen one after another.
   *
   * @throws StanzaError `service-unavailable` for an account that is being removed
   */
  change<T>(account: BareJid, work: () => Promise<T>): Promise<T>
  /** Whether an account is being removed: what is kept for it now would be found by the next of that name. */
  isLeaving(account: BareJid): boolean
}

/**
 * Guards what a feature keeps for accounts: changes happen in order, everything goes with the account (`removeUser`), and
 * nothing that is under way then is left for the next account of that name (SEC-25).
 *
 * @example
 * ```ts
 * const data = scope.use(createAccountData({ hooks, sessions, label: 'notes', removeAll: (account) => store.removeAll(account) }))
 * await data.change(account, () => store.set(account, note))
 * ```
 */
export function createAccountData({ hooks, sessions, removeAll, label }: AccountDataDeps): AccountData {
  const leaving = new Set<string>()
  const queue = createKeyedQueue()

  const forget = (account: BareJid) => {
    if (leaving.size > 0 && sessions.resources(account).length === 0) leaving.delete(account.toString())
  }

  const remove = async (account: BareJid) => {
    const key = account.toString()
    leaving.add(key)
    try {
      await queue.run(key, async () => removeAll(account))
    } finally {
      forget(account)
    }
  }

  const listeners = [
    hooks.on(removeUser, ({ account }) => remove(account), { label }),
    hooks.on(sessionClosed, ({ session }) => forget(session.jid.bare), { label }),
  ]
  const registrations = disposable(() => {
    for (const listener of listeners) listener[Symbol.dispose]()
  })
  const isLeaving = (account: BareJid) => leaving.size > 0 && leaving.has(account.toString())

  return {
    isLeaving,
    async change(account, work) {
      return queue.run(account.toString(), async () => {
        if (isLeaving(account)) throw new StanzaError('service-unavailable')
        return work()
      })
    },
    [Symbol.dispose]: () => registrations[Symbol.dispose](),
  }
}
