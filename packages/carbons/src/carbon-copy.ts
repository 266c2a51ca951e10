import type { BareJid } from '@xmppkit/jid'
import { isCopy } from '@xmppkit/sessions'
import { type MessageType, message, NS, type Stanza } from '@xmppkit/stanza'
import type { Wire } from '@xmppkit/xml'
import type { Direction } from './eligible.js'

/**
 * A message as another client of the account gets it (XEP-0280 §7, §8): from the account itself, around the bytes of the
 * original. Whoever sends it names the addressee. It is marked as a copy: never archived, stored, re-routed or bounced.
 */
export function carbonCopy(original: Stanza, direction: Direction, account: BareJid): Stanza {
  const forwarded = `<forwarded xmlns='${NS.forward}'>${original.toWire()}</forwarded>`
  const wrapped = `<${direction} xmlns='${NS.carbons}'>${forwarded}</${direction}>` as Wire
  const empty = message({ from: account, type: original.type as MessageType })
  return empty.add(wrapped).withMeta(isCopy, true)
}
