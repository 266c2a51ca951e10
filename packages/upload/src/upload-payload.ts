import {
  attr,
  boundedString,
  child,
  dateTime,
  defineIq,
  element,
  intBetween,
  NS,
  optionalAttr,
  optionalChild,
  string,
} from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'

/** Namespace of purposes; each is advertised as a feature `…#message` (XEP-0363 §5). */
export const purposeNs = 'urn:xmpp:http:upload:purpose:0'

const named = (name: string) => optionalChild(element(name, purposeNs, {}))
const address = (name: string) => child(element(name, NS.upload, { url: attr('url', string) }))

/** Asks for a place to upload to (XEP-0363 §4). */
export const slotGet = defineIq({
  type: 'get',
  request: element('request', NS.upload, {
    filename: attr('filename', boundedString({ min: 1, max: 255 })),
    size: attr('size', intBetween(1, Number.MAX_SAFE_INTEGER)),
    type: optionalAttr('content-type', boundedString({ max: 255 })),
    message: named('message'),
    profile: named('profile'),
    ephemeral: optionalChild(
      element('ephemeral', purposeNs, { expireBefore: attr('expire-before', dateTime) }),
    ),
    permanent: named('permanent'),
  }),
  result: element('slot', NS.upload, { put: address('put'), get: address('get') }),
})

/** Says how long a file may be (XEP-0363 §6.1). */
export function fileTooLarge(maxBytes: number): Element {
  const el = new Element('file-too-large', { xmlns: NS.upload })
  el.c('max-file-size').t(String(maxBytes))
  return el
}

/** Says when to try again (XEP-0363 §6.1). */
export function retryAt(moment: number): Element {
  return new Element('retry', { xmlns: NS.upload, stamp: dateTime.print(new Date(moment)) })
}
