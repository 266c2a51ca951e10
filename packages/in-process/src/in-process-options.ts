/** Limits of {@link createInProcess}. */
export interface InProcessOptions {
  /** Messages in somebody's name that may be on their way at a time; more are refused with `in-process/limit`. @default 10_000 */
  readonly maxSending?: number
  /**
   * How long a message may be looked at before it counts as refused.
   * @default 5_000
   */
  readonly reviewTimeoutMs?: number
  /**
   * Messages that may be looked at, or be left unanswered by who looked at them, at a time; senders of more are told to wait. A
   * review that hangs keeps its place, so what hangs cannot pile up.
   * @default 1_000
   */
  readonly maxReviews?: number
  /** Bots at a time; more are refused with `in-process/limit`. @default 1_000 */
  readonly maxBots?: number
  /** Stanzas that may wait for one bot; beyond, their senders wait. @default 1_000 */
  readonly maxInbox?: number
  /** Senders that may wait for room with one bot; what more of them send goes to offline storage. @default 100 */
  readonly maxWaitingSenders?: number
  /** How long a sender waits for room before what it sent goes to offline storage. @default 5_000 */
  readonly roomTimeoutMs?: number
  /** How long a bot may take for one stanza before the next of its sender follows. @default 60_000 */
  readonly handlerTimeoutMs?: number
  /** Senders a bot deals with at a time; what one of them sends is dealt with in order. @default 16 */
  readonly concurrency?: number
}

/** What {@link InProcessOptions} are when left out. */
export const inProcessDefaults: Required<InProcessOptions> = Object.freeze({
  maxSending: 10_000,
  reviewTimeoutMs: 5_000,
  maxReviews: 1_000,
  maxBots: 1_000,
  maxInbox: 1_000,
  maxWaitingSenders: 100,
  roomTimeoutMs: 5_000,
  handlerTimeoutMs: 60_000,
  concurrency: 16,
})
