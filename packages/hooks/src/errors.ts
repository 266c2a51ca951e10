/**
 * Codes of the errors this package throws.
 *
 * - `hooks/kind-mismatch`: one name is used as an event and as a filter
 * - `hooks/invalid-seq`: the place of a handler is NaN
 */
export type HooksErrorCode = 'hooks/kind-mismatch' | 'hooks/invalid-seq'

/** Misuse of a hook; see `code`. Of the same shape as the errors of `@xmppkit/runtime`. */
export class HooksError extends Error {
  /** What went wrong, as `package/reason`. */
  readonly code: HooksErrorCode

  /**
   * @param code - `hooks/reason`
   * @param message - a sentence for whoever reads the log
   */
  constructor(code: HooksErrorCode, message: string) {
    super(message)
    this.name = 'HooksError'
    this.code = code
  }
}
