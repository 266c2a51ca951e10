import { XmppkitError } from '@xmppkit/runtime'

/** Codes of the errors this package throws. */
export type StreamErrorCode = 'stream/closed' | 'stream/busy' | 'stream/refused' | 'stream/unexpected-reply'

/**
 * The stream has ended while somebody waited for it; or, thrown by a feature, has to end without a stream error because the
 * feature has said all there is to say.
 */
export class StreamClosedError extends XmppkitError<StreamErrorCode> {}
