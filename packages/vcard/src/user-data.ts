import type { UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { NS } from '@xmppkit/stanza'
import type { KeyValue } from '@xmppkit/storage'
import type { VCards } from './vcard.js'

/** vCards as a part of what is kept for accounts (XEP-0227 §4.7). */
export function vcardData(values: KeyValue, vcards: Pick<VCards, 'get' | 'restore'>): UserDataPart {
  return {
    name: 'vcard',
    async *export(account): AsyncIterable<UserDataPiece> {
      const vcard = await vcards.get(account)
      if (vcard !== undefined) yield { element: vcard }
    },
    reads: [{ name: 'vCard', ns: NS.vcard }],
    async import(account, vcard) {
      await vcards.restore(account, vcard)
    },
    remove: (account) => values.removeOwner(account.toString()),
    removeDomain: (domain, limit) => values.removeDomain(domain, limit),
  }
}
