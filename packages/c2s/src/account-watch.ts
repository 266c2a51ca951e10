import { accountDisabled, createRevocations, passwordChanged, removeUser } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import type { Clock, Logger } from '@xmppkit/runtime'
import { type Sessions, sessionClosed } from '@xmppkit/sessions'
import { StreamError } from '@xmppkit/stanza'

/** What {@link watchAccounts} needs. */
export interface AccountWatchDeps {
  readonly hooks: Pick<Hooks, 'on' | 'run'>
  readonly sessions: Pick<Sessions, 'kick' | 'resources'>
  readonly clock: Pick<Clock, 'after'>
  readonly logger: Logger
}

/** What happens to accounts, as far as it ends sessions and logins. */
export interface AccountWatch extends Disposable {
  /** The present: to be kept when a login begins. */
  readonly moment: number
  /**
   * @param login - says when it began
   * @throws StreamError `not-authorized` if the sessions of the account were ended since
   */
  checkLogin(account: BareJid, login: { readonly loginBegan: number | undefined }): void
}

const label = 'c2s'
/**
 * After everybody else who is told. Of a change: what would let a client in again, such as a token, is taken before its session
 * ends. Of the end of a session: what they write of it is there to be removed.
 */
const last = 999

/**
 * Ends the sessions of accounts that are removed or disabled, and the other sessions of one whose password was changed
 * whoever knew the old one is out. Logins that are under way meanwhile open no session. An anonymous account is removed
 * with its session, as nobody comes back to it.
 */
export function watchAccounts(deps: AccountWatchDeps): AccountWatch {
  const { hooks, sessions } = deps
  const revocations = createRevocations()
  const end = (jid: Jid, text: string) => sessions.kick(jid, new StreamError('not-authorized', { text }))

  // The removal may have been asked for in one of the sessions, which is to see the answer (XEP-0077 §3.2).
  const endSoon = (account: BareJid) => {
    revocations.note(account)
    deps.clock.after(0, () => {
      end(account, 'the account was removed').catch((error: unknown) => {
        deps.logger.error('sessions of a removed account could not be ended', { error })
      })
    })
  }

  const listeners = [
    hooks.on(removeUser, ({ account }) => endSoon(account), { label }),
    hooks.on(
      accountDisabled,
      async ({ account, reason }) => {
        if (reason === undefined) return
        revocations.note(account)
        await end(account, 'the account is disabled')
      },
      { label, seq: last },
    ),
    hooks.on(
      passwordChanged,
      async ({ account, by }) => {
        revocations.note(account)
        const others = sessions.resources(account).filter(({ jid }) => by === undefined || !jid.equals(by))
        await Promise.all(others.map(({ jid }) => end(jid, 'the password was changed')))
      },
      { label, seq: last },
    ),
  ]
  listeners.push(
    hooks.on(
      sessionClosed,
      ({ session: { info, jid, sid } }) => {
        if (info.mechanism === 'ANONYMOUS') return hooks.run(removeUser, { account: jid.bare, id: sid })
        return undefined
      },
      { label, seq: last },
    ),
  )
  return {
    get moment() {
      return revocations.moment
    },
    checkLogin(account, { loginBegan = revocations.moment }) {
      if (!revocations.since(account, loginBegan)) return
      throw new StreamError('not-authorized', { text: 'the account was changed during the login' })
    },
    [Symbol.dispose]() {
      for (const listener of listeners) listener[Symbol.dispose]()
    },
  }
}
