import { Element } from 'ltx'
import { canonicalWire } from './canonical-wire.js'
import { isLocalName } from './characters.js'
import {
  type ChildIndex,
  charactersOf,
  childIndexOf,
  emptyTagTail,
  findChild,
  namesOf,
  shifted,
} from './child-index.js'
import { XmlWriteError } from './errors.js'
import { attributeWire, escapeAttribute } from './escape.js'
import { ownText } from './own-text.js'
import type { ChildName, RawElement, ToWireOptions } from './raw-element.js'
import { noLimits, type ReaderLimits } from './reader-limits.js'
import { advance, beginScan, endScan } from './scan.js'
import {
  KID,
  malformed,
  notAnElement,
  nothingAround,
  overLimit,
  type Scan,
  type Surroundings,
} from './scan-state.js'
import { localName, plainAttributes, topAttributes, topTag } from './top-tag.js'
import { appendContent, buildEmpty, buildOnly, setAttribute } from './tree.js'
import { unescapeText } from './unescape.js'
import { asWire, textFromWire, type Wire, wireFromText } from './wire.js'
import { entryOf, type WrittenChild, writeChild } from './written-child.js'

/** @internal The one implementation of {@link RawElement}. */
export class ParsedElement implements RawElement {
  readonly kind = 'element'
  readonly #attributes: readonly string[]
  readonly #index: ChildIndex
  /** The attributes ready to be written, if they are. */
  readonly #written: Wire | undefined
  #size: number
  #names: readonly ChildName[] | undefined

  /**
   * @param attributes - names and values, alternately
   * @param written - the attributes as they may be written, or undefined to write them when asked
   * @param size - bytes on the wire, or -1 to count when asked
   */
  constructor(
    readonly name: string,
    readonly ns: string,
    attributes: readonly string[],
    readonly content: Wire,
    index: ChildIndex,
    written: Wire | undefined,
    size: number,
  ) {
    this.#attributes = attributes
    this.#index = index
    this.#written = written
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

  get childCount(): number {
    return this.#index.length / KID
  }

  get children(): readonly ChildName[] {
    this.#names ??= namesOf(this.content, this.#index, this.ns)
    return this.#names
  }

  attr(name: string): string | undefined {
    const at = positionOf(this.#attributes, name)
    return at < 0 ? undefined : this.#attributes[at + 1]
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
    return ownText(text + unescapeText(textFromWire(asWire(this.content.slice(at)))), this.content)
  }

  childText(name: string, ns: string): string | undefined {
    const at = findChild(this.content, this.#index, this.ns, name, ns)
    if (at < 0) return undefined
    const characters = charactersOf(this.content, this.#index, at)
    if (characters === undefined) return this.childAt(at).text()
    return ownText(unescapeText(textFromWire(characters)), this.content)
  }

  childElement(name: string, ns: string): Element | undefined {
    const at = findChild(this.content, this.#index, this.ns, name, ns)
    if (at < 0) return undefined
    const tail = emptyTagTail(this.content, this.#index, at)
    const built = tail === undefined ? undefined : buildEmpty(name, ns, textFromWire(tail))
    if (built !== undefined) return built
    const wire = asWire(this.content.slice(this.#index[at * KID], this.#index[at * KID + 1]))
    return buildOnly(wire, { ns: this.ns, prefixes: nothingAround.prefixes })
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
    const flat = this.#attributes.slice()
    let written = this.#written
    for (const name of Object.keys(changes)) {
      const value = changes[name]
      const at = positionOf(flat, name)
      checkAttribute(name, flat)
      if (value === undefined) {
        if (at < 0) continue
        flat.splice(at, 2)
        written = undefined
      } else if (at < 0) {
        const added = attributeText(name, value)
        flat.push(name, value)
        if (written !== undefined) written = asWire(written + added)
      } else {
        escapeAttribute(value)
        flat[at + 1] = value
        written = undefined
      }
    }
    return new ParsedElement(this.name, this.ns, flat, this.content, this.#index, written, -1)
  }

  append(child: Element | RawElement | Wire): RawElement {
    const { wire, entry } = typeof child === 'string' ? { wire: child } : writtenChild(child, this.ns)
    return entry === undefined ? this.#appendRead(wire) : this.#appendIndexed(wire, entry)
  }

  // Reading it again proves that it is whole by itself and finds its children.
  #appendRead(wire: Wire): RawElement {
    const more = parseWire(asWire(`<a xmlns="${attributeWire(this.ns)}">${wire}</a>`), '')
    return this.#appendIndexed(more.content, more.#index)
  }

  #appendIndexed(wire: Wire, entries: ChildIndex): RawElement {
    const content = sealed(this.content)
    const index = content === '' ? entries : [...this.#index, ...shifted(entries, content.length)]
    const all = asWire(content + wire)
    return new ParsedElement(this.name, this.ns, this.#attributes, all, index, this.#written, -1)
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
        kept += sealed(content.slice(at, old[k]))
        at = old[k + 1]!
      }
    })
    if (index.length === old.length) return this
    kept += content.slice(at)
    return new ParsedElement(this.name, this.ns, this.#attributes, asWire(kept), index, this.#written, -1)
  }

  /** The same element with the size it had before it was written anew. */
  sized(size: number): ParsedElement {
    return new ParsedElement(
      this.name,
      this.ns,
      this.#attributes,
      this.content,
      this.#index,
      this.#written,
      size,
    )
  }

  toWire(options?: ToWireOptions): Wire {
    const name = wireFromText(this.name)
    let tag = `<${name}`
    if (options?.declare !== false) tag += ` xmlns="${attributeWire(options?.ns ?? this.ns)}"`
    tag += this.#written ?? attributesText(this.#attributes)
    return asWire(this.content === '' ? `${tag}/>` : `${tag}>${this.content}</${name}>`)
  }
}

function attributeText(name: string, value: string): Wire {
  return asWire(` ${wireFromText(name)}="${attributeWire(value)}"`)
}

function attributesText(flat: readonly string[]): Wire {
  let text = ''
  for (let i = 0; i < flat.length; i += 2) text += attributeText(flat[i]!, flat[i + 1]!)
  return asWire(text)
}

/**
 * Content that more can be put behind: text that ends in `]` could become `]]>` together with what comes, which is no
 * XML and would end the stream of everybody it is sent to; a carriage return could join with a line feed.
 */
function sealed(content: string): string {
  if (content.endsWith(']')) return `${content.slice(0, -1)}&#93;`
  return content.endsWith('\r') ? `${content.slice(0, -1)}\n` : content
}

/** A child as it is written where `ns` is the default namespace. */
function writtenChild(child: Element | RawElement, ns: string): Partial<WrittenChild> & { wire: Wire } {
  if (!isRaw(child)) return writeChild(child, ns)
  const wire = child.toWire({ declare: child.ns !== ns })
  // Whoever else implements the interface is read.
  if (!(child instanceof ParsedElement)) return { wire }
  const { name, content } = child
  const tail = content === '' ? '/>'.length : `>${content}</${name}>`.length
  return { wire, entry: entryOf(wire, name, child.ns === ns ? undefined : child.ns, wire.length - tail) }
}

function isRaw(child: Element | RawElement): child is RawElement {
  return (child as RawElement).kind === 'element'
}

/** Where an attribute's name stands among names and values, or -1. */
function positionOf(flat: readonly string[], name: string): number {
  for (let i = 0; i < flat.length; i += 2) if (flat[i] === name) return i
  return -1
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
  if (s.rewrite && !s.headerOnly) return parseWire(canonicalWire(s), '').sized(s.pos - s.base)
  const tag = topTag(s)
  return new ParsedElement(
    localName(s, tag),
    s.topNs,
    topAttributes(s, tag),
    asWire(s.slice(s.contentStart, s.contentEnd)),
    childIndexOf(s),
    plainAttributes(s, tag),
    s.pos - s.base,
  )
}

/** Reads exactly one element, which may use the namespaces around it. */
export function parseBytes(buf: Buffer, limits: ReaderLimits, around: Surroundings): ParsedElement {
  const s = beginScan(limits, around, false)
  s.buf = buf
  s.base = 0
  s.pos = 1
  s.end = Math.min(buf.length, limits.maxBytes)
  if (buf[0] !== 0x3c) throw notAnElement(buf[0])
  if (!advance(s)) {
    if (s.end === limits.maxBytes) throw overLimit('the element is too large')
    throw malformed('the element is not complete')
  }
  if (s.pos < buf.length) throw malformed('something follows the element')
  const element = elementFrom(s)
  endScan(s)
  return element
}

/** Reads one element that was written where `ns` is the default namespace. */
export function parseWire(wire: Wire, ns: string): ParsedElement {
  const around = ns === '' ? nothingAround : { ns, prefixes: nothingAround.prefixes }
  return parseBytes(Buffer.from(wire, 'latin1'), noLimits, around)
}
