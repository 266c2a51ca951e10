/** Settings of `createOffline`. */
export interface OfflineOptions {
  /**
   * Messages that may wait for one account; the sender of one more gets `resource-constraint`.
   *
   * @default 1000
   */
  readonly maxMessagesPerAccount?: number
  /**
   * Messages handed to a returning client at one time; the next ones follow when it has taken these, so
   * that a long absence does not overflow its session.
   *
   * @default 100
   */
  readonly releaseBatch?: number
  /**
   * How long a session may take to accept what was handed to it, in milliseconds; afterwards the
   * messages wait again.
   *
   * @default 600_000
   */
  readonly leaseMs?: number
}

/** Defaults of {@link OfflineOptions}. */
export const offlineDefaults: Required<OfflineOptions> = Object.freeze({
  maxMessagesPerAccount: 1000,
  releaseBatch: 100,
  leaseMs: 600_000,
})
