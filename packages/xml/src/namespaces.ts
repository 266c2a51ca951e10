import { XmlError } from './errors.js'
import {
  ATTR,
  BINDING,
  DEFAULT_DECLARATION,
  grown,
  malformed,
  overLimit,
  PREFIX_DECLARATION,
  PREFIXED,
  type Scan,
  UNNORMALISED,
  WIDE,
} from './scan-state.js'
import { valueFromWire } from './unescape.js'
import { asWire, textFromWire } from './wire.js'

/** The namespace the prefix `xml` always stands for. */
export const XML_NS = 'http://www.w3.org/XML/1998/namespace'
/** The namespace of declarations, which nothing may be bound to. */
export const XMLNS_NS = 'http://www.w3.org/2000/xmlns/'

/** What {@link findBinding} answers for a prefix declared around the element, and for `xml`. */
const AROUND = -2
const XML_PREFIX = -3

const bad = (detail: string): XmlError => new XmlError('bad-namespace-prefix', detail)

/** Declares the prefixes of the start tag at hand and checks that every prefix it uses is declared. */
export function bindTag(s: Scan): void {
  const { attrs, attrBase, attrEnd } = s
  if ((s.kinds & (DEFAULT_DECLARATION | PREFIX_DECLARATION)) !== 0) {
    for (let a = attrBase; a < attrEnd; a += ATTR) {
      const kind = attrs[a + 5]!
      if ((kind & DEFAULT_DECLARATION) !== 0) declareDefault(s, a)
      else if ((kind & PREFIX_DECLARATION) !== 0) declarePrefix(s, a)
    }
  }
  if ((s.kinds & PREFIXED) !== 0) bindAttributes(s)
  if (s.tagColon >= 0) {
    s.tagBinding = findBinding(s, s.tagStart, s.tagColon)
    if (s.tagBinding === XML_PREFIX) throw bad('no element is in the xml namespace')
    if (s.depth === 0 || isOutside(s, s.tagBinding) || looksLikeFraming(s)) s.rewrite = true
  }
}

/** what is written `stream:stream` inside a stanza leaves without the prefix a careless receiver looks for. */
function looksLikeFraming(s: Scan): boolean {
  return valueIs(s, s.tagStart, s.tagColon, 0, 'stream')
}

/** The decoded value of an attribute of the tag at hand or of the top element. */
export function attributeValue(s: Scan, a: number): string {
  const wire = s.slice(s.attrs[a + 3]!, s.attrs[a + 4]!)
  return (s.attrs[a + 5]! & (UNNORMALISED | WIDE)) === 0 ? wire : valueFromWire(asWire(wire))
}

/** True when a recorded value stands for the text, its references resolved. */
export function valueIs(s: Scan, start: number, end: number, flags: number, text: string): boolean {
  if ((flags & (UNNORMALISED | WIDE)) !== 0) return valueFromWire(asWire(s.slice(start, end))) === text
  if (end - start !== text.length) return false
  const { buf, base } = s
  for (let i = end - start - 1; i >= 0; i--) {
    if (buf[base + start + i] !== text.charCodeAt(i)) return false
  }
  return true
}

function attributeIs(s: Scan, a: number, text: string): boolean {
  return valueIs(s, s.attrs[a + 3]!, s.attrs[a + 4]!, s.attrs[a + 5]!, text)
}

/** The namespace a prefix found by {@link findBinding} stands for. */
export function boundNamespace(s: Scan, binding: number, start: number, end: number): string {
  if (binding === XML_PREFIX) return XML_NS
  if (binding === AROUND) return s.around.prefixes.get(prefixText(s, start, end))!
  return valueFromWire(asWire(s.slice(s.bindings[binding + 2]!, s.bindings[binding + 3]!)))
}

function prefixText(s: Scan, start: number, end: number): string {
  return textFromWire(asWire(s.slice(start, end)))
}

/** Some parsers trim the names of namespaces and some do not, so white space around one would mean two things. */
function refuseSpaces(s: Scan, a: number): void {
  const uri = attributeValue(s, a)
  if (uri !== uri.trim()) throw malformed('white space around the name of a namespace')
}

function declareDefault(s: Scan, a: number): void {
  const { attrs, buf, base } = s
  const start = attrs[a + 3]!
  const end = attrs[a + 4]!
  s.tagDefault = a
  // Nearly all are told from what is refused by these bytes alone.
  const plain = (attrs[a + 5]! & (UNNORMALISED | WIDE)) === 0
  const spaced = buf[base + start] === 0x20 || buf[base + end - 1] === 0x20
  if (!plain || spaced) refuseSpaces(s, a)
  if (attributeIs(s, a, XML_NS) || attributeIs(s, a, XMLNS_NS))
    throw bad('a reserved namespace as the default')
}

function declarePrefix(s: Scan, a: number): void {
  const { attrs } = s
  const start = attrs[a + 2]! + 1
  const end = attrs[a + 1]!
  const prefix = prefixText(s, start, end)
  refuseSpaces(s, a)
  if (attributeIs(s, a, '')) throw bad('a prefix cannot be undeclared')
  if (prefix === 'xmlns' || attributeIs(s, a, XMLNS_NS)) throw bad('xmlns cannot be declared')
  if ((prefix === 'xml') !== attributeIs(s, a, XML_NS)) throw bad('xml cannot be redeclared')
  if (prefix === 'xml') return
  const at = s.bindingEnd
  if (at === s.bindings.length) s.bindings = grown(s.bindings)
  const { bindings } = s
  if (at / BINDING >= s.limits.maxNamespaces) throw overLimit('too many namespace declarations')
  bindings[at] = start
  bindings[at + 1] = end
  bindings[at + 2] = attrs[a + 3]!
  bindings[at + 3] = attrs[a + 4]!
  bindings[at + 4] = attrs[a + 5]!
  bindings[at + 5] = s.depth
  s.bindingEnd = at + BINDING
}

/** The innermost declaration of a prefix: its index, or a negative constant. */
function findBinding(s: Scan, start: number, end: number): number {
  const { bindings } = s
  for (let b = s.bindingEnd - BINDING; b >= 0; b -= BINDING) {
    if (sameBytes(s, bindings[b]!, bindings[b + 1]!, start, end)) return b
  }
  const prefix = prefixText(s, start, end)
  if (prefix === 'xml') return XML_PREFIX
  if (s.around.prefixes.has(prefix)) return AROUND
  throw bad('a prefix is not declared')
}

/** True for a declaration that the content of the top element does not hold itself. */
function isOutside(s: Scan, binding: number): boolean {
  if (binding === XML_PREFIX) return false
  return binding === AROUND || (s.depth > 0 && s.bindings[binding + 5] === 0)
}

function bindAttributes(s: Scan): void {
  const { attrs, attrEnd } = s
  let previous = -1
  for (let a = s.attrBase; a < attrEnd; a += ATTR) {
    if ((attrs[a + 5]! & PREFIXED) === 0) continue
    const binding = findBinding(s, attrs[a]!, attrs[a + 2]!)
    if (isOutside(s, binding)) s.rewrite = true
    if (previous >= 0) refuseSameExpandedName(s, a)
    previous = a
  }
}

/** Namespaces in XML §6.3: two prefixes of one namespace do not make two attributes. */
function refuseSameExpandedName(s: Scan, a: number): void {
  const { attrs } = s
  const local = attrs[a + 2]! + 1
  let ns: string | undefined
  for (let b = s.attrBase; b < a; b += ATTR) {
    if ((attrs[b + 5]! & PREFIXED) === 0) continue
    if (!sameBytes(s, attrs[b + 2]! + 1, attrs[b + 1]!, local, attrs[a + 1]!)) continue
    ns ??= attributeNamespace(s, a)
    if (attributeNamespace(s, b) === ns) throw malformed('an attribute twice')
  }
}

function attributeNamespace(s: Scan, a: number): string {
  const start = s.attrs[a]!
  const end = s.attrs[a + 2]!
  return boundNamespace(s, findBinding(s, start, end), start, end)
}

/** True when two recorded ranges hold the same bytes. */
export function sameBytes(
  s: Scan,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
): boolean {
  const length = end - start
  if (length !== otherEnd - otherStart) return false
  const { buf, base } = s
  for (let i = 0; i < length; i++) {
    if (buf[base + start + i] !== buf[base + otherStart + i]) return false
  }
  return true
}
