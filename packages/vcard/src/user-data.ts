import type { UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { NS } from '@xmppkit/stanza'
import type { KeyValue } from '@xmppkit/storage'
import { createVCardStore } from './vcard-store.js'

/** vCards as a part of what is kept for accounts (XEP-0227 §4.7). */
export function vcardData(values: KeyValue): UserDataPart {
  const store = createVCardStore(values)
  return {
    name: 'vcard',
    async *export(account): AsyncIterable<UserDataPiece> {
      const vcard = await store.get(account)
      if (vcard !== undefined) yield { element: vcard }
    },
    reads: [{ name: 'vCard', ns: NS.vcard }],
    async import(account, vcard) {
      await store.set(account, vcard)
    },
    remove: (account) => values.removeOwner(account.toString()),
    removeDomain: (domain, limit) => values.removeDomain(domain, limit),
  }
}
