import { attr, children, defineIq, element, type Field, type Infer, jid, NS, raw } from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'

/** What others put into an item, such as a report (XEP-0377). */
const extensions: Field<readonly Element[]> = raw({ not: NS.blocking, max: 10 })

const item = element('item', NS.blocking, {
  jid: attr('jid', jid),
  extensions,
})

/** An `<item/>` as it is on the wire. */
export interface BlockingItem extends Infer<typeof item> {}

/** The `<blocklist/>` of XEP-0191 §3.2. */
const blocklistPayload = element('blocklist', NS.blocking, { items: children(item) })

/** The `<block/>` of §3.3: somebody at least. */
export const blockPayload = element('block', NS.blocking, { items: children(item, { min: 1 }) })

/** The `<unblock/>` of §3.4, without items for everybody (§3.5). */
export const unblockPayload = element('unblock', NS.blocking, { items: children(item) })

/** Asks for the blocklist. */
export const blocklistGet = defineIq({ type: 'get', request: blocklistPayload, result: blocklistPayload })

/** Blocks somebody, or tells a client of it. */
export const blockSet = defineIq({ type: 'set', request: blockPayload })

/** Unblocks somebody or everybody, or tells a client of it. */
export const unblockSet = defineIq({ type: 'set', request: unblockPayload })
