import { hasHint, NS, type Stanza } from '@xmppkit/stanza'

/** Namespace of message retraction (XEP-0424). */
export const retractNs = 'urn:xmpp:message-retract:1'

/** What makes a message without a body worth keeping: name (any if undefined) and namespace. */
const meaningful: readonly (readonly [name: string | undefined, ns: string])[] = [
  ['received', NS.receipts],
  ['displayed', 'urn:xmpp:chat-markers:0'],
  ['received', 'urn:xmpp:chat-markers:0'],
  ['acknowledged', 'urn:xmpp:chat-markers:0'],
  ['reactions', 'urn:xmpp:reactions:0'],
  ['retract', retractNs],
  ['apply-to', 'urn:xmpp:fasten:0'],
  ['encrypted', 'eu.siacs.conversations.axolotl'],
  ['encrypted', 'urn:xmpp:omemo:1'],
  ['encrypted', 'urn:xmpp:omemo:2'],
  ['openpgp', 'urn:xmpp:openpgp:0'],
  ['x', 'jabber:x:encrypted'],
  ['x', 'jabber:x:conference'],
  ['x', NS.outOfBand],
  [undefined, 'urn:xmpp:jingle-message:0'],
  [undefined, 'urn:xmpp:call-invites:0'],
]

/** Namespaces of {@link meaningful}, to decide quickly about those of no interest. */
const meaningfulNs: ReadonlySet<string> = new Set(meaningful.map(([, ns]) => ns))

/**
 * Whether a message belongs into a user's archive: `chat` and `normal` with content that has a meaning later (XEP-0313
 * §6.1.1): a body, an encrypted one, a receipt or marker, a reaction, a retraction, an invitation, a call. What its sender
 * wants neither stored nor archived is not (XEP-0334), and what it wants stored is. Rooms keep their own archives.
 */
export function isArchivable(message: Stanza): boolean {
  const { type } = message
  if (type === 'error' || type === 'groupchat') return false
  if (hasHint(message, 'no-store') || hasHint(message, 'no-permanent-store')) return false
  if (hasHint(message, 'store')) return true
  if (type === 'headline') return false
  return message.has('body', NS.client) || hasMeaning(message)
}

function hasMeaning({ raw }: Stanza): boolean {
  return raw.children.some(
    ({ name, ns }) =>
      meaningfulNs.has(ns) && meaningful.some(([wanted = name, of]) => of === ns && wanted === name),
  )
}
