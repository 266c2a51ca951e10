import { event, filter } from '@xmppkit/hooks'
import type { BareJid, FullJid } from '@xmppkit/jid'

/** Who asks for an account. */
export interface Registration {
  /** The account wanted. */
  readonly account: BareJid
  /** Its password as typed, for rules about passwords. Never log it. */
  readonly password: string
  /** Network address of the client that asks; absent where an operator or the embedder's own code does. */
  readonly remoteAddress?: string
}

/**
 * May this account be registered? (ejabberd: `check_register_user`.) The value starts as `true`; a handler refuses
 * with `stop(false)`, or with an error that says why.
 */
export const checkRegisterUser = filter<boolean, Registration>('auth/check-register-user')

/** An account was created (ejabberd: `register_user`). */
export const registerUser = event<{
  /** The account. */
  readonly account: BareJid
  /** Its stable id; another account of the same name will have another. */
  readonly id: string
}>('auth/register-user')

/**
 * An account is being removed (ejabberd: `remove_user`): remove what belongs to it. Until every listener is done the
 * name counts as gone but cannot be registered again, so nothing of the old account reaches a new one (SEC-25).
 */
export const removeUser = event<{
  /** The account. */
  readonly account: BareJid
  /** Its stable id. */
  readonly id: string
}>('auth/remove-user')

/**
 * The password of an account changed: end its sessions and tokens, except the session that asked for it. Sessions end
 * last, at 999: who takes a token or the like is to have done so when a client that was ended comes back.
 */
export const passwordChanged = event<{
  /** The account. */
  readonly account: BareJid
  /** The session in which the change was asked for, if it was one. */
  readonly by: FullJid | undefined
}>('auth/password-changed')

/** An account was disabled or enabled again. Sessions of a disabled account should end; they do at 999. */
export const accountDisabled = event<{
  /** The account. */
  readonly account: BareJid
  /** Why it is disabled; `undefined` if it was enabled again. */
  readonly reason: string | undefined
}>('auth/account-disabled')
