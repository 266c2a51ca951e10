import { Element } from 'ltx'
import { ownText } from './own-text.js'
import type { Surroundings } from './scan-state.js'
import { unescapeText, unescapeValue } from './unescape.js'
import { textFromWire, type Wire } from './wire.js'

/** Namespaces in force inside an element of the tree being built. */
interface Scope {
  readonly ns: string
  /** What the element itself declares. */
  readonly prefixes: ReadonlyMap<string, string> | undefined
  readonly outer: Scope | undefined
}

/**
 * Builds the nodes of an element's content, which the reader has accepted, and appends them to `parent`.
 *
 * Elements get their local name; their namespace is in `attrs.xmlns`, enumerable where it differs from the parent's and
 * hidden otherwise, so that a child taken out of the tree keeps it. Prefixes of attributes that are declared around the
 * content are declared where they are used.
 */
export function appendContent(parent: Element, content: Wire, around: Surroundings, parentNs: string): void {
  const text = textFromWire(content)
  let element = parent
  let ns = parentNs
  let scope: Scope = { ns: around.ns, prefixes: undefined, outer: undefined }
  const open: { element: Element; ns: string; scope: Scope }[] = []
  let at = 0
  while (at < text.length) {
    const lt = markupFrom(text, at)
    if (lt > at) element.children.push(ownText(unescapeText(text.slice(at, lt)), text))
    if (lt === text.length) return
    if (text.charCodeAt(lt + 1) === 0x2f) {
      ;({ element, ns, scope } = open.pop()!)
      at = text.indexOf('>', lt) + 1
      continue
    }
    const tag = readTag(text, lt)
    const inner = scopeOf(tag, scope)
    const child = buildElement(tag, inner, around, ns)
    child.element.parent = element
    element.children.push(child.element)
    if (!tag.empty) {
      open.push({ element, ns, scope })
      element = child.element
      ns = child.ns
      scope = inner
    }
    at = tag.end
  }
}

/** Builds the tree of the one element that `wire` holds, which the reader has accepted. */
export function buildOnly(wire: Wire, around: Surroundings): Element {
  const holder = new Element('')
  appendContent(holder, wire, around, '')
  const [element] = holder.children as Element[]
  element!.parent = null
  return element!
}

/**
 * Builds an element that has no content of what stands between its name and the end of its tag; undefined where prefixes
 * would have to be looked up.
 */
export function buildEmpty(name: string, ns: string, attributes: string): Element | undefined {
  const element = new Element(name)
  stampNamespace(element, ns, ns !== '')
  for (let at = 0; ; at = attributePattern.lastIndex) {
    attributePattern.lastIndex = at
    const found = attributePattern.exec(attributes)
    if (!found) return element
    const key = found[1]!
    if (key.includes(':') && !key.startsWith('xml:')) return undefined
    if (key !== 'xmlns') setAttribute(element, key, unescapeValue(found[2] ?? found[3]!))
  }
}

/** Sets an attribute, whatever its name: `__proto__` is a name like any other. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (name === '__proto__') {
    Object.defineProperty(element.attrs, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  } else element.attrs[name] = value
}

/** The next tag from `at`, past CDATA sections, or the end of the text. */
function markupFrom(text: string, at: number): number {
  for (;;) {
    const lt = text.indexOf('<', at)
    if (lt < 0) return text.length
    if (text.charCodeAt(lt + 1) !== 0x21) return lt
    at = text.indexOf(']]>', lt) + 3
  }
}

interface Tag {
  readonly name: string
  /** Names and raw values, alternately. */
  readonly attributes: readonly string[]
  readonly empty: boolean
  /** Offset behind the tag. */
  readonly end: number
}

const namePattern = /[^\t\n\r />]+/y
const attributePattern = /[\t\n\r ]+([^\t\n\r =/>]+)[\t\n\r ]*=[\t\n\r ]*(?:"([^"]*)"|'([^']*)')/y
const endPattern = /[\t\n\r ]*(\/?)>/y

function readTag(text: string, lt: number): Tag {
  namePattern.lastIndex = lt + 1
  const name = namePattern.exec(text)![0]
  const attributes: string[] = []
  let at = namePattern.lastIndex
  for (;;) {
    attributePattern.lastIndex = at
    const found = attributePattern.exec(text)
    if (!found) break
    attributes.push(found[1]!, ownText(unescapeValue(found[2] ?? found[3]!), text))
    at = attributePattern.lastIndex
  }
  endPattern.lastIndex = at
  const empty = endPattern.exec(text)![1] === '/'
  return { name, attributes, empty, end: endPattern.lastIndex }
}

function scopeOf(tag: Tag, outer: Scope): Scope {
  let ns: string | undefined
  let prefixes: Map<string, string> | undefined
  for (let i = 0; i < tag.attributes.length; i += 2) {
    const name = tag.attributes[i]!
    if (name === 'xmlns') ns = tag.attributes[i + 1]!
    else if (name.startsWith('xmlns:')) {
      prefixes ??= new Map()
      prefixes.set(name.slice(6), tag.attributes[i + 1]!)
    }
  }
  if (ns === undefined && !prefixes) return outer
  return { ns: ns ?? outer.ns, prefixes, outer }
}

function declared(prefix: string, scope: Scope): string | undefined {
  for (let at: Scope | undefined = scope; at; at = at.outer) {
    const ns = at.prefixes?.get(prefix)
    if (ns !== undefined) return ns
  }
  return undefined
}

function buildElement(
  tag: Tag,
  scope: Scope,
  around: Surroundings,
  parentNs: string,
): { element: Element; ns: string } {
  const colon = tag.name.indexOf(':')
  const prefix = tag.name.slice(0, Math.max(colon, 0))
  const ns = colon < 0 ? scope.ns : (declared(prefix, scope) ?? around.prefixes.get(prefix)!)
  const element = new Element(tag.name.slice(colon + 1))
  stampNamespace(element, ns, ns !== parentNs)
  for (let i = 0; i < tag.attributes.length; i += 2) {
    const name = tag.attributes[i]!
    if (name === 'xmlns') continue
    const at = name.indexOf(':')
    if (at > 0) bringPrefix(element, name.slice(0, at), scope, around)
    setAttribute(element, name, tag.attributes[i + 1]!)
  }
  return { element, ns }
}

/** Declares on the element a prefix of its attributes that only the surroundings know. */
function bringPrefix(element: Element, prefix: string, scope: Scope, around: Surroundings): void {
  if (prefix === 'xml' || prefix === 'xmlns' || declared(prefix, scope) !== undefined) return
  element.attrs[`xmlns:${prefix}`] = around.prefixes.get(prefix)!
}

/** Writes the namespace on the element; where it is the parent's, only lookups see it. */
export function stampNamespace(element: Element, ns: string, enumerable: boolean): void {
  // ltx takes an empty xmlns for none and would answer with the parent's.
  if (ns === '') element.findNS = (prefix) => (prefix ? Element.prototype.findNS.call(element, prefix) : '')
  if (enumerable) element.attrs.xmlns = ns
  else
    Object.defineProperty(element.attrs, 'xmlns', {
      value: ns,
      enumerable,
      writable: true,
      configurable: true,
    })
}
