import { Element } from 'ltx'
import { isLocalName } from './characters.js'
import { type ChildIndex, childIndexOf, findChild, namesOf, shifted } from './child-index.js'
import { XmlError, XmlWriteError } from './errors.js'
import { attributeWire, escapeAttribute } from './escape.js'
import { attributeValue } from './namespaces.js'
import type { ChildName, RawElement, ToWireOptions } from './raw-element.js'
import { noLimits, type ReaderLimits } from './reader-limits.js'
import { advance, beginScan, endScan } from './scan.js'
import {
  ATTR,
  DEFAULT_DECLARATION,
  KID,
  malformed,
  nothingAround,
  type Scan,
  type Surroundings,
  UNNORMALISED,
  WIDE,
  WIDE_NAME,
} from './scan-state.js'
import { appendContent, setAttribute, stampNamespace } from './tree.js'
import { unescapeText, valueFromWire } from './unescape.js'
import { asWire, textFromWire, type Wire, wireFromText } from './wire.js'
import { writeElement, writeTree } from './writer.js'

/** The one implementation of {@link RawElement}. */
class ParsedElement implements RawElement {
  readonly kind = 'element'
  readonly #attributes: readonly string[]
  readonly #index: ChildIndex
  #size: number
  #names: readonly ChildName[] | undefined

  /**
   * @param attributes - names and values, alternately
   * @param size - bytes on the wire, or -1 to count when asked
   */
  constructor(
    readonly name: string,
    readonly ns: string,
    attributes: readonly string[],
    readonly content: Wire,
    index: ChildIndex,
    size: number,
  ) {
    this.#attributes = attributes
    this.#index = index
    this.#size = size
    this.#names = undefined
  }

  get attributes(): readonly (readonly [string, string])[] {
    const pairs: [string, string][] = []
    const flat = this.#attributes
    for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i]!, flat[i + 1]!])
    return pairs
  }

  get size(): number {
    if (this.#size < 0) this.#size = this.toWire().length
    return this.#size
  }

  get children(): readonly ChildName[] {
    this.#names ??= namesOf(this.content, this.#index, this.ns)
    return this.#names
  }

  attr(name: string): string | undefined {
    const flat = this.#attributes
    for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return flat[i + 1]
    return undefined
  }

  has(name: string, ns: string): boolean {
    return findChild(this.content, this.#index, this.ns, name, ns) >= 0
  }

  child(name: string, ns: string): RawElement | undefined {
    const at = findChild(this.content, this.#index, this.ns, name, ns)
    return at < 0 ? undefined : this.childAt(at)
  }

  childAt(position: number): RawElement {
    const k = position * KID
    if (!(position in this.#index) || k >= this.#index.length) throw new RangeError(`no child at ${position}`)
    return parseWire(asWire(this.content.slice(this.#index[k], this.#index[k + 1])), this.ns)
  }

  text(): string {
    const index = this.#index
    if (index.length === 0) return unescapeText(textFromWire(this.content))
    let text = ''
    let at = 0
    for (let k = 0; k < index.length; k += KID) {
      if (index[k]! > at) text += unescapeText(textFromWire(asWire(this.content.slice(at, index[k]))))
      at = index[k + 1]!
    }
    return text + unescapeText(textFromWire(asWire(this.content.slice(at))))
  }

  toElement(): Element {
    const element = new Element(this.name)
    if (this.ns !== '') element.attrs.xmlns = this.ns
    const flat = this.#attributes
    for (let i = 0; i < flat.length; i += 2) setAttribute(element, flat[i]!, flat[i + 1]!)
    appendContent(element, this.content, { ns: this.ns, prefixes: nothingAround.prefixes }, this.ns)
    return element
  }

  withAttributes(changes: Readonly<Record<string, string | undefined>>): RawElement {
    const flat = [...this.#attributes]
    for (const name of Object.keys(changes)) {
      const value = changes[name]
      checkAttribute(name, flat)
      let at = 0
      while (at < flat.length && flat[at] !== name) at += 2
      if (value === undefined) flat.splice(at, 2)
      else {
        escapeAttribute(value)
        flat[at] = name
        flat[at + 1] = value
      }
    }
    return new ParsedElement(this.name, this.ns, flat, this.content, this.#index, -1)
  }

  append(child: Element | RawElement | Wire): RawElement {
    const wire = typeof child === 'string' ? child : childWire(child, this.ns)
    // Reading it again proves that it is whole by itself and finds its children.
    const more = parseWire(asWire(`<a xmlns="${attributeWire(this.ns)}">${wire}</a>`), '')
    const index = [...this.#index, ...shifted(more.#index, this.content.length)]
    return new ParsedElement(
      this.name,
      this.ns,
      this.#attributes,
      asWire(this.content + more.content),
      index,
      -1,
    )
  }

  filterChildren(keep: (name: string, ns: string, index: number) => boolean): RawElement {
    const { content, children } = this
    const old = this.#index
    const index: number[] = []
    let kept = ''
    let at = 0
    children.forEach(({ name, ns }, position) => {
      const k = position * KID
      if (keep(name, ns, position)) {
        index.push(...shifted(old.slice(k, k + KID), kept.length - at))
      } else {
        kept += content.slice(at, old[k])
        at = old[k + 1]!
      }
    })
    if (index.length === old.length) return this
    kept += content.slice(at)
    return new ParsedElement(this.name, this.ns, this.#attributes, asWire(kept), index, -1)
  }

  /** The same element with the size it had before it was written anew. */
  sized(size: number): ParsedElement {
    return new ParsedElement(this.name, this.ns, this.#attributes, this.content, this.#index, size)
  }

  toWire(options?: ToWireOptions): Wire {
    const name = wireFromText(this.name)
    let out = `<${name}`
    if (options?.declare !== false) out += ` xmlns="${attributeWire(options?.ns ?? this.ns)}"`
    const flat = this.#attributes
    for (let i = 0; i < flat.length; i += 2) {
      out += ` ${wireFromText(flat[i]!)}="${attributeWire(flat[i + 1]!)}"`
    }
    return asWire(this.content === '' ? `${out}/>` : `${out}>${this.content}</${name}>`)
  }
}

function childWire(child: Element | RawElement, ns: string): Wire {
  const raw = isRaw(child) ? child : rawElement(child)
  return raw.toWire({ declare: raw.ns !== ns })
}

function isRaw(child: Element | RawElement): child is RawElement {
  return (child as RawElement).kind === 'element'
}

/** Namespace declarations stay as they are: what the element holds may depend on them. */
function checkAttribute(name: string, flat: readonly string[]): void {
  const colon = name.indexOf(':')
  const prefix = name.slice(0, Math.max(colon, 0))
  if (name === 'xmlns' || prefix === 'xmlns') {
    throw new XmlWriteError('xml/bad-namespace', 'declarations cannot be changed')
  }
  if (!isLocalName(name.slice(colon + 1))) {
    throw new XmlWriteError('xml/bad-name', `${JSON.stringify(name)} is no name of an attribute`)
  }
  if (colon >= 0 && prefix !== 'xml' && !flat.includes(`xmlns:${prefix}`)) {
    throw new XmlWriteError('xml/bad-namespace', `the prefix of ${JSON.stringify(name)} is not declared`)
  }
}

/** Makes an element of a complete scan. */
export function elementFrom(s: Scan): ParsedElement {
  return s.rewrite && !s.headerOnly ? rewritten(s) : copied(s)
}

function copied(s: Scan): ParsedElement {
  const tag = s.slice(s.topNameStart, s.contentStart)
  return new ParsedElement(
    localName(s, tag),
    s.topNs,
    topAttributes(s, tag),
    asWire(s.slice(s.contentStart, s.contentEnd)),
    childIndexOf(s),
    s.pos - s.base,
  )
}

/**
 * Writes the element anew, every name resolved, so that its content depends on nothing but the default namespace.
 * Rare: prefixed stanzas, prefixes declared on the stream header, content namespaces repeated on children.
 */
function rewritten(s: Scan): ParsedElement {
  const tag = s.slice(s.topNameStart, s.contentStart)
  const flat = topAttributes(s, tag)
  const prefixes = new Map(s.around.prefixes)
  const top = new Element(localName(s, tag))
  stampNamespace(top, s.topNs, true)
  for (let i = 0; i < flat.length; i += 2) {
    setAttribute(top, flat[i]!, flat[i + 1]!)
    if (flat[i]!.startsWith('xmlns:')) prefixes.set(flat[i]!.slice(6), flat[i + 1]!)
  }
  for (let i = 0; i < flat.length; i += 2) {
    const prefix = flat[i]!.slice(0, Math.max(flat[i]!.indexOf(':'), 0))
    if (prefix !== '' && prefix !== 'xml' && prefix !== 'xmlns' && !flat.includes(`xmlns:${prefix}`)) {
      top.attrs[`xmlns:${prefix}`] = prefixes.get(prefix)!
    }
  }
  appendContent(
    top,
    asWire(s.slice(s.contentStart, s.contentEnd)),
    { ns: defaultNamespace(s), prefixes },
    s.topNs,
  )
  const wire = canonical(top, s.limits)
  return parseWire(wire, '').sized(s.pos - s.base)
}

/** The default namespace the source declares for the content, which is not the element's own if that has a prefix. */
export function defaultNamespace(s: Scan): string {
  for (let a = 0; a < s.attrBase; a += ATTR) {
    if ((s.attrs[a + 5]! & DEFAULT_DECLARATION) !== 0) return attributeValue(s, a)
  }
  return s.around.ns
}

/** One long name declared once and used often must not become a stanza beyond the limit. */
function canonical(top: Element, limits: ReaderLimits): Wire {
  try {
    const wire = wireFromText(writeTree(top, {}, limits.maxBytes))
    if (wire.length <= limits.maxBytes) return wire
  } catch (error) {
    if (!(error instanceof XmlWriteError)) throw error
  }
  throw new XmlError('policy-violation', 'the element is too large once its namespaces are written out')
}

function localName(s: Scan, tag: string): string {
  const start = s.topNameStart
  const wire = asWire(tag.slice(s.topColon < 0 ? 0 : s.topColon + 1 - start, s.topNameEnd - start))
  return s.topFlags === 0 ? wire : textFromWire(wire)
}

/** Names and values, cut out of the start tag, which is copied once: one small string pinned, few native calls. */
function topAttributes(s: Scan, tag: string): string[] {
  const { attrs, attrBase, topNameStart: start } = s
  const flat: string[] = []
  for (let a = 0; a < attrBase; a += ATTR) {
    const flags = attrs[a + 5]!
    if ((flags & DEFAULT_DECLARATION) !== 0) continue
    const name = asWire(tag.slice(attrs[a]! - start, attrs[a + 1]! - start))
    const value = asWire(tag.slice(attrs[a + 3]! - start, attrs[a + 4]! - start))
    flat.push(
      (flags & WIDE_NAME) === 0 ? name : textFromWire(name),
      (flags & (UNNORMALISED | WIDE)) === 0 ? value : valueFromWire(value),
    )
  }
  return flat
}

/** Reads exactly one element, which may use the namespaces around it. */
export function parseBytes(buf: Buffer, limits: ReaderLimits, around: Surroundings): ParsedElement {
  const s = beginScan(limits, around, false)
  s.buf = buf
  s.base = 0
  s.pos = 1
  s.end = Math.min(buf.length, limits.maxBytes)
  if (buf[0] !== 0x3c) throw malformed('no element')
  if (!advance(s)) {
    if (s.end < buf.length || s.end === limits.maxBytes)
      throw new XmlError('policy-violation', 'too many bytes')
    throw malformed('the element is not complete')
  }
  if (s.pos < buf.length) throw malformed('something follows the element')
  const element = elementFrom(s)
  endScan(s)
  return element
}

function parseWire(wire: Wire, ns: string): ParsedElement {
  const around = ns === '' ? nothingAround : { ns, prefixes: nothingAround.prefixes }
  return parseBytes(Buffer.from(wire, 'latin1'), noLimits, around)
}

/**
 * Makes a {@link RawElement} of an ltx tree.
 *
 * @throws XmlWriteError for names, characters, namespaces or nodes XML cannot carry
 */
export function rawElement(element: Element): RawElement {
  return parseWire(writeElement(element), '')
}
