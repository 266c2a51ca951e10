import {
  attr,
  children,
  defineIq,
  element,
  type Infer,
  jid,
  NS,
  optionalAttr,
  string,
  text,
} from '@xmppkit/stanza'

const item = element('item', NS.roster, {
  jid: attr('jid', jid),
  name: optionalAttr('name', string),
  subscription: optionalAttr('subscription', string),
  ask: optionalAttr('ask', string),
  approved: optionalAttr('approved', string),
  groups: children(text('group', NS.roster, string)),
})

/** An `<item/>` as it is on the wire. */
export interface RosterPayloadItem extends Infer<typeof item> {}

/** The `<query xmlns='jabber:iq:roster'/>` of RFC 6121 §2.1. */
export const rosterQuery = element('query', NS.roster, {
  ver: optionalAttr('ver', string),
  items: children(item),
})

/** A whole roster, or changes of it, as it is on the wire. */
export interface RosterPayload extends Infer<typeof rosterQuery> {}

/** Asks for the roster (RFC 6121 §2.1.3). */
export const rosterGet = defineIq({ type: 'get', request: rosterQuery, result: rosterQuery })

/** Adds, changes or removes one item (RFC 6121 §2.1.5), or tells a client of it (§2.1.6). */
export const rosterSet = defineIq({ type: 'set', request: rosterQuery })
