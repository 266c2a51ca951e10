import { Element } from '@xmppkit/xml'
import { SaxesParser, type SaxesTagNS } from 'saxes'
import { PersonalDataError } from './errors.js'

/** What {@link createDocumentReader} tells of. */
export interface DocumentHandler {
  /** The accounts of a domain follow. */
  host(jid: string): void
  /** What belongs to an account follows. */
  user(name: string, password: string | undefined): void
  /** Everything of the account was read. */
  userEnd(): void
  /** Whether a child of `<user/>` is wanted as a whole, child by child, or not at all. */
  wants(name: string, ns: string): 'whole' | 'each' | 'not'
  /** One of them; with the name of the one it is in if it is read child by child. */
  element(element: Element, within: { readonly name: string; readonly ns: string } | undefined): void
}

/** Limits of {@link createDocumentReader}. */
export interface DocumentReaderLimits {
  /** Characters of one element that is handed over. */
  readonly maxElementLength: number
}

/** Reads a document as it comes. */
export interface DocumentReader {
  /** Takes the next part. @throws PersonalDataError `personal-data/unreadable` */
  write(text: string): void
  /** There is no more. @throws PersonalDataError `personal-data/unreadable` */
  end(): void
}

const pieNs = 'urn:xmpp:pie:0'
const maxDepth = 64
const steps = ['server-data', 'host', 'user'] as const
/** A document may also be one host: a part of an export that is spread over files (XEP-0227 §5.1). */
const partRoot = 'host'
type Path = { readonly name: string; readonly ns: string }

/** Makes a reader of XEP-0227 documents. It expands no entities and follows no inclusions: both could name files of the server. */
export function createDocumentReader(handler: DocumentHandler, limits: DocumentReaderLimits): DocumentReader {
  const parser = new SaxesParser({ xmlns: true })
  const state = new ReaderState(handler, limits.maxElementLength)
  parser.on('error', (error) => {
    throw unreadable(error.message)
  })
  parser.on('doctype', () => {
    throw unreadable('a document with a document type is not read')
  })
  parser.on('opentag', (tag) => state.open(tag))
  parser.on('closetag', () => state.close())
  parser.on('text', (text) => state.text(text))
  parser.on('cdata', (text) => state.text(text))
  return {
    write(text) {
      state.read(text.length)
      parser.write(text)
    },
    end: () => void parser.close(),
  }
}

class ReaderState {
  readonly #handler: DocumentHandler
  readonly #maxLength: number
  /** Names of the elements that are open. */
  readonly #path: Path[] = []
  /** Namespaces in scope, by prefix, for each open element. */
  readonly #scopes: Readonly<Record<string, string>>[] = [{}]
  /** What is being put together, if it is wanted. */
  #building: Element | undefined
  #within: Path | undefined
  #length = 0
  #pending = 0
  /** Depth of an element that nobody wants, with all that is in it. */
  #skipFrom: number | undefined

  constructor(handler: DocumentHandler, maxLength: number) {
    this.#handler = handler
    this.#maxLength = maxLength
  }

  /** So much is read next: what makes no element is kept by the parser, and must not be without end either. */
  read(length: number): void {
    if (this.#pending > this.#maxLength)
      throw unreadable(`a text has more than ${this.#maxLength} characters`)
    this.#pending += length
  }

  open(tag: SaxesTagNS): void {
    this.#pending = 0
    if (this.#path.length === 0 && tag.uri === pieNs && tag.local === partRoot) {
      this.#path.push({ name: steps[0], ns: pieNs })
      this.#scopes.push({})
    }
    const depth = this.#path.length
    if (depth >= maxDepth) throw unreadable(`elements are nested deeper than ${maxDepth}`)
    this.#path.push({ name: tag.local, ns: tag.uri })
    this.#scopes.push({ ...this.#scopes.at(-1), ...tag.ns })
    if (this.#skipFrom !== undefined) return
    if (this.#building !== undefined) this.#grow(tag)
    else if (depth < steps.length) this.#step(tag, depth)
    else if (depth === steps.length) this.#child(tag)
    else this.#begin(tag)
  }

  text(text: string): void {
    if (this.#building === undefined) return
    this.#measure(text.length)
    this.#building.t(text)
  }

  close(): void {
    this.#pending = 0
    const depth = this.#path.length - 1
    this.#path.pop()
    this.#scopes.pop()
    if (this.#skipFrom !== undefined) {
      if (depth === this.#skipFrom) this.#skipFrom = undefined
      return
    }
    if (this.#building !== undefined) {
      if (this.#building.parent !== null) this.#building = this.#building.parent
      else this.#finish()
      return
    }
    if (depth === steps.length) this.#within = undefined
    else if (depth === steps.length - 1) this.#handler.userEnd()
  }

  #step(tag: SaxesTagNS, depth: number): void {
    if (tag.uri !== pieNs || tag.local !== steps[depth]) {
      if (depth === 0) throw unreadable(`the document is ${tag.local}, not server-data of XEP-0227`)
      this.#handler.wants(tag.local, tag.uri)
      this.#skipFrom = depth
    } else if (depth === 1) this.#handler.host(attribute(tag, 'jid'))
    else if (depth === 2) this.#handler.user(attribute(tag, 'name'), tag.attributes.password?.value)
  }

  #child(tag: SaxesTagNS): void {
    const wanted = this.#handler.wants(tag.local, tag.uri)
    if (wanted === 'not') this.#skipFrom = this.#path.length - 1
    else if (wanted === 'each') this.#within = { name: tag.local, ns: tag.uri }
    else this.#begin(tag)
  }

  #begin(tag: SaxesTagNS): void {
    this.#length = 0
    // It is taken out of the document, with what the prefixes in it mean.
    this.#building = this.#elementOf(tag, this.#scopes.at(-1) ?? {})
  }

  #grow(tag: SaxesTagNS): void {
    const child = this.#elementOf(tag, tag.ns)
    this.#building?.cnode(child)
    this.#building = child
  }

  #elementOf(tag: SaxesTagNS, declared: Readonly<Record<string, string>>): Element {
    const attributes: Record<string, string> = {}
    for (const [prefix, ns] of Object.entries(declared))
      attributes[prefix === '' ? 'xmlns' : `xmlns:${prefix}`] = ns
    for (const { name, value } of Object.values(tag.attributes)) attributes[name] = value
    const lengths = Object.entries(attributes).map(([name, value]) => name.length + value.length)
    this.#measure(lengths.reduce((sum, one) => sum + one, tag.name.length))
    return new Element(tag.name, attributes)
  }

  #measure(length: number): void {
    this.#length += length
    if (this.#length > this.#maxLength)
      throw unreadable(`an element has more than ${this.#maxLength} characters`)
  }

  #finish(): void {
    const element = this.#building!
    this.#building = undefined
    this.#handler.element(element, this.#within)
  }
}

function attribute(tag: SaxesTagNS, name: string): string {
  const value = tag.attributes[name]?.value
  if (value === undefined) throw unreadable(`${tag.local} has no ${name}`)
  return value
}

const unreadable = (reason: string) => new PersonalDataError('personal-data/unreadable', reason)
