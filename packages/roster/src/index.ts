/**
 * Contact lists with versioning, subscriptions with pre-approval, and presence (RFC 6121 §2 to §4).
 *
 * @packageDocumentation
 */
export { createMemoryRosterStore, type MemoryRosterStoreOptions } from './memory-store.js'
export type {
  Roster as StoredRoster,
  RosterChanges,
  RosterItem,
  RosterItemChange,
  RosterStore,
  RosterUpdate,
} from './ports.js'
export { createRoster, type Roster, type RosterDeps } from './roster.js'
export { createRosterCache, type RosterCacheOptions, rosterCacheDefaults } from './roster-cache.js'
export { type RosterOptions, rosterDefaults } from './roster-options.js'
export {
  type RosterPayload,
  type RosterPayloadItem,
  rosterGet,
  rosterQuery,
  rosterSet,
} from './roster-payload.js'
export {
  inbound,
  isSubscriptionType,
  noSubscription,
  outbound,
  type Subscription,
  type SubscriptionState,
  type SubscriptionStep,
  type SubscriptionType,
  seenByContact,
  seesContact,
} from './subscription.js'
export { rosterChanged, rosterItems } from './tokens.js'
export { rosterData } from './user-data.js'
