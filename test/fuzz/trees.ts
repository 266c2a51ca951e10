// Trees as nested lists of expanded names, so that two parsers can be compared without either one's ideas.
import type { Element } from '@xmppkit/xml'
import { SaxesParser, type SaxesTagNS } from 'saxes'

/** `{ns}name`, sorted attributes, then strings and trees. */
export type Tree = [name: string, attributes: string, ...children: (string | Tree)[]]

/** Why the second parser refused a document. */
export class Refused extends Error {}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function attributesOf(attributes: readonly (readonly [string, string])[]): string {
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

function fromTag(tag: SaxesTagNS): Tree {
  const attributes: [string, string][] = []
  for (const { prefix, local, uri, value } of Object.values(tag.attributes)) {
    if (prefix === 'xmlns' || (prefix === '' && local === 'xmlns')) continue
    attributes.push([uri === '' ? local : `{${uri}}${local}`, value])
  }
  return [`{${tag.uri}}${tag.local}`, attributesOf(attributes)]
}

/**
 * The children of a document's root, or the root itself, according to saxes, held to the restrictions of RFC 6120 §11 that saxes leaves to
 * its caller.
 *
 * @throws Refused when saxes, the decoder or a restriction refuses the document
 */
export function saxesTrees(document: Uint8Array, withRoot = false): Tree[] {
  const root: Tree = ['', '']
  const open: Tree[] = withRoot ? [root] : []
  const parser = new SaxesParser({ xmlns: true, position: false })
  const refuse = (reason: string) => (): never => {
    throw new Refused(reason)
  }
  parser.on('error', (error) => {
    throw new Refused(error.message)
  })
  parser.on('comment', refuse('comment'))
  parser.on('processinginstruction', refuse('processing instruction'))
  parser.on('doctype', refuse('doctype'))
  parser.on('text', (text) => {
    if (open.length > 1) addText(open[open.length - 1]!, text)
    else if (/[^ \t\r\n]/.test(text)) throw new Refused('text between elements')
  })
  parser.on('cdata', (text) => {
    if (open.length > 1) addText(open[open.length - 1]!, text)
    else throw new Refused('CDATA between elements')
  })
  parser.on('opentag', (tag) => {
    if (open.length === 0) {
      open.push(root)
      return
    }
    const tree = fromTag(tag)
    open[open.length - 1]!.push(tree)
    open.push(tree)
  })
  parser.on('closetag', () => {
    open.pop()
  })
  let text: string
  try {
    text = decoder.decode(document)
  } catch {
    throw new Refused('not UTF-8')
  }
  parser.write(text).close()
  return root.slice(2) as Tree[]
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
