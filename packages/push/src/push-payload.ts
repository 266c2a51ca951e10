import {
  attr,
  boundedString,
  child,
  defineIq,
  element,
  type Field,
  form,
  formField,
  intBetween,
  jid,
  NS,
  optionalAttr,
  optionalChild,
  raw,
  textSingle,
} from '@xmppkit/stanza'
import type { Element } from '@xmppkit/xml'

const maxNodeLength = 1023
const service = attr('jid', jid)
const node = optionalAttr('node', boundedString({ max: maxNodeLength }))
const forms: Field<readonly Element[]> = raw({ name: 'x', ns: NS.dataForms, max: 1 })

/** `FORM_TYPE` of what a push service wants with every notification (XEP-0060 §7.1.5). */
export const publishOptionsForm = 'http://jabber.org/protocol/pubsub#publish-options'

/** Turns notifications on (XEP-0357 §5). */
export const pushEnable = defineIq({
  type: 'set',
  request: element('enable', NS.push, { service, node, forms }),
})

/** Turns them off, for a service or one node of it (XEP-0357 §6). */
export const pushDisable = defineIq({ type: 'set', request: element('disable', NS.push, { service, node }) })

const summary = form('urn:xmpp:push:summary', {
  messageCount: formField('message-count', intBetween(0, Number.MAX_SAFE_INTEGER)),
  sender: formField('last-message-sender', jid),
  body: textSingle('last-message-body'),
})

const notification = element('notification', NS.push, { summary: optionalChild(summary) })
const item = element('item', NS.pubsub, { notification: child(notification) })
const publish = element('publish', NS.pubsub, { node, item: child(item) })
const publishOptions = element('publish-options', NS.pubsub, { forms })

/** Hands a notification to a push service (XEP-0357 §7). */
export const pushPublish = defineIq({
  type: 'set',
  request: element('pubsub', NS.pubsub, {
    publish: child(publish),
    options: optionalChild(publishOptions),
  }),
})
