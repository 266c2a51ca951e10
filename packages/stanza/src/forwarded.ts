import { Element, type RawElement, rawElement } from '@xmppkit/xml'
import { detachedCopy, elementChildren, localNameOf, namespaceOf } from './child-elements.js'
import type { Codec } from './codec.js'
import { DecodeError, within } from './decode-error.js'
import { type Delay, delay } from './delay.js'
import { optionalChild } from './fields.js'
import { NS } from './namespaces.js'
import { readStanza } from './read-stanza.js'
import type { Stanza } from './stanza.js'
import { isStanzaError } from './stanza-error.js'

/** A stanza inside another (XEP-0297), with the time it was first sent. */
export interface Forwarded {
  /** When it was first sent, if known. */
  readonly delay?: Delay
  /** The stanza. */
  readonly stanza: Stanza
}

const delayField = optionalChild(delay)

/** Stanza forwarding (XEP-0297); the stanza inside has passed the checks of `readStanza`. */
export const forwarded: Codec<Forwarded> = {
  name: 'forwarded',
  ns: NS.forward,
  decode(el) {
    try {
      const when = delayField.read(el)
      const stanza = forwardedStanza(el)
      return when === undefined ? { stanza } : { delay: when, stanza }
    } catch (error) {
      throw within('forwarded', error)
    }
  },
  encode(value) {
    return forward(value.stanza, value.delay).toElement()
  },
}

/** Wraps a stanza in `<forwarded/>` sharing its content: no tree is built. */
export function forward(stanza: Stanza, when?: Delay): RawElement {
  const wrapper = new Element('forwarded', { xmlns: NS.forward })
  if (when !== undefined) wrapper.cnode(delay.encode(when))
  return rawElement(wrapper).append(stanza.raw)
}

function forwardedStanza(el: Element): Stanza {
  let found: Element | undefined
  for (const child of elementChildren(el)) {
    const name = localNameOf(child)
    if (name !== 'message' && name !== 'presence' && name !== 'iq') continue
    const ns = namespaceOf(child)
    if (ns !== NS.client && ns !== NS.server) continue
    if (found !== undefined) throw new DecodeError(name, 'more than one stanza')
    found = child
  }
  if (found === undefined) throw new DecodeError('message', 'required')
  try {
    return readStanza(rawElement(detachedCopy(found)))
  } catch (error) {
    if (!isStanzaError(error)) throw error
    throw new DecodeError(localNameOf(found), error.text ?? error.condition)
  }
}
