/** What went wrong in a call to this package; protocol failures are {@link ServerStep} values, not errors. */
export type SaslErrorCode =
  | 'sasl/unpreparable'
  | 'sasl/invalid-parameters'
  | 'sasl/unknown-mechanism'
  | 'sasl/overloaded'
  | 'sasl/bad-base64'
  | 'sasl/bad-challenge'
  | 'sasl/server-not-verified'

/** An error of this package. Test its `code`; the message is for logs and never holds a secret. */
export class SaslError extends Error {
  /** The reason as a stable string. */
  readonly code: SaslErrorCode

  /**
   * @param code the reason as a stable string
   * @param message a sentence for logs
   * @param options the error behind this one, if any
   */
  constructor(code: SaslErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SaslError'
    this.code = code
  }
}
