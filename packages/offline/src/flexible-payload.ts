import {
  attr,
  boundedString,
  children,
  defineIq,
  element,
  flag,
  type Infer,
  NS,
  oneOf,
  optionalAttr,
} from '@xmppkit/stanza'

const item = element('item', NS.flexibleOffline, {
  action: optionalAttr('action', oneOf('view', 'remove')),
  node: attr('node', boundedString({ min: 1, max: 1024 })),
})

/** A waiting message a client wants to see or to remove. */
export interface FlexibleOfflineItem extends Infer<typeof item> {}

/** The `<offline xmlns='http://jabber.org/protocol/offline'/>` of XEP-0013. */
const flexibleOffline = element('offline', NS.flexibleOffline, {
  fetch: flag('fetch', NS.flexibleOffline),
  purge: flag('purge', NS.flexibleOffline),
  items: children(item, { max: 1000 }),
})

/** Asks for some messages (XEP-0013 §2.4) or for all of them (§2.6). */
export const flexibleOfflineGet = defineIq({ type: 'get', request: flexibleOffline })

/** Removes some messages (XEP-0013 §2.5) or all of them (§2.7). */
export const flexibleOfflineSet = defineIq({ type: 'set', request: flexibleOffline })
