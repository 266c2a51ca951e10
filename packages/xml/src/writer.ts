import type { Element } from 'ltx'
import { isLocalName } from './characters.js'
import { XmlWriteError } from './errors.js'
import { escapeAttribute, escapeText } from './escape.js'
import { XML_NS, XMLNS_NS } from './namespaces.js'
import { type Wire, wireFromText } from './wire.js'

/** Namespaces in force where an element will be written. */
export interface WriteScope {
  /**
   * The default namespace there; an element of that namespace is written without `xmlns`.
   * @default ''
   */
  readonly ns?: string
  /**
   * Prefixes declared there, such as `stream` behind a stream header.
   * @default {}
   */
  readonly prefixes?: Readonly<Record<string, string>>
}

/** Deeper trees are refused: no reader takes them, and an element that contains itself has no end. */
const maxDepth = 4096

interface Prefixes {
  readonly own: ReadonlyMap<string, string>
  readonly outer: Prefixes | undefined
}

interface Open {
  readonly element: Element
  readonly ns: string
  readonly prefixes: Prefixes | undefined
  next: number
}

/**
 * Writes an ltx tree as XML.
 *
 * A namespace is declared exactly where it differs from the one in force. Attributes that are `undefined`, `null` or
 * `false` are left out, as are such children; numbers are printed.
 *
 * @throws XmlWriteError for names, characters, namespaces or nodes XML cannot carry
 * @example
 * ```ts
 * writeElement(new Element('body', { xmlns: 'jabber:client' }).t('1 < 2')) // <body xmlns="jabber:client">1 &lt; 2</body>
 * ```
 */
export function writeElement(element: Element, scope: WriteScope = {}): Wire {
  return wireFromText(writeTree(element, scope).text)
}

/** A tree as text, and how much of it is the start tag of its root. */
export interface WrittenTree {
  readonly text: string
  /** Length of the start tag without `>` or `/>`. */
  readonly tagLength: number
  /** The namespace of the root. */
  readonly ns: string
}

/**
 * {@link writeElement} as text, giving up beyond a length.
 *
 * @param inherited - the default namespace of the tree the root is part of
 */
export function writeTree(
  root: Element,
  scope: WriteScope,
  maxLength = Number.POSITIVE_INFINITY,
  inherited = namespaceAbove(root),
): WrittenTree {
  const around = scope.prefixes && { own: new Map(Object.entries(scope.prefixes)), outer: undefined }
  const outerNs = scope.ns ?? ''
  const open: Open[] = []
  let out = ''
  const enter = (element: Element, tag: StartTag): void => {
    out += tag.text
    if (element.children.length === 0) {
      out += '/>'
      return
    }
    if (open.length >= maxDepth) {
      throw new XmlWriteError('xml/bad-node', `more than ${maxDepth} levels of elements`)
    }
    out += '>'
    open.push({ element, ns: tag.ns, prefixes: tag.prefixes, next: 0 })
  }
  const tag = startTag(root, outerNs, around, inherited)
  enter(root, tag)
  while (open.length > 0) {
    if (out.length > maxLength) throw new XmlWriteError('xml/bad-node', 'the element is too large')
    const top = open[open.length - 1]!
    if (top.next === top.element.children.length) {
      out += `</${top.element.name}>`
      open.pop()
      continue
    }
    const node: unknown = top.element.children[top.next++]
    if (typeof node === 'string') out += escapeText(node)
    else if (isElement(node)) enter(node, startTag(node, top.ns, top.prefixes))
    else out += escapeText(scalar(node, 'a child') ?? '')
  }
  return { text: out, tagLength: tag.text.length, ns: tag.ns }
}

/** The start tag of the top of a tree. */
export function writeTopTag(element: Element): StartTag {
  return startTag(element, '', undefined, namespaceAbove(element))
}

/** A start tag, and what is in force behind it. */
export interface StartTag {
  /** The tag without its closing bracket. */
  readonly text: string
  /** The default namespace inside. */
  readonly ns: string
  readonly prefixes: Prefixes | undefined
}

/** @param inherited - the default namespace of the tree the element was taken from, where it differs */
function startTag(
  element: Element,
  outerNs: string,
  outer: Prefixes | undefined,
  inherited = outerNs,
): StartTag {
  const { name, attrs } = element
  const keys = Object.keys(attrs)
  const own = declarations(attrs, keys)
  const prefixes = own ? { own, outer } : outer
  const ns = scalar(Object.hasOwn(attrs, 'xmlns') ? attrs.xmlns : undefined, 'xmlns') ?? inherited
  checkName(name, prefixes, 'element')
  if (!isNamespace(ns)) {
    throw new XmlWriteError('xml/bad-namespace', `nothing is in ${JSON.stringify(ns)}`)
  }
  let text = `<${name}`
  if (ns !== outerNs) text += ` xmlns="${escapeAttribute(ns)}"`
  let expanded: Set<string> | undefined
  for (const key of keys) {
    if (key === 'xmlns') continue
    const value = scalar(attrs[key], key)
    if (value === undefined) continue
    if (!key.startsWith('xmlns:')) {
      const uri = checkName(key, prefixes, 'attribute')
      if (uri !== '') expanded = withName(expanded, `${uri} ${key.slice(key.indexOf(':') + 1)}`)
    }
    text += ` ${key}="${escapeAttribute(value)}"`
  }
  return { text, ns, prefixes }
}

/** Namespaces in XML §6.3: two prefixes of one namespace do not make two attributes. */
function withName(names: Set<string> | undefined, name: string): Set<string> {
  if (names?.has(name)) throw new XmlWriteError('xml/bad-name', 'one attribute twice, under two prefixes')
  return (names ?? new Set<string>()).add(name)
}

/** The default namespace of the tree an element is still part of. */
function namespaceAbove(element: Element): string | undefined {
  let at = element.parent
  for (let levels = 0; at && levels < maxDepth; levels++) {
    if (Object.hasOwn(at.attrs, 'xmlns')) return scalar(at.attrs.xmlns, 'xmlns')
    at = at.parent
  }
  return undefined
}

function declarations(attrs: Element['attrs'], keys: readonly string[]): Map<string, string> | undefined {
  let own: Map<string, string> | undefined
  for (const key of keys) {
    if (!key.startsWith('xmlns:')) continue
    const prefix = key.slice(6)
    const ns = scalar(attrs[key], key)
    if (ns === undefined) continue
    const reserved = prefix === 'xmlns' || ns === XMLNS_NS || (prefix === 'xml') !== (ns === XML_NS)
    if (!isLocalName(prefix) || ns === '' || reserved || ns !== ns.trim()) {
      throw new XmlWriteError('xml/bad-namespace', `${JSON.stringify(key)} cannot be declared so`)
    }
    own ??= new Map()
    own.set(prefix, ns)
  }
  return own
}

/** The namespace of a name's prefix, empty for none. */
function checkName(name: string, prefixes: Prefixes | undefined, what: 'element' | 'attribute'): string {
  const colon = name.indexOf(':')
  if (!isLocalName(colon < 0 ? name : name.slice(colon + 1))) {
    throw new XmlWriteError('xml/bad-name', `${JSON.stringify(name)} is no name of an ${what}`)
  }
  if (colon < 0) return ''
  const prefix = name.slice(0, colon)
  if (prefix === 'xml' && what === 'attribute') return XML_NS
  for (let at = prefixes; at; at = at.outer) {
    const uri = at.own.get(prefix)
    if (uri !== undefined) return uri
  }
  throw new XmlWriteError('xml/bad-namespace', `the prefix of ${JSON.stringify(name)} is not declared`)
}

/** Whether a node of a tree is an element. */
export function isElement(node: unknown): node is Element {
  return typeof node === 'object' && node !== null && 'attrs' in node && 'children' in node && 'name' in node
}

/** How a value is printed, `undefined` where it is left out. */
export function scalar(value: unknown, where: string): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || value === true) return String(value)
  if (value === undefined || value === null || value === false) return undefined
  throw new XmlWriteError('xml/bad-node', `${where} is neither text nor a number`)
}

/** Whether elements can be in a namespace. */
export function isNamespace(ns: string): boolean {
  return ns !== XML_NS && ns !== XMLNS_NS && ns === ns.trim()
}
