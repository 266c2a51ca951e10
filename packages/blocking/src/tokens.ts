import { event } from '@xmppkit/hooks'
import type { BareJid, FullJid, Jid } from '@xmppkit/jid'
import type { Element } from '@xmppkit/xml'

/** Somebody who was blocked, with what the client said about it. */
export interface BlockedContact {
  /** Who: an account, a domain, or a resource of either. */
  readonly jid: Jid
  /** What else was in the client's `<item/>`, such as a report (XEP-0377). Unchecked. */
  readonly extensions: readonly Element[]
}

/**
 * An account has blocked or unblocked somebody; it is stored and in force. Of one event, one of the two lists is empty.
 * Whom it had blocked before is not left out: a client may have more to say about them.
 */
export const blocklistChanged = event<{
  /** Whose blocklist. */
  readonly account: BareJid
  /** The client that did it; absent if the program did. */
  readonly by: FullJid | undefined
  /** Who was blocked. */
  readonly blocked: readonly BlockedContact[]
  /** Who was unblocked. */
  readonly unblocked: readonly Jid[]
}>('blocking/blocklist-changed')
