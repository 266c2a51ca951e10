/** What a reader accepts at most. All limits act while parsing; `Infinity` lifts one. */
export interface ReaderLimits {
  /** Bytes of one top-level element, tags included. Stops a peer from filling memory with one stanza. */
  readonly maxBytes: number
  /** Levels of elements, the top-level element being the first. Stops deep nesting, which costs stack downstream. */
  readonly maxDepth: number
  /** Elements in one top-level element, itself included. Stops small stanzas that become large trees. */
  readonly maxElements: number
  /** Attributes of one element, namespace declarations included. Bounds the search for duplicates. */
  readonly maxAttributes: number
  /** Bytes of one element, attribute or entity name. */
  readonly maxNameBytes: number
  /** Prefixes declared inside one top-level element and in force at once. Bounds the search for a prefix. */
  readonly maxNamespaces: number
}

/** The two sets of limits a server needs: before it knows who is speaking, and after. */
export const readerLimits: {
  /** 8 KiB and 32 elements, as a stranger needs no more to log in. */
  readonly beforeAuthentication: ReaderLimits
  /** 256 KiB; RFC 6120 §13.12 asks for at least 10,000 bytes. */
  readonly afterAuthentication: ReaderLimits
} = Object.freeze({
  beforeAuthentication: Object.freeze({
    maxBytes: 8 * 1024,
    maxDepth: 16,
    maxElements: 32,
    maxAttributes: 32,
    maxNameBytes: 256,
    maxNamespaces: 16,
  }),
  afterAuthentication: Object.freeze({
    maxBytes: 256 * 1024,
    maxDepth: 64,
    maxElements: 8192,
    maxAttributes: 128,
    maxNameBytes: 1024,
    maxNamespaces: 64,
  }),
})

/** For bytes this process wrote itself. */
export const noLimits: ReaderLimits = Object.freeze({
  maxBytes: Infinity,
  maxDepth: Infinity,
  maxElements: Infinity,
  maxAttributes: Infinity,
  maxNameBytes: Infinity,
  maxNamespaces: Infinity,
})
