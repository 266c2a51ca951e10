/** How events are kept and delivered. */
export interface OutboxOptions {
  /** Events that may wait for one target. What happens then, `onFull` says. @default 1_000_000 */
  readonly maxWaiting?: number
  /**
   * What happens when as many events wait as may: new ones are `drop`ped, logged and counted, or what they tell of is `refuse`d:
   * the message is answered with an error.
   * @default 'drop'
   */
  readonly onFull?: 'drop' | 'refuse'
  /** Events under way to one target at a time, each of another conversation. @default 8 */
  readonly concurrency?: number
  /** Events read at one time. @default 256 */
  readonly batch?: number
  /** How long a receiver may take for one event. @default 10_000 */
  readonly timeoutMs?: number
  /** How long to wait after the first failure; twice as long after each one more, a random half of it less. @default 1_000 */
  readonly backoffMs?: number
  /** The longest wait between tries. @default 300_000 */
  readonly maxBackoffMs?: number
  /** How often a receiver may refuse an event before it is given up. @default 5 */
  readonly maxRefusals?: number
  /** How old an event may become while its receiver is down; then it is given up. @default 259_200_000 (three days) */
  readonly maxAgeMs?: number
  /** How long one process may be silent before another delivers in its place. @default 30_000 */
  readonly leaseMs?: number
  /** How long `close` waits for events under way. @default 5_000 */
  readonly drainTimeoutMs?: number
}

/** What {@link OutboxOptions} are when left out. */
export const outboxDefaults: Required<OutboxOptions> = Object.freeze({
  maxWaiting: 1_000_000,
  onFull: 'drop',
  concurrency: 8,
  batch: 256,
  timeoutMs: 10_000,
  backoffMs: 1_000,
  maxBackoffMs: 300_000,
  maxRefusals: 5,
  maxAgeMs: 259_200_000,
  leaseMs: 30_000,
  drainTimeoutMs: 5_000,
})
