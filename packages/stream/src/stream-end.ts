import type { StreamError } from '@xmppkit/stanza'

/** How a stream ended. */
export interface StreamEnd {
  /** Who ended it: the other side, this side, or the connection by breaking. */
  readonly by: 'peer' | 'local' | 'transport'
  /** False if the peer just vanished or stopped reading: neither side said goodbye (T-10). */
  readonly clean: boolean
  /** The stream error that was sent, or received if the peer ended the stream. */
  readonly error?: StreamError
  /** What broke the connection; for logs. */
  readonly cause?: Error
}
