/** How XMPP is served over BOSH (XEP-0124, XEP-0206). */
export interface BoshOptions {
  /**
   * Whether it is served.
   *
   * @default true
   */
  readonly enabled?: boolean
  /**
   * Path of its URL; everything else is left to others.
   *
   * @default '/http-bind'
   */
  readonly path?: string
  /**
   * Longest time a request is kept waiting for something to answer, in milliseconds. A client may ask for less.
   *
   * @default 60_000
   */
  readonly maxWaitMs?: number
  /**
   * Requests of one session that are kept waiting at one time. A client may ask for less, and may have one more under way.
   *
   * @default 1
   */
  readonly maxHold?: number
  /**
   * Time without a request after which a session has ended, in milliseconds: what changing to another page may take.
   *
   * @default 60_000
   */
  readonly inactivityMs?: number
  /**
   * Longest time without a request a client may ask for once, in milliseconds.
   *
   * @default 120_000
   */
  readonly maxPauseMs?: number
  /**
   * Shortest time between two empty requests of a client that polls, in milliseconds.
   *
   * @default 2_000
   */
  readonly pollingMs?: number
  /**
   * Bytes of one request. Each element in it has to be within the limits of the stream besides.
   *
   * @default 524_288
   */
  readonly maxRequestBytes?: number
  /**
   * Bytes of all requests that are being read at one time, over all clients; more are told to come again.
   *
   * @default 67_108_864
   */
  readonly maxReadingBytes?: number
  /**
   * Time for the body of a request, in milliseconds (SEC-28).
   *
   * @default 10_000
   */
  readonly requestTimeoutMs?: number
  /**
   * Bytes of one response, if more than one element is waiting. The last responses of a session are kept to be sent again.
   *
   * @default 262_144
   */
  readonly maxResponseBytes?: number
  /**
   * How often in a row a client may send requests again that it has sent before.
   *
   * @default 10
   */
  readonly maxRepeats?: number
}

/** Defaults of {@link BoshOptions}. */
export const boshDefaults: Required<BoshOptions> = Object.freeze({
  enabled: true,
  path: '/http-bind',
  maxWaitMs: 60_000,
  maxHold: 1,
  inactivityMs: 60_000,
  maxPauseMs: 120_000,
  pollingMs: 2_000,
  maxRequestBytes: 524_288,
  maxReadingBytes: 67_108_864,
  requestTimeoutMs: 10_000,
  maxResponseBytes: 262_144,
  maxRepeats: 10,
})
