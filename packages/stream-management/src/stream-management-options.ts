/** Settings of `createStreamManagement`. */
export interface StreamManagementOptions {
  /**
   * How long a session waits to be resumed once its connection is lost, in milliseconds; a client may ask for less. 0 offers
   * no resumption.
   *
   * @default 600_000
   */
  readonly resumeTimeoutMs?: number
  /**
   * Stanzas a client may leave unacknowledged. A session that waits ends with the first one more, and what it has goes
   * elsewhere. A client that is connected has `overflowGraceMs` to acknowledge some, because a login or a join makes bursts;
   * ten times as many are never kept.
   *
   * @default 500
   */
  readonly maxUnacknowledged?: number
  /**
   * The same in bytes.
   *
   * @default 2_097_152
   */
  readonly maxUnacknowledgedBytes?: number
  /**
   * How long a client that is connected may exceed either of them, in milliseconds.
   *
   * @default 10_000
   */
  readonly overflowGraceMs?: number
  /**
   * Sessions of one account that may wait to be resumed; with one more the oldest ends. Keeps clients that come back without
   * resuming from using up the sessions of their account.
   *
   * @default 5
   */
  readonly maxWaitingPerAccount?: number
  /**
   * Sessions that may wait to be resumed; with one more the oldest ends.
   *
   * @default 10_000
   */
  readonly maxWaiting?: number
  /**
   * Stanzas after which a client is asked to acknowledge them, at the end of the turn that wrote them.
   *
   * @default 5
   */
  readonly requestAfterStanzas?: number
  /**
   * Time after which it is asked though there were fewer, in milliseconds.
   *
   * @default 500
   */
  readonly requestAfterMs?: number
  /**
   * How long a client may take to answer, in milliseconds; then its connection counts as lost.
   *
   * @default 60_000
   */
  readonly ackTimeoutMs?: number
  /**
   * How long it is remembered, after the end of a session, how many stanzas of its client had been handled, in milliseconds.
   *
   * @default 172_800_000 (two days)
   */
  readonly rememberMs?: number
  /**
   * Ended sessions of one account that are remembered so.
   *
   * @default 10
   */
  readonly maxRememberedPerAccount?: number
}

/** Defaults of {@link StreamManagementOptions}. */
export const streamManagementDefaults: Readonly<Required<StreamManagementOptions>> = Object.freeze({
  resumeTimeoutMs: 600_000,
  maxUnacknowledged: 500,
  maxUnacknowledgedBytes: 2_097_152,
  overflowGraceMs: 10_000,
  maxWaitingPerAccount: 5,
  maxWaiting: 10_000,
  requestAfterStanzas: 5,
  requestAfterMs: 500,
  ackTimeoutMs: 60_000,
  rememberMs: 172_800_000,
  maxRememberedPerAccount: 10,
})
