import { Element } from '@xmppkit/xml'
import { NS } from './namespaces.js'
import type { Stanza } from './stanza.js'

/** A wish of the sender on how a message is processed (XEP-0334). */
export type Hint = 'no-permanent-store' | 'no-store' | 'no-copy' | 'store'

/** All hints of XEP-0334. */
export const hintNames: readonly Hint[] = Object.freeze([
  'no-permanent-store',
  'no-store',
  'no-copy',
  'store',
])

/** Tells whether a message carries a hint; builds nothing. */
export function hasHint(stanza: Stanza, hint: Hint): boolean {
  return stanza.raw.has(hint, NS.hints)
}

/** Writes a hint as a child for a message. */
export function hintElement(hint: Hint): Element {
  return new Element(hint, { xmlns: NS.hints })
}
