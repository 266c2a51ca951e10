/**
 * The registry of connected resources and the delivery rules of RFC 6121 §8.
 *
 * @packageDocumentation
 */
export {
  availableOf,
  type BareMessagePolicy,
  type Delivery,
  type DeliveryRules,
  type DeliveryTarget,
  decideDelivery,
  unreachableAnswer,
  withoutSuperseded,
} from './decide-delivery.js'
export { SessionError, type SessionErrorCode, sessionErrorAnswer } from './errors.js'
export { delayFor, late } from './late.js'
export { createMemoryRegistry, type MemoryRegistry } from './memory-registry.js'
export { deliverPaced, type PacedDelivery, type PacedStanza } from './paced-delivery.js'
export type {
  DeliveryOutcome,
  SessionEntry,
  SessionHandle,
  SessionInfo,
  SessionPage,
  SessionPageRequest,
  SessionRecord,
  SessionRegistry,
} from './ports.js'
export {
  createSessions,
  type Sessions,
  type SessionsDeps,
  type SessionsOptions,
  sessionsDefaults,
} from './sessions.js'
export {
  type ArchivedAs,
  archivedAs,
  type BouncePacketValue,
  bouncePacket,
  copiesOf,
  fateListener,
  inCustody,
  isArchivedForAddressee,
  isCopy,
  type MessageCopies,
  type MessageCustody,
  type MessageFate,
  neverBounce,
  type OfflineMessageValue,
  offlineMessage,
  offlineSeq,
  outboundRecipients,
  presenceSet,
  presenceUnset,
  probeIn,
  receivePacket,
  reroutePacket,
  resourceVisible,
  type Storing,
  sessionClosed,
  sessionOpened,
  sharedWith,
  storing,
  subscriptionIn,
  takenAt,
} from './tokens.js'
