import type { Stanza } from '@xmppkit/stanza'
import { Element } from '@xmppkit/xml'

/** The stanza with one more child in its own namespace, such as a body. */
export function addText(stanza: Stanza, name: string, text: string): Stanza {
  const child = new Element(name, { xmlns: stanza.raw.ns })
  child.t(text)
  return stanza.add(child)
}
