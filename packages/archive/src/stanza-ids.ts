import { type BareJid, tryParseJid } from '@xmppkit/jid'
import { NS, type Stanza } from '@xmppkit/stanza'
import { Element, type RawElement } from '@xmppkit/xml'

/** The element that says under which id whose archive has a message (XEP-0359). */
export function stanzaIdElement(by: BareJid, id: string): Element {
  return new Element('stanza-id', { xmlns: NS.stanzaIds, by: by.toString(), id })
}

/**
 * The message without stanza ids that claim to be of an archive at the domain of this account (XEP-0359 §3): nobody but the
 * archives may write them, and of those only the account's own is shown to it. Itself where there are none.
 */
export function withoutForgedIds(message: Stanza, account: BareJid): Stanza {
  const isForged = (child: RawElement) => tryParseJid(child.attr('by') ?? '')?.domain === account.domain
  return message.without('stanza-id', NS.stanzaIds, isForged)
}

/** The id its author gave a message: the attribute, by which XEP-0424 names it, or else the element of XEP-0359. */
export function originIdOf(message: Stanza): string | undefined {
  return message.id ?? message.raw.child('origin-id', NS.stanzaIds)?.attr('id')
}
