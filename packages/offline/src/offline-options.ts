/** Settings of `createOffline`. */
export interface OfflineOptions {
  /**
   * Messages that may wait for one account; the sender of one more gets `resource-constraint`. Keeps one
   * account from filling the disk.
   *
   * @default 1000
   */
  readonly maxMessagesPerAccount?: number
  /**
   * Messages taken out for a returning client, and under way to it, at one time; more follow as it takes these.
   *
   * @default 100
   */
  readonly releaseBatch?: number
  /**
   * How many bytes of messages are under way to a returning client at one time, so that a long absence does
   * not overflow its outbox. A larger message goes alone.
   *
   * @default 262_144
   */
  readonly releaseBytes?: number
  /**
   * How long a session may take to make room for all messages taken out at one time, in milliseconds; afterwards the rest of
   * them waits again. After a crash, what was being handed over then is held back for so long.
   *
   * @default 120_000
   */
  readonly leaseMs?: number
  /**
   * How often messages whose time to live is over are removed, in milliseconds. `Infinity` leaves it to the
   * command `delete_expired_messages`.
   *
   * @default 600_000
   */
  readonly expirySweepMs?: number
  /**
   * Whether a message that is in no archive is kept in the store while it is in the hands of a session with stream management
   * (XEP-0198), until its client has acknowledged it. Otherwise it is lost if this process is killed before, though its sender
   * has been told that it was taken over. Costs a durable write for each such message.
   *
   * @default true
   */
  readonly keepUntilAcknowledged?: boolean
  /**
   * How long after it was bound a resource without presence is expected to send it, in milliseconds. If something that was sent to
   * its very address waits for that, what is sent there meanwhile waits behind it, so that each sender's order holds. Later a
   * resource that sends none is one that does without, and gets such messages at once.
   *
   * @default 5_000
   */
  readonly presenceWaitMs?: number
}

/** Defaults of {@link OfflineOptions}. */
export const offlineDefaults: Readonly<Required<OfflineOptions>> = Object.freeze({
  maxMessagesPerAccount: 1000,
  releaseBatch: 100,
  releaseBytes: 262_144,
  leaseMs: 120_000,
  expirySweepMs: 600_000,
  keepUntilAcknowledged: true,
  presenceWaitMs: 5_000,
})
