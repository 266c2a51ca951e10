import { XmppkitError } from '@xmppkit/runtime'

/** Codes of {@link OutboxError}. */
export type OutboxErrorCode =
  | 'outbox/bad-target'
  | 'outbox/full'
  | 'outbox/refused'
  | 'outbox/timeout'
  | 'outbox/unreachable'
  | 'outbox/bad-signature'

/**
 * What can go wrong with events.
 *
 * - `outbox/bad-target`: a target without a usable name, URL or secret, or two of one name
 * - `outbox/full`: as many events wait for a target as may
 * - `outbox/refused`: a receiver does not want an event; it is tried a few times more, then set aside
 * - `outbox/timeout`: a receiver has not answered in time; it is tried again
 * - `outbox/unreachable`: a receiver is down, or said that it cannot now; it is tried again
 * - `outbox/bad-signature`: a request that is not signed with the secret, or too old
 */
export class OutboxError extends XmppkitError<OutboxErrorCode> {}
