/**
 * Events out, at least once: to your code and to webhooks, durable, in order per conversation.
 *
 * @packageDocumentation
 */
export type { Random } from './backoff.js'
export { OutboxError, type OutboxErrorCode } from './errors.js'
export { type EventSink, type Handover, type OutboxTarget, Unreachable } from './event-sink.js'
export { outboxSeq } from './event-sources.js'
export {
  type EventData,
  type EventType,
  eventTypes,
  type MessageData,
  type OutboxEvent,
  type SessionData,
} from './events.js'
export { createMemoryOutboxStore } from './memory-store.js'
export { createOutbox, type Outbox, type OutboxDeps, type TargetStatus } from './outbox.js'
export { type OutboxCommandsDeps, registerOutboxCommands } from './outbox-commands.js'
export { type OutboxOptions, outboxDefaults } from './outbox-options.js'
export type {
  DeadEntry,
  DeadPage,
  NewOutboxEntry,
  OutboxCounts,
  OutboxEntry,
  OutboxStore,
} from './ports.js'
export {
  type SignedWebhook,
  signWebhook,
  type VerifyOptions,
  verifyWebhook,
  webhookKey,
} from './webhook-signature.js'
export { createWebhookSink, type WebhookDeps, type WebhookOptions } from './webhook-sink.js'
