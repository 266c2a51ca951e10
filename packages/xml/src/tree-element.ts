import type { Element } from 'ltx'
import { isLocalName } from './characters.js'
import { shifted } from './child-index.js'
import { XmlWriteError } from './errors.js'
import { attributeWire, escapeAttribute, escapeText } from './escape.js'
import { ParsedElement, parseWire } from './parsed-element.js'
import type { RawElement } from './raw-element.js'
import { asWire, type Wire, wireFromText } from './wire.js'
import { isElement, isNamespace, scalar, writeElement, writeTopTag } from './writer.js'
import { writeChild } from './written-child.js'

/**
 * Makes a {@link RawElement} of an ltx tree.
 *
 * @throws XmlWriteError for names, characters, namespaces or nodes XML cannot carry
 */
export function rawElement(element: Element): RawElement {
  const keys = Object.keys(element.attrs)
  const written = isPlain(element, keys) ? writtenElement(element, keys) : undefined
  return written ?? parseWire(writeElement(element), '').sized(-1)
}

/** Nothing in the start tag declares or needs a prefix, as in all but a few stanzas. */
function isPlain({ name }: Element, keys: readonly string[]): boolean {
  return !name.includes(':') && keys.every((key) => !key.includes(':') || key.startsWith('xml:'))
}

/** What we write ourselves need not be read to be known; undefined where only the reader can tell. */
function writtenElement(element: Element, keys: readonly string[]): RawElement | undefined {
  const { text, ns } = writeTopTag(element)
  let content = ''
  const index: number[] = []
  for (const node of element.children as readonly unknown[]) {
    if (!isElement(node)) {
      content += wireFromText(escapeText(scalar(node, 'a child') ?? ''))
      continue
    }
    const { wire, entry } = writeChild(node, ns, ns)
    if (entry === undefined) return undefined
    index.push(...shifted(entry, content.length))
    content += wire
  }
  const attributes = attributesOf(element, keys)
  const written = attributesIn(text, element.name, ns)
  return new ParsedElement(element.name, ns, attributes, asWire(content), index, written, -1)
}

function attributesOf({ attrs }: Element, keys: readonly string[]): string[] {
  const flat: string[] = []
  for (const key of keys) {
    const value = key === 'xmlns' ? undefined : scalar(attrs[key], key)
    if (value !== undefined) flat.push(key, value)
  }
  return flat
}

/** The attributes in a start tag that has its closing bracket missing. */
function attributesIn(text: string, name: string, ns: string): Wire {
  const head = ns === '' ? `<${name}` : `<${name} xmlns="${escapeAttribute(ns)}"`
  return wireFromText(text.slice(head.length))
}

/**
 * Makes an element without content of its parts.
 *
 * @param attributes - names and values, alternately, in the order in which they are written
 * @throws XmlWriteError for names and characters XML cannot carry
 * @example
 * ```ts
 * emptyElement('iq', 'jabber:client', ['type', 'result', 'id', '1']).toWire() // <iq xmlns="jabber:client" type="result" id="1"/>
 * ```
 */
export function emptyElement(name: string, ns: string, attributes: readonly string[]): RawElement {
  checkPlain(name)
  if (!isNamespace(ns)) throw new XmlWriteError('xml/bad-namespace', `nothing is in ${JSON.stringify(ns)}`)
  let written = ''
  for (let i = 0; i < attributes.length; i += 2) {
    const key = attributes[i]!
    checkPlain(key.startsWith('xml:') ? key.slice('xml:'.length) : key)
    if (isNameBefore(attributes, key, i)) {
      throw new XmlWriteError('xml/bad-name', `the attribute ${key} twice`)
    }
    written += ` ${wireFromText(key)}="${attributeWire(attributes[i + 1]!)}"`
  }
  return new ParsedElement(name, ns, attributes, asWire(''), [], asWire(written), -1)
}

function checkPlain(name: string): void {
  if (!isLocalName(name)) throw new XmlWriteError('xml/bad-name', `${JSON.stringify(name)} is no name`)
}

function isNameBefore(flat: readonly string[], name: string, end: number): boolean {
  for (let i = 0; i < end; i += 2) if (flat[i] === name) return true
  return false
}
