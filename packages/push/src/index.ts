/**
 * Push notifications for clients that are away (XEP-0357), through your own service or an XMPP push service.
 *
 * @packageDocumentation
 */
export { createMemoryPushStore } from './memory-store.js'
export type {
  PushNotification,
  PushOutcome,
  PushPage,
  PushRegistration,
  PushSender,
  PushStore,
  PushSummary,
} from './ports.js'
export { createPush, type Push, type PushDeps, type PushStats, type PushTarget } from './push.js'
export { type PushCommandsDeps, registerPushCommands } from './push-commands.js'
export { type PushKind, pushKindOf } from './push-kind.js'
export { type PushOptions, type PushSettings, pushDefaults } from './push-options.js'
export type { PushQueueOutcome } from './push-queue.js'
export { createPushServiceSender, type PushServiceSenderDeps } from './push-service-sender.js'
export { pushData } from './user-data.js'
