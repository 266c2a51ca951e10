import { hasHint, NS, type Stanza } from '@xmppkit/stanza'

/** Which side of a conversation an account is on. */
export type Direction = 'sent' | 'received'

/** Direct invitations to a room (XEP-0249). */
const directInvitation = 'jabber:x:conference'
/** What belongs to a conversation though it has no text: chat states, receipts, markers. */
const conversational: ReadonlySet<string> = new Set([
  NS.chatStates,
  NS.receipts,
  'urn:xmpp:chat-markers:0', // 0333
])

/**
 * Whether a message is to be seen by the account's other clients (XEP-0280 §6.1): what people write to each other, and
 * what goes with it; not what rooms say, and nothing its sender wants to be private (§9, XEP-0334 §4.4).
 *
 * Private messages of a room are known by their mark, which rooms put on them: every client in the room gets them from
 * the room itself, so only those that are sent are copied. Errors are not copied: which message one answers is not known.
 */
export function isEligible(message: Stanza, direction: Direction): boolean {
  const { type } = message
  if (message.kind !== 'message' || type === 'groupchat' || type === 'error') return false
  if (message.has('private', NS.carbons) || hasHint(message, 'no-copy')) return false
  if (message.has('x', NS.mucUser)) {
    if (isMediatedInvitation(message)) return true
    if (direction === 'received') return false
  }
  if (type === 'chat' || message.has('x', directInvitation)) return true
  if (type === 'normal' && message.has('body', message.raw.ns)) return true
  return message.raw.children.some(({ ns }) => conversational.has(ns))
}

/** XEP-0045 §7.8.2. */
function isMediatedInvitation(message: Stanza): boolean {
  return message.raw.child('x', NS.mucUser)?.has('invite', NS.mucUser) === true
}

/** A message without what only a server may say: that it is a copy of one (rule SEC-17). */
export function withoutForgeries(message: Stanza): Stanza {
  return message.without('sent', NS.carbons).without('received', NS.carbons)
}
