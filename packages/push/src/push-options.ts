/** Settings of `createPush`. */
export interface PushOptions {
  /**
   * Whether notifications tell how many messages wait.
   *
   * @default true
   */
  readonly includeCount?: boolean
  /**
   * Whether notifications tell who sent the last message. Whoever runs the push service learns who talks to whom.
   *
   * @default false
   */
  readonly includeSender?: boolean
  /**
   * Whether notifications carry the text of the last message. Whoever runs the push service reads along.
   *
   * @default false
   */
  readonly includeBody?: boolean
  /**
   * Longest text of a message in a notification, in UTF-16 units; a longer one is cut.
   *
   * @default 256
   */
  readonly maxBodyLength?: number
  /**
   * Registrations of one account; with one more, the one registered longest ago goes.
   *
   * @default 20
   */
  readonly maxRegistrations?: number
  /**
   * Longest form a client registers to be sent with every notification, in bytes of XML.
   *
   * @default 4096
   */
  readonly maxOptionsBytes?: number
  /**
   * Accounts that are being notified at a time.
   *
   * @default 20
   */
  readonly concurrency?: number
  /**
   * Accounts that wait to be notified, or were a moment ago; notifications for further ones are dropped and counted, so
   * that a slow push service fills no memory.
   *
   * @default 10_000
   */
  readonly maxWaiting?: number
  /**
   * Shortest time between two notifications of an account, in milliseconds; what comes in between becomes one.
   *
   * @default 1000
   */
  readonly minIntervalMs?: number
  /**
   * How long sending one notification may take, in milliseconds.
   *
   * @default 10_000
   */
  readonly sendTimeoutMs?: number
  /**
   * Failures in a row after which a registration is removed. Refusals that are final remove it at once.
   *
   * @default 16
   */
  readonly maxFailures?: number
}

/** The settings as the blocks of this package get them, complete. */
export type PushSettings = Readonly<Required<PushOptions>>

/** Defaults of {@link PushOptions}. */
export const pushDefaults: PushSettings = Object.freeze({
  includeCount: true,
  includeSender: false,
  includeBody: false,
  maxBodyLength: 256,
  maxRegistrations: 20,
  maxOptionsBytes: 4096,
  concurrency: 20,
  maxWaiting: 10_000,
  minIntervalMs: 1000,
  sendTimeoutMs: 10_000,
  maxFailures: 16,
})
