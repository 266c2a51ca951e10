import type { UserDataPart, UserDataPiece } from '@xmppkit/auth'
import { dateTime } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import type { LastActivityStore } from './ports.js'

const activityNs = 'urn:xmppkit:export:0'

/** Last activity as a part of what is kept for accounts. XEP-0012 counts seconds up to now, so this has its own element. */
export function lastActivityData(store: LastActivityStore): UserDataPart {
  return {
    name: 'last-activity',
    async *export(account): AsyncIterable<UserDataPiece> {
      const known = await store.get(account)
      if (known === undefined) return
      const at = dateTime.print(new Date(known.at))
      yield { element: new Element('last-activity', { xmlns: activityNs, at }).t(known.status) }
    },
    reads: [{ name: 'last-activity', ns: activityNs }],
    async import(account, element) {
      const at = dateTime.parse(element.attr('at') ?? '').getTime()
      await store.set(account, { at, status: element.text() })
    },
    async remove(account) {
      const known = await store.get(account)
      await store.remove(account)
      return known === undefined ? 0 : 1
    },
    accounts: async (domain, page) => (await store.accounts?.(domain, page)) ?? [],
  }
}
