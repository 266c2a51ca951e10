import { XmlError } from './errors.js'
import { noLimits, type ReaderLimits } from './reader-limits.js'

/** Namespaces in force around an element: those of the stream header, or none. */
export interface Surroundings {
  /** The default namespace, empty for none. */
  readonly ns: string
  /** Prefixes and what they stand for. */
  readonly prefixes: ReadonlyMap<string, string>
}

/** Around a document there is nothing. */
export const nothingAround: Surroundings = Object.freeze({ ns: '', prefixes: new Map<string, string>() })

// States of the scanner. Each group belongs to one function, which names the rest of its states for itself.
/** Behind the `<` of a start tag. States up to {@link LAST_TAG_STATE} are those of `scanTag`. */
export const TAG_FIRST = 0
export const LAST_TAG_STATE = 9
/** In text. States up to {@link LAST_CONTENT_STATE} are those of `scanContent`. */
export const TEXT = 10
/** Behind a `<`. */
export const LT = 11
export const LAST_CONTENT_STATE = 16
/** Behind an `&`. States from here on are those of `scanReference`. */
export const REFERENCE = 17
/** Behind the end of the element. */
export const DONE = 23

/** Integers kept per attribute: name start and end, offset of the colon or -1, value start and end, kind and flags. */
export const ATTR = 6
/**
 * Integers kept per direct child: start, end, local name start and end, namespace value start and end or -1, flags, end
 * of the start tag.
 */
export const KID = 8
/** Integers kept per open element: name start and end, prefixes in force before it. */
export const FRAME = 3
/** Integers kept per declared prefix: prefix start and end, value start and end, value flags, depth. */
export const BINDING = 6

/** Flag of a value: it holds references or white space other than spaces, so it is not its own text. */
export const UNNORMALISED = 1
/** Flag of a value or name: it holds bytes beyond ASCII. */
export const WIDE = 2
/** Flag of a child or attribute whose name holds bytes beyond ASCII. */
export const WIDE_NAME = 4
/** Kind of attribute: `xmlns`. */
export const DEFAULT_DECLARATION = 8
/** Kind of attribute: `xmlns:p`. */
export const PREFIX_DECLARATION = 16
/** Kind of attribute: `p:name`. */
export const PREFIXED = 32

const nothing: Buffer = Buffer.alloc(0)

/**
 * Where the scanner stands inside one element, and what it has learnt of it. It can stop after any byte.
 *
 * All recorded offsets count from the first byte of the element, so the buffer may move between two calls.
 */
export class Scan {
  buf: Buffer = nothing
  /** Offset in `buf` of the element's first byte. */
  base = 0
  /** Offset in `buf` of the next byte to look at. */
  pos = 0
  /** Offset in `buf` behind the last byte to look at. */
  end = 0
  state = LT
  /** State to go back to behind a reference. */
  back = TEXT
  limits: ReaderLimits = noLimits
  around: Surroundings = nothingAround
  /** Stop behind the start tag: it is the header of a stream. */
  headerOnly = false

  depth = 0
  elements = 0
  /** Offset of the `<` of the tag at hand. */
  lt = 0
  /** The name at hand, of a tag, an attribute or a reference. */
  nameStart = 0
  nameFlags = 0
  /** Offset of its colon, or -1. */
  colon = -1
  /** The name of the tag at hand: its start and end, the offset of its colon or -1, {@link WIDE_NAME} or 0. */
  tagStart = 0
  tagEnd = 0
  tagColon = -1
  tagFlags = 0
  /** Attribute of the tag at hand that declares the default namespace, or -1. */
  tagDefault = -1
  /** What declares the prefix of the tag at hand, see `findBinding`. */
  tagBinding = -1
  quote = 0
  valueStart = 0
  valueFlags = 0
  /** Kinds of attributes seen in the tag at hand. */
  kinds = 0
  referenceValue = 0

  /** The top element's attributes stay at the front, those of the tag at hand follow. */
  attrs = new Int32Array(24 * ATTR)
  attrBase = 0
  attrEnd = 0
  frames = new Int32Array(16 * FRAME)
  bindings = new Int32Array(4 * BINDING)
  bindingEnd = 0
  kids = new Int32Array(16 * KID)
  kidEnd = 0

  /** The top element: its name, namespace, and where its content lies. */
  topNameStart = 0
  topNameEnd = 0
  topColon = -1
  topFlags = 0
  topNs = ''
  /** The top element is an empty-element tag. */
  emptyTop = false
  contentStart = 0
  contentEnd = 0
  /** The content depends on names declared outside it, or names the content namespace needlessly. */
  rewrite = false

  /** Prepares for the element whose `<` is the next byte. */
  begin(limits: ReaderLimits, around: Surroundings, headerOnly: boolean): void {
    this.limits = limits
    this.around = around
    this.headerOnly = headerOnly
    this.state = LT
    this.depth = 0
    this.elements = 0
    this.attrBase = 0
    this.attrEnd = 0
    this.bindingEnd = 0
    this.kidEnd = 0
    this.rewrite = false
  }

  /** Lets go of everything that belongs to the element. */
  forget(): void {
    this.buf = nothing
    this.limits = noLimits
    this.around = nothingAround
    this.topNs = ''
  }

  /** The bytes between two recorded offsets, as a latin1 string. */
  slice(start: number, end: number): string {
    return this.buf.toString('latin1', this.base + start, this.base + end)
  }
}

/** The same integers with room for twice as many. */
export function grown(integers: Int32Array): Int32Array<ArrayBuffer> {
  const room = new Int32Array(integers.length * 2)
  room.set(integers)
  return room
}

/** An error of the kind most faults are. */
export function malformed(detail: string): XmlError {
  return new XmlError('not-well-formed', detail)
}

/** A limit of the reader was exceeded. */
export function overLimit(detail: string): XmlError {
  return new XmlError('policy-violation', detail)
}

/** S-12: where an element must start or end, only white space may stand, and this byte is none. */
export function notAnElement(byte: number | undefined): XmlError {
  if (byte === undefined) return malformed('no element')
  const impossible = (byte >= 0x80 && byte < 0xc2) || byte > 0xf4
  if (impossible) return new XmlError('unsupported-encoding', 'the bytes are not UTF-8')
  return malformed('text between elements')
}
