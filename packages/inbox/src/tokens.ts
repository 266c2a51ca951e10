import { event } from '@xmppkit/hooks'
import type { BareJid } from '@xmppkit/jid'

/**
 * An account has read a conversation up to a message, and that is durable: take it from badges and notifications. Not told
 * when an account reads by answering.
 */
export const conversationRead = event<{
  /** Who has read. */
  readonly account: BareJid
  /** The other party. */
  readonly conversation: BareJid
  /** The id in the account's archive of the last message read. */
  readonly id: string
}>('inbox/conversation-read')
