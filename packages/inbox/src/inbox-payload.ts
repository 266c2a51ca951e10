import {
  attr,
  bool,
  child,
  defineIq,
  element,
  type Infer,
  intBetween,
  optionalAttr,
  optionalChild,
  rsmRequest,
  rsmResponse,
} from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'
import type { InboxEntry } from './inbox-page.js'

/** Namespace of the inbox (XEP-0430). */
export const inboxNs = 'urn:xmpp:inbox:1'

const count = intBetween(0, Number.MAX_SAFE_INTEGER)

const request = element('inbox', inboxNs, {
  unreadOnly: optionalAttr('unread-only', bool),
  messages: optionalAttr('messages', bool),
  set: optionalChild(rsmRequest),
})

/** A request as it came. */
export interface InboxQuery extends Infer<typeof request> {}

const fin = element('fin', inboxNs, {
  total: attr('total', count),
  unread: attr('unread', count),
  allUnread: attr('all-unread', count),
  set: child(rsmResponse),
})

/** Asks for conversations; entries come as messages before the answer (XEP-0430 §4.1). */
export const inboxQuery = defineIq({ type: 'get', request, result: fin })

/** The element that tells of one conversation (XEP-0430 §4.1). */
export function entryElement({ jid, unread, id }: InboxEntry): Element {
  return new Element('entry', { xmlns: inboxNs, unread: unread.toString(), jid: jid.toString(), id })
}
