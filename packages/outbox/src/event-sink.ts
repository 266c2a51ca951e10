import type { Awaitable } from '@xmppkit/runtime'
import { OutboxError } from './errors.js'
import type { EventType, OutboxEvent } from './events.js'

/** How an event is handed over. */
export interface Handover {
  /** The event as it was written down. */
  readonly text: string
  /** Aborts when the receiver has taken too long, or the server stops. */
  readonly signal: AbortSignal
}

/**
 * Takes events. Fulfilled means that it has this one for good.
 *
 * @throws OutboxError `outbox/unreachable` or `outbox/timeout`: nothing gets through now; everything for this target waits, and
 * nothing is given up until it is too old. Anything else: it does not want this event; its conversation waits, and after a
 * few tries the event is given up.
 */
export type EventSink = (event: OutboxEvent, handover: Handover) => Awaitable<void>

/** Somebody who wants events. */
export interface OutboxTarget {
  /** Unique, and the same after a restart: what waits for it is found by its name. */
  readonly name: string
  /** What it wants to hear of. @default everything */
  readonly types?: readonly EventType[]
  /** Whether it is told what messages say; addresses and ids it is always told. @default true */
  readonly contents?: boolean
  /** Takes the events. */
  readonly deliver: EventSink
}

/** A receiver that is down, and how long it wants to be left alone, in milliseconds. */
export class Unreachable extends OutboxError {
  /** How long it wants to be left alone, if it said so. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, more: { readonly cause?: unknown; readonly retryAfterMs?: number } = {}) {
    super('outbox/unreachable', message, more.cause === undefined ? {} : { cause: more.cause })
    this.retryAfterMs = more.retryAfterMs
  }
}
