import type { Infer } from './codec.js'
import { element } from './element.js'
import { attr, body, optionalAttr } from './fields.js'
import { NS } from './namespaces.js'
import { dateTime, jid, string } from './scalars.js'

/** Delayed delivery (XEP-0203): when a stanza was first sent, who kept it, and why, in the text. */
export const delay = element('delay', NS.delay, {
  /** Who kept it. */
  from: optionalAttr('from', jid),
  /** When it was first sent. */
  stamp: attr('stamp', dateTime),
  /** Why it was kept; often empty. */
  reason: body(string),
})

/** The value of {@link delay}. */
export interface Delay extends Infer<typeof delay> {}
