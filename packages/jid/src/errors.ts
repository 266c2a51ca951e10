/** Which part of an address (or which related string) a {@link JidError} is about. */
export type JidPart = 'jid' | 'localpart' | 'domainpart' | 'resourcepart' | 'password' | 'nickname'

/**
 * Why a string was refused.
 *
 * - `jid/empty`: a part that must have content has none.
 * - `jid/too-long`: more UTF-8 octets than RFC 7622 allows.
 * - `jid/not-text`: not a string of Unicode characters (a lone surrogate).
 * - `jid/disallowed`: a code point this part may not contain, or one that is unassigned in the pinned Unicode version.
 * - `jid/context`: a code point that is only allowed next to certain others (CONTEXTJ, CONTEXTO).
 * - `jid/bidi`: right-to-left and left-to-right characters mixed against RFC 5893.
 * - `jid/domain`: not a domain name and not an IP address.
 * - `jid/unstable`: preparing the result again would change it.
 */
export type JidErrorCode =
  | 'jid/empty'
  | 'jid/too-long'
  | 'jid/not-text'
  | 'jid/disallowed'
  | 'jid/context'
  | 'jid/bidi'
  | 'jid/domain'
  | 'jid/unstable'

/**
 * Thrown when a string is not a valid address or part of one. Its message names the rule and never
 * contains the refused string, because that string may be a password or hostile text on its way to a log.
 */
export class JidError extends Error {
  override readonly name = 'JidError'
  /** Stable code to test for. */
  readonly code: JidErrorCode
  /** The part that was refused. */
  readonly part: JidPart

  constructor(code: JidErrorCode, part: JidPart, message: string) {
    super(`${part}: ${message}`)
    this.code = code
    this.part = part
  }
}
