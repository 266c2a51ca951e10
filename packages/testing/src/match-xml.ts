import { type ChildName, parseElement, type RawElement } from '@xmppkit/xml'

/** Stands for any value of an attribute, or any text of an element. */
export const anything = '{any}'

/** Stands for the absence of an attribute. */
export const absent = '{none}'

/**
 * Compares an element with a pattern: XML text in which `{any}` stands for any attribute value or text.
 * All attributes and children of the pattern must be there, the children in their order; more may be,
 * unless an attribute is `{none}` or the attribute `_children` says how many children there are.
 * A pattern without a namespace is in `jabber:client`. An attribute `{set:name}` stands for any value and
 * keeps it in `captured`.
 *
 * @returns what does not fit and where, or `undefined` when all fits
 *
 * @example
 * ```ts
 * matchXml(received, "<message from='{any}' type='chat'><body>hello</body></message>") // undefined
 * ```
 */
export function matchXml(
  actual: RawElement,
  pattern: string,
  captured = new Map<string, string>(),
): string | undefined {
  return compare(actual, readPattern(pattern), actual.name, captured)
}

/** Reads a pattern; one that names no namespace is in `jabber:client`. */
function readPattern(pattern: string): RawElement {
  const text = pattern.trim()
  // Only the start tag decides: a namespace further in belongs to a child.
  const startTag = text.slice(0, text.indexOf('>'))
  if (/\sxmlns=/.test(startTag)) return parseElement(text)
  return parseElement(text.replace(/^<([^\s/>]+)/, "<$1 xmlns='jabber:client'"))
}

type Captured = Map<string, string>

function compare(
  actual: RawElement,
  expected: RawElement,
  path: string,
  captured: Captured,
): string | undefined {
  if (actual.name !== expected.name) return `${path}: expected <${expected.name}/>, got <${actual.name}/>`
  if (actual.ns !== expected.ns) return `${path}: expected namespace ${expected.ns}, got ${actual.ns}`
  for (const [name, value] of expected.attributes) {
    if (name.startsWith('xmlns')) continue
    const mismatch = compareAttribute(actual, name, value, captured)
    if (mismatch !== undefined) return `${path}/@${name}: ${mismatch}`
  }
  if (expected.children.length === 0) return compareText(actual, expected, path)
  return compareChildren(actual, expected, path, captured)
}

function compareAttribute(
  actual: RawElement,
  name: string,
  value: string,
  captured: Captured,
): string | undefined {
  const found = name === '_children' ? actual.children.length.toString() : actual.attr(name)
  if (value === absent) return found === undefined ? undefined : `expected none, got ${found}`
  if (found === undefined) return 'missing'
  const key = /^\{set:([\w-]+)\}$/.exec(value)?.[1]
  if (key !== undefined) captured.set(key, found)
  return key !== undefined || value === anything || found === value
    ? undefined
    : `expected ${value}, got ${found}`
}

function compareText(actual: RawElement, expected: RawElement, path: string): string | undefined {
  const text = expected.text()
  if (text.trim() === '' || text === anything) return undefined
  return actual.text() === text ? undefined : `${path}: expected text “${text}”, got “${actual.text()}”`
}

function compareChildren(
  actual: RawElement,
  expected: RawElement,
  path: string,
  captured: Captured,
): string | undefined {
  let from = 0
  for (let i = 0; i < expected.children.length; i += 1) {
    const wanted = expected.childAt(i)
    const found = findMatch(actual, wanted, from, path, captured)
    if (typeof found === 'string') return found
    from = found + 1
  }
  return undefined
}

/** Index of the first child from `from` on that fits, or why the first of its name does not. */
function findMatch(
  actual: RawElement,
  wanted: RawElement,
  from: number,
  path: string,
  captured: Captured,
): number | string {
  let why = `${path}/${wanted.name}: missing`
  let seen = false
  for (let i = from; i < actual.children.length; i += 1) {
    if (!sameName(actual.children[i]!, wanted)) continue
    const mismatch = compare(actual.childAt(i), wanted, `${path}/${wanted.name}`, captured)
    if (mismatch === undefined) return i
    if (!seen) why = mismatch
    seen = true
  }
  return why
}

function sameName(child: ChildName, wanted: RawElement): boolean {
  return child.name === wanted.name && child.ns === wanted.ns
}
