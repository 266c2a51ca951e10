import { XmppkitError } from '@xmppkit/runtime'

/**
 * Codes of the errors this package throws.
 *
 * - `iq/handler-exists`: a payload has a handler already for this type and target
 * - `iq/invalid-option`: a concurrency is not a whole number from 1
 * - `iq/timeout`: nobody answered a request in time, or a handler took too long
 * - `iq/limit`: as many requests of our own wait for answers as may
 * - `iq/no-sender`: a request to a domain that is not ours does not say who asks
 * - `iq/malformed-result`: the answer to a request could not be read
 * - `iq/closed`: the dispatcher, or the handler, has been taken away
 */
export type IqErrorCode =
  | 'iq/handler-exists'
  | 'iq/invalid-option'
  | 'iq/timeout'
  | 'iq/limit'
  | 'iq/no-sender'
  | 'iq/malformed-result'
  | 'iq/closed'

/** What went wrong with a handler or with a request of our own; see `code`. */
export class IqError extends XmppkitError<IqErrorCode> {}
