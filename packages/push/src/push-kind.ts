import { NS, type Stanza } from '@xmppkit/stanza'

/** What a message wakes somebody up for. */
export type PushKind = 'message' | 'invite' | 'call'

/** Payloads that carry a message nobody but its reader can read, and what they must have in them to carry one. */
const encrypted: readonly (readonly [name: string, ns: string, part?: string])[] = [
  ['encrypted', 'eu.siacs.conversations.axolotl', 'payload'], // XEP-0384 0.3
  ['encrypted', 'urn:xmpp:omemo:1', 'payload'], // XEP-0384 0.7
  ['encrypted', 'urn:xmpp:omemo:2', 'payload'], // XEP-0384 0.8
  ['openpgp', 'urn:xmpp:openpgp:0'], // XEP-0373
  ['x', 'jabber:x:encrypted'], // XEP-0027
]

/**
 * What a message is worth a notification for: a text somebody would read, also an encrypted one, an invitation, a call.
 * `undefined` for everything else: chat states, markers, receipts, keys, headlines, errors, what comes from rooms.
 */
export function pushKindOf(stanza: Stanza): PushKind | undefined {
  if (stanza.kind !== 'message' || (stanza.type !== 'chat' && stanza.type !== 'normal')) return undefined
  if (isCall(stanza)) return 'call'
  if (isInvite(stanza)) return 'invite'
  return isRead(stanza) ? 'message' : undefined
}

function isCall(stanza: Stanza): boolean {
  return (
    stanza.has('propose', 'urn:xmpp:jingle-message:0') || // XEP-0353
    stanza.has('invite', 'urn:xmpp:call-invites:0') // XEP-0482
  )
}

function isInvite(stanza: Stanza): boolean {
  if (stanza.has('x', 'jabber:x:conference')) return true // XEP-0249
  const user = 'http://jabber.org/protocol/muc#user' // XEP-0045 §7.8.2
  return stanza.has('x', user) && stanza.raw.child('x', user)?.has('invite', user) === true
}

function isRead(stanza: Stanza): boolean {
  if (stanza.has('body', NS.client) && stanza.text('body') !== '') return true
  return encrypted.some(([name, ns, part]) => {
    if (!stanza.has(name, ns)) return false
    return part === undefined || stanza.raw.child(name, ns)?.has(part, ns) === true
  })
}
