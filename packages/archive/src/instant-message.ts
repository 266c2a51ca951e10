import { NS, type Stanza } from '@xmppkit/stanza'
import { retractNs } from './archivable.js'

/** What makes a message one about another message, whatever text it has for clients that do not understand it. */
const ancillary: readonly (readonly [name: string, ns: string])[] = [
  ['replace', 'urn:xmpp:message-correct:0'],
  ['reactions', 'urn:xmpp:reactions:0'],
  ['retract', retractNs],
  ['apply-to', 'urn:xmpp:fasten:0'],
]

/** OMEMO: with a payload it is a message, without one it only exchanges keys. */
const omemo = ['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:1', 'urn:xmpp:omemo:2']

/** What is a message though nobody wrote a body. */
const wordless: readonly (readonly [name: string, ns: string])[] = [
  ['openpgp', 'urn:xmpp:openpgp:0'],
  ['x', 'jabber:x:encrypted'],
  ['x', 'jabber:x:conference'],
  ['x', NS.outOfBand],
]

/**
 * Whether a message is one that people read (XEP-0430: an instant message, unlike an ancillary one): with a body, encrypted,
 * a file or an invitation. Not receipts, markers, reactions, corrections, retractions and calls.
 */
export function isInstantMessage(message: Stanza): boolean {
  return (message.has('body', NS.client) || isWordless(message)) && !isAncillary(message)
}

function isAncillary(message: Stanza): boolean {
  return ancillary.some(([name, ns]) => message.has(name, ns))
}

function isWordless({ raw }: Stanza): boolean {
  if (wordless.some(([name, ns]) => raw.has(name, ns))) return true
  return omemo.some((ns) => raw.child('encrypted', ns)?.has('payload', ns) === true)
}
