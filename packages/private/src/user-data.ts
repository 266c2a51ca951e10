import type { UserDataName, UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { NS } from '@xmppkit/stanza'
import type { KeyValue } from '@xmppkit/storage'
import { parseElement } from '@xmppkit/xml'
import { createPrivateStore } from './private-store.js'

const query: UserDataName = { name: 'query', ns: NS.privateStorage }
const pageSize = 10
// What somebody was allowed to keep elsewhere is kept here.
const unlimited = {
  maxElements: Number.POSITIVE_INFINITY,
  maxElementBytes: Number.POSITIVE_INFINITY,
  maxBytes: Number.POSITIVE_INFINITY,
}

/** Private XML storage as a part of what is kept for accounts (XEP-0227 §4.6). */
export function privateData(values: KeyValue): UserDataPart {
  const store = createPrivateStore(values, unlimited)
  return {
    name: 'private',
    async *export(account): AsyncIterable<UserDataPiece> {
      for (let after: string | undefined; ; ) {
        const page = await values.list(account.toString(), {
          limit: pageSize,
          ...(after !== undefined && { after }),
        })
        for (const { value } of page) yield { element: parseElement(value), within: query }
        if (page.length < pageSize) return
        after = page.at(-1)!.key
      }
    },
    reads: [{ ...query, each: true }],
    import: (account, element) => store.put(account, [element]),
    remove: (account) => values.removeOwner(account.toString()),
    removeDomain: (domain, limit) => values.removeDomain(domain, limit),
  }
}
