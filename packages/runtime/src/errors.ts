const codeShape = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*$/

/**
 * Base of every error a block throws for misuse or for its environment; `code` is `package/reason` and is what to test.
 *
 * Answers of the protocol (stanza, stream and SASL errors) are not of this kind.
 *
 * @example
 * ```ts
 * class SessionError extends XmppkitError<'session/limit' | 'session/conflict'> {}
 * throw new SessionError('session/limit', 'the account has 10 sessions')
 * ```
 */
export class XmppkitError<C extends string = string> extends Error {
  /** What went wrong, as `package/reason`; stable, unlike the message. */
  readonly code: C

  /**
   * @param code - `package/reason`
   * @param message - a sentence for whoever reads the log; never sent to a peer
   * @param options - the `cause`, if another error led to this one
   */
  constructor(code: C, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/**
 * Codes of the errors this package throws.
 *
 * - `runtime/scope-closed`: something was given to a scope that has been closed; it was undone at once
 */
export type RuntimeErrorCode = 'runtime/scope-closed'

/**
 * Tells whether a value is an error with a `package/reason` code, and with this very code if one is given.
 *
 * The test looks at the shape, so it holds for errors of another installed copy and of packages that depend on nothing.
 */
export function isXmppkitError(error: unknown, code?: string): error is XmppkitError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false
  return code === undefined ? codeShape.test(error.code) : error.code === code
}
