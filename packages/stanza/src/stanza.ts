import type { Jid } from '@xmppkit/jid'
import type { Element, RawElement, Wire } from '@xmppkit/xml'
import type { Codec } from './codec.js'
import { codecNames } from './codec.js'
import type { MetaKey } from './meta-key.js'

/** The three kinds of stanza of RFC 6120 §8. */
export type Kind = 'message' | 'presence' | 'iq'
/** Message types of RFC 6121 §5.2.2. */
export type MessageType = 'normal' | 'chat' | 'groupchat' | 'headline' | 'error'
/** Presence types of RFC 6121 §4.7.1; `available` is ours for the absence of a type. */
export type PresenceType =
  | 'available'
  | 'unavailable'
  | 'subscribe'
  | 'subscribed'
  | 'unsubscribe'
  | 'unsubscribed'
  | 'probe'
  | 'error'
/** IQ types of RFC 6120 §8.2.3. */
export type IqType = 'get' | 'set' | 'result' | 'error'
/** A type of any kind of stanza. */
export type StanzaType = MessageType | PresenceType | IqType

/** Attributes to change; one that is present and `undefined` is removed. */
export interface StanzaChanges {
  /** New addressee. */
  readonly to?: Jid | undefined
  /** New sender. */
  readonly from?: Jid | undefined
  /** New type; `available` removes the attribute. */
  readonly type?: StanzaType | undefined
  /** New id. */
  readonly id?: string | undefined
  /** New `xml:lang`. */
  readonly lang?: string | undefined
}

/** How to serialise; see `RawElement.toWire`. */
export interface StanzaWireOptions {
  /** Content namespace of the stream it is written to, if another than its own. */
  readonly ns?: string
  /** Whether to declare the content namespace on the start tag. @default true */
  readonly declare?: boolean
}

/**
 * An immutable view of a message, presence or iq.
 *
 * Addresses are parsed when the view is made, everything else when it is asked for; copies share the content.
 */
export interface Stanza {
  /** Message, presence or iq. */
  readonly kind: Kind
  /** The element behind the view. */
  readonly raw: RawElement
  /** Addressee. */
  readonly to: Jid | undefined
  /** Sender. */
  readonly from: Jid | undefined
  /** Its type; a message without a type, or with an unknown one, is `normal` (RFC 6121 §5.2.2). */
  readonly type: StanzaType
  /** The `id` attribute as it is on the wire. */
  readonly id: string | undefined
  /** The `xml:lang` attribute as it is on the wire. */
  readonly lang: string | undefined
  /** Tells whether there is a direct child of this name and namespace; builds nothing. */
  has(name: string, ns: string): boolean
  /**
   * Decodes the first child the codec reads; decoded once per codec.
   * @returns undefined if there is no such child
   * @throws DecodeError if it is there and malformed
   */
  payload<T>(codec: Codec<T>): T | undefined
  /** Text of a direct child in the content namespace, such as `body` or `subject`. */
  text(name: string): string | undefined
  /** The whole stanza as an ltx tree, built on first use and shared: do not change it. */
  readonly element: Element
  /** The same stanza with other attributes; shares the content, the decoded payloads and the meta values. */
  with(changes: StanzaChanges): Stanza
  /** The same stanza with one more child at the end: a tree, an element as it was read, or one written as XML. */
  add(child: Element | RawElement | Wire): Stanza
  /**
   * The same stanza without the direct children of this name and namespace; itself if there are none.
   *
   * @param which - only those it is true for, such as those that claim to be written by us
   */
  without(name: string, ns: string, which?: (child: RawElement) => boolean): Stanza
  /** A value that travels with the stanza inside the server. */
  meta<T>(key: MetaKey<T>): T | undefined
  /** The same stanza with a value that never goes over the wire; kept by `with`, `add` and `without`. */
  withMeta<T>(key: MetaKey<T>, value: T): Stanza
  /** The bytes to send. */
  toWire(options?: StanzaWireOptions): Wire
}

interface MetaEntry {
  readonly key: MetaKey<unknown>
  readonly value: unknown
  readonly next: MetaEntry | undefined
}

interface DecodedPayload {
  readonly codec: unknown
  readonly value: unknown
  readonly next: DecodedPayload | undefined
}

/** @internal The only implementation of {@link Stanza}; every instance has the same hidden class. */
export class StanzaView implements Stanza {
  readonly kind: Kind
  readonly raw: RawElement
  readonly to: Jid | undefined
  readonly from: Jid | undefined
  readonly type: StanzaType
  #meta: MetaEntry | undefined
  #payloads: DecodedPayload | undefined
  #element: Element | undefined

  constructor(kind: Kind, raw: RawElement, to: Jid | undefined, from: Jid | undefined, type: StanzaType) {
    this.kind = kind
    this.raw = raw
    this.to = to
    this.from = from
    this.type = type
    this.#meta = undefined
    this.#payloads = undefined
    this.#element = undefined
  }

  get id(): string | undefined {
    return this.raw.attr('id')
  }

  get lang(): string | undefined {
    return this.raw.attr('xml:lang')
  }

  get element(): Element {
    this.#element ??= this.raw.toElement()
    return this.#element
  }

  has(name: string, ns: string): boolean {
    return this.raw.has(name, ns)
  }

  payload<T>(codec: Codec<T>): T | undefined {
    for (let known = this.#payloads; known; known = known.next) {
      if (known.codec === codec) return known.value as T
    }
    const child = this.#childFor(codec)
    if (child === undefined) return undefined
    const value = codec.decode(child)
    this.#payloads = { codec, value, next: this.#payloads }
    return value
  }

  #childFor(codec: Codec<unknown>): Element | undefined {
    if (codec.alternatives === undefined) return this.raw.childElement(codec.name, codec.ns)
    const names = codecNames(codec)
    const index = this.raw.children.findIndex((child) =>
      names.some((one) => one.name === child.name && one.ns === child.ns),
    )
    return index < 0 ? undefined : this.raw.childAt(index).toElement()
  }

  text(name: string): string | undefined {
    return this.raw.childText(name, this.raw.ns)
  }

  with(changes: StanzaChanges): Stanza {
    const attributes: Record<string, string | undefined> = {}
    let { to, from, type } = this
    if (Object.hasOwn(changes, 'to')) {
      to = changes.to
      attributes.to = to?.toString()
    }
    if (Object.hasOwn(changes, 'from')) {
      from = changes.from
      attributes.from = from?.toString()
    }
    if (Object.hasOwn(changes, 'type')) {
      type = changes.type ?? (this.kind === 'presence' ? 'available' : 'normal')
      attributes.type = type === 'available' ? undefined : changes.type
    }
    if (Object.hasOwn(changes, 'id')) attributes.id = changes.id
    if (Object.hasOwn(changes, 'lang')) attributes['xml:lang'] = changes.lang
    const copy = new StanzaView(this.kind, this.raw.withAttributes(attributes), to, from, type)
    copy.#meta = this.#meta
    copy.#payloads = this.#payloads
    return copy
  }

  add(child: Element | RawElement | Wire): Stanza {
    return this.#withRaw(this.raw.append(child))
  }

  without(name: string, ns: string, which?: (child: RawElement) => boolean): Stanza {
    const { raw } = this
    if (!raw.has(name, ns)) return this
    const goes = (child: { name: string; ns: string }, at: number) =>
      child.name === name && child.ns === ns && (which?.(raw.childAt(at)) ?? true)
    if (which !== undefined && !raw.children.some(goes)) return this
    return this.#withRaw(
      raw.filterChildren((childName, childNs, at) => !goes({ name: childName, ns: childNs }, at)),
    )
  }

  #withRaw(raw: RawElement): Stanza {
    const copy = new StanzaView(this.kind, raw, this.to, this.from, this.type)
    copy.#meta = this.#meta
    return copy
  }

  meta<T>(key: MetaKey<T>): T | undefined {
    for (let entry = this.#meta; entry; entry = entry.next) {
      if (entry.key === key) return entry.value as T
    }
    return undefined
  }

  withMeta<T>(key: MetaKey<T>, value: T): Stanza {
    const copy = new StanzaView(this.kind, this.raw, this.to, this.from, this.type)
    copy.#payloads = this.#payloads
    copy.#element = this.#element
    copy.#meta = { key, value, next: metaWithout(this.#meta, key) }
    return copy
  }

  toWire(options?: StanzaWireOptions): Wire {
    return this.raw.toWire(options)
  }
}

// A value set again replaces the earlier one, so that the list never grows beyond the number of keys.
function metaWithout(entry: MetaEntry | undefined, key: MetaKey<unknown>): MetaEntry | undefined {
  if (entry === undefined) return undefined
  if (entry.key === key) return entry.next
  const next = metaWithout(entry.next, key)
  return next === entry.next ? entry : { key: entry.key, value: entry.value, next }
}
