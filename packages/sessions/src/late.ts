import { makeJid } from '@xmppkit/jid'
import { delay, NS, type Stanza } from '@xmppkit/stanza'
import type { Element, RawElement } from '@xmppkit/xml'
import { takenAt } from './tokens.js'

/**
 * The time a stanza was first sent (XEP-0203), in the name of a domain, to be added to it; `undefined` if it says one in that
 * name already.
 */
export function delayFor(raw: RawElement, at: number, domain: string): Element | undefined {
  const stamped = raw.children.some(
    ({ name, ns }, index) =>
      name === 'delay' && ns === NS.delay && raw.childAt(index).attr('from') === domain,
  )
  return stamped ? undefined : delay.encode({ stamp: new Date(at), from: makeJid({ domain }), reason: '' })
}

/** A message that is delivered again: it says when the server took it over, in milliseconds since 1970 ({@link takenAt}). */
export function late(message: Stanza, at: number): Stanza {
  const stamp = message.to && delayFor(message.raw, at, message.to.domain)
  return (stamp === undefined ? message : message.add(stamp)).withMeta(takenAt, at)
}
