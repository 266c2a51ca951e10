// Trees as nested lists of expanded names, so that two parsers can be compared without either one's ideas.
import { isUtf8 } from 'node:buffer'
import type { Element } from '@xmppkit/xml'
import { SaxesParser, type SaxesTagNS } from 'saxes'

/** `{ns}name`, sorted attributes, then strings and trees. */
export type Tree = [name: string, attributes: string, ...children: (string | Tree)[]]

/** Why the second parser refused a document. */
export class Refused extends Error {}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Expanded names and values. */
export type Attributes = readonly (readonly [name: string, value: string])[]

function attributesOf(attributes: Attributes): string {
  return attributes
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join(' ')
}

function addText(tree: Tree, text: string): void {
  const last = tree.length - 1
  if (last > 1 && typeof tree[last] === 'string') tree[last] += text
  else if (text !== '') tree.push(text)
}

function attributesFrom(tag: SaxesTagNS): Attributes {
  const attributes: [string, string][] = []
  for (const { prefix, local, uri, value } of Object.values(tag.attributes)) {
    if (prefix === 'xmlns' || (prefix === '' && local === 'xmlns')) continue
    attributes.push([uri === '' ? local : `{${uri}}${local}`, value])
  }
  return attributes
}

/** What a parser has made of a document up to its end, or up to the fault it refuses it for. */
export interface Reading {
  /** The complete children of the root. */
  readonly trees: readonly Tree[]
  /** The attributes of each, unsorted. */
  readonly attributes: readonly Attributes[]
  /** Why it goes no further. */
  readonly refused: Refused | undefined
}

/** The tree with other attributes. */
export function withAttributes(tree: Tree, attributes: Attributes): Tree {
  const [name, , ...children] = tree
  return [name, attributesOf(attributes), ...children]
}

/** The children of a document's root that are complete before saxes, the decoder or a restriction of RFC 6120 §11 finds a fault. */
export function readTrees(document: Uint8Array): Reading {
  const trees: Tree[] = []
  const attributes: Attributes[] = []
  const bytes = validPrefix(document)
  const broken = bytes.length < document.length
  try {
    const done = (tree: Tree, own: Attributes) => {
      trees.push(tree)
      attributes.push(own)
    }
    parse(bytes, { withRoot: false, whole: !broken, done })
  } catch (error) {
    if (error instanceof Refused) return { trees, attributes, refused: error }
    throw error
  }
  return { trees, attributes, refused: broken ? new Refused('not UTF-8') : undefined }
}

/**
 * The children of a document's root, or the root itself, according to saxes, held to the restrictions of RFC 6120 §11 that saxes leaves to
 * its caller.
 *
 * @throws Refused when saxes, the decoder or a restriction refuses the document
 */
export function saxesTrees(document: Uint8Array, withRoot = false): Tree[] {
  return parse(document, { withRoot, whole: true, done() {} })
}

interface Reader {
  readonly withRoot: boolean
  /** Whether the document ends where its bytes do. */
  readonly whole: boolean
  /** Told of each complete child of the root. */
  done(tree: Tree, attributes: Attributes): void
}

function parse(document: Uint8Array, { withRoot, whole, done }: Reader): Tree[] {
  const root: Tree = ['', '']
  const open: Tree[] = withRoot ? [root] : []
  let topAttributes: Attributes = []
  const parser = new SaxesParser({ xmlns: true, position: false })
  const refuse = (reason: string) => (): never => {
    settle()
    throw new Refused(reason)
  }
  // saxes closes elements first and then finds out that the end tag was another's.
  let closed: Tree | undefined
  const settle = () => {
    if (closed !== undefined) done(closed, topAttributes)
    closed = undefined
  }
  parser.on('error', (error) => {
    if (!error.message.includes('unexpected close tag')) settle()
    throw new Refused(error.message)
  })
  parser.on('comment', refuse('comment'))
  parser.on('processinginstruction', refuse('processing instruction'))
  parser.on('doctype', refuse('doctype'))
  parser.on('text', (text) => {
    if (open.length > 1) addText(open[open.length - 1]!, text)
    else if (/[^ \t\r\n]/.test(text)) refuse('text between elements')()
  })
  parser.on('cdata', (text) => {
    if (open.length > 1) addText(open[open.length - 1]!, text)
    else refuse('CDATA between elements')()
  })
  parser.on('opentag', (tag) => {
    settle()
    if (open.length === 0) {
      open.push(root)
      return
    }
    const own = attributesFrom(tag)
    const tree: Tree = [`{${tag.uri}}${tag.local}`, attributesOf(own)]
    if (open.length === 1) topAttributes = own
    open[open.length - 1]!.push(tree)
    open.push(tree)
  })
  parser.on('closetag', () => {
    settle()
    const tree = open.pop()!
    if (open.length === 1) closed = tree
  })
  let text: string
  try {
    text = decoder.decode(document)
  } catch {
    throw new Refused('not UTF-8')
  }
  parser.write(text)
  settle()
  if (whole) parser.close()
  return root.slice(2) as Tree[]
}

/** The bytes before the first that is no UTF-8. */
function validPrefix(document: Uint8Array): Uint8Array {
  if (isUtf8(document)) return document
  let valid = 0
  let invalid = document.length
  while (valid < invalid) {
    const middle = (valid + invalid + 1) >> 1
    if (begins(document.subarray(0, middle))) valid = middle
    else invalid = middle - 1
  }
  while (!isUtf8(document.subarray(0, valid))) valid--
  return document.subarray(0, valid)
}

/** Whether bytes are UTF-8, or the beginning of some. */
function begins(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
    return true
  } catch {
    return false
  }
}

/** The same of a tree built by the package under test. */
export function ltxTree(element: Element, inherited = ''): Tree {
  const ns = Object.hasOwn(element.attrs, 'xmlns') ? String(element.attrs.xmlns) : inherited
  const attributes: [string, string][] = []
  for (const [name, value] of Object.entries(element.attrs)) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue
    const colon = name.indexOf(':')
    const uri = colon < 0 ? '' : uriOf(element, name.slice(0, colon))
    attributes.push([uri === '' ? name : `{${uri}}${name.slice(colon + 1)}`, String(value)])
  }
  const tree: Tree = [`{${ns}}${element.name}`, attributesOf(attributes)]
  for (const child of element.children) {
    if (typeof child === 'string') addText(tree, child)
    else tree.push(ltxTree(child, ns))
  }
  return tree
}

function uriOf(element: Element, prefix: string): string {
  if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace'
  for (let at: Element | null = element; at; at = at.parent) {
    if (Object.hasOwn(at.attrs, `xmlns:${prefix}`)) return String(at.attrs[`xmlns:${prefix}`])
  }
  throw new Error(`no declaration for ${prefix}`)
}
