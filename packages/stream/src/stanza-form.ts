import { NS, type StreamError, streamErrorElement } from '@xmppkit/stanza'
import { type Element, type RawElement, type Wire, type WriteScope, writeElement } from '@xmppkit/xml'

/** How stanzas are written for a stream; made for `toWire`. */
export interface StanzaForm {
  /** The content namespace. */
  readonly ns: string
  /** Whether every stanza has to declare it, because no header does (RFC 7395 §3.3.3). */
  readonly declare: boolean
}

const forms = new Map<string, StanzaForm>()

/** The form of streams of a content namespace: one object for all of them. */
export function stanzaForm(ns: string, declare: boolean): StanzaForm {
  const key = `${declare} ${ns}`
  const form = forms.get(key) ?? Object.freeze({ ns, declare })
  forms.set(key, form)
  return form
}

/** Writes an element for a stream of this form; what its header declares is not declared again. */
export function writeFor(form: StanzaForm, el: Element | RawElement): Wire {
  if (isRaw(el)) return el.toWire({ declare: form.declare || el.ns !== form.ns })
  return writeElement(el, scopeOf(form))
}

/** Writes a stream error for a stream of this form. */
export function writeErrorFor(form: StanzaForm, error: StreamError): Wire {
  return writeElement(streamErrorElement(error), scopeOf(form))
}

function scopeOf(form: StanzaForm): WriteScope {
  return form.declare ? {} : { ns: form.ns, prefixes: { stream: NS.streams } }
}

function isRaw(el: Element | RawElement): el is RawElement {
  return 'kind' in el && el.kind === 'element'
}
