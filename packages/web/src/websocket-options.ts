/** How XMPP is served over WebSocket (RFC 7395). */
export interface WebSocketOptions {
  /**
   * Whether it is served.
   *
   * @default true
   */
  readonly enabled?: boolean
  /**
   * Path of its URL; everything else is left to others.
   *
   * @default '/xmpp-websocket'
   */
  readonly path?: string
  /**
   * Bytes of one message, all its fragments together; more closes the connection. It is above what the stream takes for an
   * element, so that what is just too large is told so in a stream error. Before its sender has logged in, the limit is that of
   * the stream, and some more.
   *
   * @default 524_288
   */
  readonly maxMessageBytes?: number
  /**
   * Fragments of one message. Stops messages that never come to an end.
   *
   * @default 8
   */
  readonly maxFragments?: number
  /**
   * Pieces the network may cut a frame into before it is complete. Stops who sends single bytes to hold memory.
   *
   * @default 1_024
   */
  readonly maxBufferedChunks?: number
  /**
   * Silence after which the connection is asked for a sign of life, in milliseconds; one that has given none by the next time is
   * gone. Shorter than what proxies in between allow, which is a minute for many.
   *
   * @default 45_000
   */
  readonly pingIntervalMs?: number
}

/** Defaults of {@link WebSocketOptions}. */
export const webSocketDefaults: Required<WebSocketOptions> = Object.freeze({
  enabled: true,
  path: '/xmpp-websocket',
  maxMessageBytes: 524_288,
  maxFragments: 8,
  maxBufferedChunks: 1_024,
  pingIntervalMs: 45_000,
})
