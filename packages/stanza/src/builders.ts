import { type Jid, parseJid } from '@xmppkit/jid'
import { Element, type RawElement, rawElement } from '@xmppkit/xml'
import { addText } from './child-elements.js'
import { NS } from './namespaces.js'
import {
  type IqType,
  type Kind,
  type MessageType,
  type PresenceType,
  type Stanza,
  type StanzaType,
  StanzaView,
} from './stanza.js'

/** What may be put into a stanza: a tree, an element as it was read, or nothing. */
export type StanzaChild = Element | RawElement | undefined

/** Attributes common to all stanzas. */
export interface StanzaInit {
  /** Addressee. */
  readonly to?: Jid | string | undefined
  /** Sender. */
  readonly from?: Jid | string | undefined
  /** Id; required on an iq only. */
  readonly id?: string | undefined
  /** Language of the text inside, written as `xml:lang`. */
  readonly lang?: string | undefined
}

/** What {@link message} writes. */
export interface MessageInit extends StanzaInit {
  /** Its type. @default 'normal', by leaving the attribute out */
  readonly type?: MessageType | undefined
  /** Text of a `<body/>`. */
  readonly body?: string | undefined
  /** Text of a `<subject/>`. */
  readonly subject?: string | undefined
  /** Text of a `<thread/>`. */
  readonly thread?: string | undefined
}

/** What {@link presence} writes. */
export interface PresenceInit extends StanzaInit {
  /** Its type. @default 'available', by leaving the attribute out */
  readonly type?: PresenceType | undefined
  /** Sub-state of availability. */
  readonly show?: 'away' | 'chat' | 'dnd' | 'xa' | undefined
  /** Text of a `<status/>`. */
  readonly status?: string | undefined
  /** Priority, an integer from -128 to 127. */
  readonly priority?: number | undefined
}

/** What {@link iq} writes. */
export interface IqInit extends StanzaInit {
  /** Its type. */
  readonly type: IqType
  /** Its id, which the answer repeats. */
  readonly id: string
}

/**
 * Builds a message.
 *
 * @throws JidError if an address given as text is malformed, XmlWriteError if XML cannot carry a text
 *
 * @example
 * ```ts
 * message({ to: 'juliet@example.com', type: 'chat', body: 'Art thou not Romeo?' })
 * ```
 */
export function message(init: MessageInit, ...children: readonly StanzaChild[]): Stanza {
  const el = new Element('message', { xmlns: NS.client })
  addTextChild(el, 'subject', init.subject)
  addTextChild(el, 'body', init.body)
  addTextChild(el, 'thread', init.thread)
  return build('message', el, init, init.type ?? 'normal', init.type, children)
}

/**
 * Builds a presence.
 *
 * @throws JidError if an address given as text is malformed, RangeError if the priority is out of range
 *
 * @example
 * ```ts
 * presence({ show: 'away', status: 'lunch', priority: 5 })
 * ```
 */
export function presence(init: PresenceInit = {}, ...children: readonly StanzaChild[]): Stanza {
  const { priority } = init
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= -128 && priority <= 127)) {
    throw new RangeError('a presence priority is an integer from -128 to 127')
  }
  const el = new Element('presence', { xmlns: NS.client })
  addTextChild(el, 'show', init.show)
  addTextChild(el, 'status', init.status)
  addTextChild(el, 'priority', priority?.toString())
  const type = init.type ?? 'available'
  return build('presence', el, init, type, type === 'available' ? undefined : type, children)
}

/**
 * Builds an iq.
 *
 * @throws JidError if an address given as text is malformed
 *
 * @example
 * ```ts
 * iq({ type: 'get', id: ids.next(), to: 'example.com' }, ping.encode({}))
 * ```
 */
export function iq(init: IqInit, ...children: readonly StanzaChild[]): Stanza {
  return build('iq', new Element('iq', { xmlns: NS.client }), init, init.type, init.type, children)
}

function addTextChild(el: Element, name: string, text: string | undefined): void {
  if (text !== undefined) addText(el.c(name), text)
}

function build(
  kind: Kind,
  el: Element,
  init: StanzaInit,
  type: StanzaType,
  typeAttribute: string | undefined,
  children: readonly StanzaChild[],
): Stanza {
  const to = typeof init.to === 'string' ? parseJid(init.to) : init.to
  const from = typeof init.from === 'string' ? parseJid(init.from) : init.from
  if (typeAttribute !== undefined) el.attrs.type = typeAttribute
  if (to !== undefined) el.attrs.to = to.toString()
  if (from !== undefined) el.attrs.from = from.toString()
  if (init.id !== undefined) el.attrs.id = init.id
  if (init.lang !== undefined) el.attrs['xml:lang'] = init.lang
  let raw = rawElement(el)
  for (const child of children) if (child !== undefined) raw = raw.append(child)
  return new StanzaView(kind, raw, to, from, type)
}
