import { XmppkitError } from '@xmppkit/runtime'

/** Codes of the errors this package throws. */
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
