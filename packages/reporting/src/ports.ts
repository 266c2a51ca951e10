import type { BareJid } from '@xmppkit/jid'
import type { Awaitable } from '@xmppkit/runtime'

/** A contact, as far as strangers are concerned. */
export interface KnownContact {
  /** Who sees whose presence. */
  readonly subscription: 'none' | 'to' | 'from' | 'both'
  /** Whether the account has put it into its roster itself; false if it only asked. */
  readonly listed: boolean
  /** Whether the account has agreed to its request before it came. */
  readonly approved: boolean
}

/** Who is a contact of whom; `Roster` of `@xmppkit/roster` fits. */
export interface KnownContacts {
  /** One contact of an account; undefined if it is none and has not asked either. */
  item(account: BareJid, contact: BareJid): Awaitable<KnownContact | undefined>
}
