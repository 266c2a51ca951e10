/**
 * A strict, incremental reader and a safe writer for XMPP streams (RFC 6120 §11), over ltx elements built only when asked.
 *
 * @packageDocumentation
 */
export { Element } from 'ltx'
export { type XmlCondition, XmlError, type XmlWriteCode, XmlWriteError } from './errors.js'
export { escapeAttribute, escapeText } from './escape.js'
export { parseElement } from './parse-element.js'
export type { ChildName, RawElement, ToWireOptions } from './raw-element.js'
export { type ReaderLimits, readerLimits } from './reader-limits.js'
export {
  createStreamReader,
  type StreamClose,
  type StreamOpen,
  type StreamReader,
  type StreamReaderOptions,
  streamReaderDefaults,
} from './stream-reader.js'
export { emptyElement, rawElement } from './tree-element.js'
export { bytesFromWire, textFromWire, type Wire, wireFromBytes, wireFromText, wireLength } from './wire.js'
export { type WriteScope, writeElement } from './writer.js'
