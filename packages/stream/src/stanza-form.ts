/** How stanzas are written for a stream; made for `toWire`. */
export interface StanzaForm {
  /** The content namespace. */
  readonly ns: string
  /** Whether every stanza has to declare it, because no header does (RFC 7395 §3.3.3). */
  readonly declare: boolean
}
