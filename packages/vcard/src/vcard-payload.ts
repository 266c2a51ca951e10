import { type Codec, defineIq, detachedCopy, NS } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'

/** A vCard as it is: the server stores it and understands no more of it than the photo. */
const vcard: Codec<Element> = Object.freeze({
  name: 'vCard',
  ns: NS.vcard,
  decode: detachedCopy,
  encode: (el: Element) => el,
})

/** Asks for a vCard (XEP-0054 §3.1, §3.3). */
export const vcardGet = defineIq({ type: 'get', request: vcard, result: vcard })

/** Replaces one's own vCard (XEP-0054 §3.2). */
export const vcardPut = defineIq({ type: 'set', request: vcard })

/** Builds a vCard of elements with text; those whose text is `''` are left out. */
export function vcardOf(texts: Readonly<Record<string, string>>): Element {
  const el = new Element('vCard', { xmlns: NS.vcard })
  for (const [name, text] of Object.entries(texts)) if (text !== '') el.c(name).t(text)
  return el
}
