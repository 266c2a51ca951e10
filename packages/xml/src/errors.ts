/** The stream error an XML fault is answered with (RFC 6120 §4.9.3). */
export type XmlCondition =
  | 'not-well-formed'
  | 'restricted-xml'
  | 'bad-namespace-prefix'
  | 'policy-violation'
  | 'unsupported-encoding'

/**
 * Input that is not the XML of RFC 6120 §11, or exceeds a limit of the reader.
 *
 * - `xml/not-well-formed`: it is no XML, or no UTF-8.
 * - `xml/restricted-xml`: a comment, processing instruction, document type or entity, which XMPP forbids.
 * - `xml/bad-namespace-prefix`: a prefix that nobody declared, or one that must not be declared.
 * - `xml/policy-violation`: it exceeds a limit.
 * - `xml/unsupported-encoding`: the XML declaration names an encoding other than UTF-8.
 */
export class XmlError extends Error {
  override readonly name = 'XmlError'
  /** `xml/` and the condition. */
  readonly code: `xml/${XmlCondition}`

  /**
   * @param condition - the stream error to answer with
   * @param detail - what was wrong, without any of the input
   */
  constructor(
    readonly condition: XmlCondition,
    detail: string,
  ) {
    super(`${condition}: ${detail}`)
    this.code = `xml/${condition}`
  }
}

/** Why a tree could not be written. */
export type XmlWriteCode = 'xml/bad-name' | 'xml/bad-character' | 'xml/bad-namespace' | 'xml/bad-node'

/** Something XML cannot carry was handed to the writer: a mistake of the program, never of the peer. */
export class XmlWriteError extends Error {
  override readonly name = 'XmlWriteError'

  /**
   * @param code - what kind of thing was refused
   * @param message - what was wrong and where
   */
  constructor(
    readonly code: XmlWriteCode,
    message: string,
  ) {
    super(message)
  }
}
