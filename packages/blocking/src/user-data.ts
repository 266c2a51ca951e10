import type { UserDataName, UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { parseJid } from '@xmppkit/jid'
import { NS } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import type { Blocking } from './blocking.js'
import type { BlocklistStore } from './ports.js'

const blocklist: UserDataName = { name: 'blocklist', ns: NS.blocking }

/** Blocklists as a part of what is kept for accounts, as clients get them (XEP-0191 §3.2). */
export function blocklistData(store: BlocklistStore, blocking: Pick<Blocking, 'restore'>): UserDataPart {
  return {
    name: 'blocking',
    async *export(account): AsyncIterable<UserDataPiece> {
      const blocked = [...(await store.load(account))].map(String).sort()
      for (const jid of blocked)
        yield { element: new Element('item', { xmlns: NS.blocking, jid }), within: blocklist }
    },
    reads: [{ ...blocklist, each: true }],
    async import(account, item) {
      await blocking.restore(account, [parseJid(item.attr('jid') ?? '')])
    },
    remove: (account) => store.removeAll(account),
    accounts: (domain, page) => store.accounts(domain, page),
  }
}
