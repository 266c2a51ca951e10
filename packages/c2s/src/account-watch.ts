import { accountDisabled, passwordChanged, removeUser } from '@xmppkit/auth'
import type { Hooks } from '@xmppkit/hooks'
import type { BareJid, Jid } from '@xmppkit/jid'
import { type Clock, disposable, type Logger } from '@xmppkit/runtime'
import { type Sessions, sessionClosed } from '@xmppkit/sessions'
import { StreamError } from '@xmppkit/stanza'

/** What {@link watchAccounts} needs. */
export interface AccountWatchDeps {
  readonly hooks: Pick<Hooks, 'on' | 'run'>
  readonly sessions: Pick<Sessions, 'kick' | 'resources'>
  readonly clock: Pick<Clock, 'after'>
  readonly logger: Logger
}

const label = 'c2s'
/** After everybody else who is told of the end of a session: what they write of it is there to be removed. */
const last = 999

/**
 * Ends the sessions of accounts that are removed or disabled, and the other sessions of one whose password was changed
 * whoever knew the old one is out. An anonymous account is removed with its session, as nobody comes back to it.
 */
export function watchAccounts(deps: AccountWatchDeps): Disposable {
  const { hooks, sessions } = deps
  const end = (jid: Jid, text: string) => sessions.kick(jid, new StreamError('not-authorized', { text }))

  // The removal may have been asked for in one of the sessions, which is to see the answer (XEP-0077 §3.2).
  const endSoon = (account: BareJid) => {
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
        if (reason !== undefined) await end(account, 'the account is disabled')
      },
      { label },
    ),
    hooks.on(
      passwordChanged,
      async ({ account, by }) => {
        const others = sessions.resources(account).filter(({ jid }) => by === undefined || !jid.equals(by))
        await Promise.all(others.map(({ jid }) => end(jid, 'the password was changed')))
      },
      { label },
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
  return disposable(() => {
    for (const listener of listeners) listener[Symbol.dispose]()
  })
}
