import { NS, type StanzaErrorCondition, StreamError } from '@xmppkit/stanza'
import { Element, type RawElement, rawElement } from '@xmppkit/xml'

const ns = NS.streamManagement
const largest = 0xffff_ffff

/** Asks for an acknowledgement. */
export const requestElement: RawElement = rawElement(new Element('r', { xmlns: ns }))

/** Acknowledges what was handled. */
export function ackElement(handled: number): Element {
  return new Element('a', { xmlns: ns, h: handled.toString() })
}

/** Answers `<enable/>`; with an id if the session can be resumed, for so long. */
export function enabledElement(resumable?: { readonly id: string; readonly timeoutMs: number }): Element {
  if (resumable === undefined) return new Element('enabled', { xmlns: ns })
  const max = Math.floor(resumable.timeoutMs / 1000).toString()
  return new Element('enabled', { xmlns: ns, id: resumable.id, resume: 'true', max })
}

/** Answers `<resume/>`. */
export function resumedElement(id: string, handled: number): Element {
  return new Element('resumed', { xmlns: ns, previd: id, h: handled.toString() })
}

/** Says that something could not be done; with what was handled in a session that has ended, if that is known. */
export function failedElement(condition: StanzaErrorCondition, handled?: number): Element {
  const el = new Element('failed', { xmlns: ns, ...(handled !== undefined && { h: handled.toString() }) })
  el.c(condition, { xmlns: NS.stanzaErrors })
  return el
}

/** The `h` of an element; `undefined` unless it is an unsigned number of 32 bits. */
export function readHandled(el: RawElement): number | undefined {
  const text = el.attr('h')
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const h = Number(text)
  return h <= largest ? h : undefined
}

/** The error for a client that acknowledges what it was not sent, or less than before (XEP-0198 §6). */
export function wrongCount(h: number, acknowledged: number, sent: number): StreamError {
  // Numbers go round: what seems to be far ahead is behind.
  if ((h - acknowledged) >>> 0 > largest / 2) {
    return new StreamError('undefined-condition', { text: `${h} is less than was acknowledged before` })
  }
  return new StreamError('undefined-condition', {
    text: `${h} stanzas were acknowledged, but only ${sent} were sent`,
    application: new Element('handled-count-too-high', {
      xmlns: ns,
      h: h.toString(),
      'send-count': sent.toString(),
    }),
  })
}
