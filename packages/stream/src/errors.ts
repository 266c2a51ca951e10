import { XmppkitError } from '@xmppkit/runtime'

/** Codes of the errors this package throws. */
export type StreamErrorCode =
  | 'stream/closed'
  | 'stream/busy'
  | 'stream/feature-missing'
  | 'stream/unexpected-reply'

/** The stream ended, or was used in a way that makes no sense, while somebody waited for it. */
export class StreamClosedError extends XmppkitError<StreamErrorCode> {}
