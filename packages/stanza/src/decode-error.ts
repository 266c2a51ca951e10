import { XmppkitError } from '@xmppkit/runtime'

/** The stanza error a malformed payload is answered with. */
export type DecodeErrorCondition = 'bad-request' | 'not-acceptable'

/**
 * A payload that has the right name and the wrong content.
 *
 * - `stanza/decode`: the message says where in the payload, and what is wrong there.
 */
export class DecodeError extends XmppkitError<'stanza/decode'> {
  /** Where: element names, `@` before an attribute, a number for the one of many, as in `query/item[2]/@jid`. */
  readonly path: string
  /** What is wrong there, in words that never quote the input. */
  readonly reason: string
  /** What to answer: `bad-request`, or `not-acceptable` for a form whose values do not fit (XEP-0004 §4). */
  readonly condition: DecodeErrorCondition

  /**
   * @param path - where, see {@link DecodeError.path}; empty while it is not known yet
   * @param reason - what is wrong there
   * @param condition - what to answer
   */
  constructor(path: string, reason: string, condition: DecodeErrorCondition = 'bad-request') {
    super('stanza/decode', path === '' ? reason : `${path}: ${reason}`)
    this.path = path
    this.reason = reason
    this.condition = condition
  }
}

/** Tells whether a thrown value is a decode error, also one made by another installed copy of this package. */
export function isDecodeError(error: unknown): error is DecodeError {
  return error instanceof Error && 'code' in error && error.code === 'stanza/decode' && 'path' in error
}

/** Puts one more step in front of the path of a decode error; any other thrown value is handed back as it is. */
export function within(step: string, error: unknown): unknown {
  if (!isDecodeError(error)) return error
  return new DecodeError(error.path === '' ? step : `${step}/${error.path}`, error.reason, error.condition)
}
