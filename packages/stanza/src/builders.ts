import { type Jid, parseJid } from '@xmppkit/jid'
import { Element, emptyElement, type RawElement } from '@xmppkit/xml'
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
  const texts = [
    textChild('subject', init.subject),
    textChild('body', init.body),
    textChild('thread', init.thread),
  ]
  return build('message', init, init.type ?? 'normal', init.type, [...texts, ...children])
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
  const texts = [
    textChild('show', init.show),
    textChild('status', init.status),
    textChild('priority', priority?.toString()),
  ]
  const type = init.type ?? 'available'
  return build('presence', init, type, type === 'available' ? undefined : type, [...texts, ...children])
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
  return build('iq', init, init.type, init.type, children)
}

function textChild(name: string, text: string | undefined): Element | undefined {
  return text === undefined ? undefined : addText(new Element(name, { xmlns: NS.client }), text)
}

function build(
  kind: Kind,
  init: StanzaInit,
  type: StanzaType,
  typeAttribute: string | undefined,
  children: readonly StanzaChild[],
): Stanza {
  const to = typeof init.to === 'string' ? parseJid(init.to) : init.to
  const from = typeof init.from === 'string' ? parseJid(init.from) : init.from
  const attributes: string[] = []
  if (typeAttribute !== undefined) attributes.push('type', typeAttribute)
  if (to !== undefined) attributes.push('to', to.toString())
  if (from !== undefined) attributes.push('from', from.toString())
  if (init.id !== undefined) attributes.push('id', init.id)
  if (init.lang !== undefined) attributes.push('xml:lang', init.lang)
  let raw = emptyElement(kind, NS.client, attributes)
  for (const child of children) if (child !== undefined) raw = raw.append(child)
  return new StanzaView(kind, raw, to, from, type)
}
