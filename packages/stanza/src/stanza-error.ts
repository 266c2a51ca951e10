import { Element } from '@xmppkit/xml'
import { childElement, elementChildren, namespaceOf } from './child-elements.js'
import { NS } from './namespaces.js'

/** What a sender may do about a stanza error (RFC 6120 §8.3.2). */
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'

/** Every defined condition of RFC 6120 §8.3.3 with the type it has unless another is given. */
export const stanzaErrorTypes = Object.freeze({
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
} satisfies Record<string, StanzaErrorType>)

/** A defined condition of RFC 6120 §8.3.3. */
export type StanzaErrorCondition = keyof typeof stanzaErrorTypes

/** What a stanza error says beside its condition. */
export interface StanzaErrorOptions {
  /** What the sender may do; the condition's usual type unless given. */
  readonly type?: StanzaErrorType
  /** A sentence for people, in English unless `lang` says otherwise. It goes over the wire. */
  readonly text?: string
  /** Language of `text`, as in `xml:lang`. @default 'en' */
  readonly lang?: string
  /** Address of the entity that found the error, where that is not the stanza's addressee. */
  readonly by?: string
  /** The new address, for `gone` and `redirect` (an IRI such as `xmpp:other@example.com`). */
  readonly address?: string
  /** A condition of an application, in its own namespace. */
  readonly application?: Element
}

/**
 * An answer of the protocol to one stanza: throw it from a handler and the dispatcher replies with it.
 *
 * The defined condition decides the error type of RFC 6120 §8.3.3 unless another one is given.
 */
export class StanzaError extends Error {
  /** The defined condition. */
  readonly condition: StanzaErrorCondition
  /** What the sender may do about it. */
  readonly type: StanzaErrorType
  /** A sentence for people. */
  readonly text: string | undefined
  /** Language of `text`. */
  readonly lang: string
  /** Address of the entity that found the error. */
  readonly by: string | undefined
  /** The new address, for `gone` and `redirect`. */
  readonly address: string | undefined
  /** A condition of an application. */
  readonly application: Element | undefined

  /**
   * @param condition - a defined condition of RFC 6120 §8.3.3
   * @param options - text, type and further details
   */
  constructor(condition: StanzaErrorCondition, options: StanzaErrorOptions = {}) {
    super(options.text === undefined ? condition : `${condition}: ${options.text}`)
    this.name = 'StanzaError'
    this.condition = condition
    this.type = options.type ?? stanzaErrorTypes[condition]
    this.text = options.text
    this.lang = options.lang ?? 'en'
    this.by = options.by
    this.address = options.address
    this.application = options.application
  }
}

/** Tells whether a thrown value is a stanza error, also one made by another installed copy of this package. */
export function isStanzaError(error: unknown): error is StanzaError {
  return (
    error instanceof Error &&
    error.name === 'StanzaError' &&
    'condition' in error &&
    typeof error.condition === 'string' &&
    Object.hasOwn(stanzaErrorTypes, error.condition)
  )
}

/**
 * Writes a stanza error as the `<error/>` child of a stanza.
 *
 * The order is the one of RFC 6120 §8.3.2: condition, text, application condition.
 *
 * @param error - what to write
 * @param ns - content namespace of the stanza it goes into
 */
export function stanzaErrorElement(error: StanzaError, ns: string = NS.client): Element {
  const el = new Element('error', { xmlns: ns, type: error.type })
  if (error.by !== undefined) el.attrs.by = error.by
  const condition = el.c(error.condition, { xmlns: NS.stanzaErrors })
  if (error.address !== undefined) condition.t(error.address)
  if (error.text !== undefined) {
    el.c('text', { xmlns: NS.stanzaErrors, 'xml:lang': error.lang }).t(error.text)
  }
  if (error.application !== undefined) el.cnode(error.application)
  return el
}

/**
 * Reads an `<error/>` element; what is missing or not defined becomes `undefined-condition` and the usual type.
 */
export function stanzaErrorFrom(el: Element): StanzaError {
  let condition: StanzaErrorCondition = 'undefined-condition'
  let address: string | undefined
  let application: Element | undefined
  for (const child of elementChildren(el)) {
    if (namespaceOf(child) !== NS.stanzaErrors) application ??= child
    else if (Object.hasOwn(stanzaErrorTypes, child.name)) {
      condition = child.name as StanzaErrorCondition
      address = child.getText() || undefined
    }
  }
  const text = childElement(el, 'text', NS.stanzaErrors)
  const type = Object.hasOwn(el.attrs, 'type') ? el.attrs.type : undefined
  const by = Object.hasOwn(el.attrs, 'by') ? el.attrs.by : undefined
  const lang = text && Object.hasOwn(text.attrs, 'xml:lang') ? text.attrs['xml:lang'] : undefined
  return new StanzaError(condition, {
    type: isErrorType(type) ? type : stanzaErrorTypes[condition],
    ...(text ? { text: text.getText() } : {}),
    ...(lang ? { lang } : {}),
    ...(by ? { by } : {}),
    ...(address ? { address } : {}),
    ...(application ? { application } : {}),
  })
}

function isErrorType(value: unknown): value is StanzaErrorType {
  return (
    value === 'auth' || value === 'cancel' || value === 'continue' || value === 'modify' || value === 'wait'
  )
}
