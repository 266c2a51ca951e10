/**
 * Messages for people who are away (XEP-0160): stored durably, handed over in order at the next login,
 * deleted when the client's connection took them; or retrieved one by one (XEP-0013).
 *
 * @packageDocumentation
 */
export { OfflineError } from './errors.js'
export { createFlexibleRetrieval, type FlexibleRetrievalDeps } from './flexible-retrieval.js'
export { createMemoryLeases } from './memory-leases.js'
export { createMemoryOfflineStore } from './memory-store.js'
export { createOffline, type Offline, type OfflineDeps } from './offline.js'
export { type OfflineCommandsDeps, registerOfflineCommands } from './offline-commands.js'
export { type OfflineOptions, offlineDefaults } from './offline-options.js'
export type {
  LeaseRequest,
  NewOfflineMessage,
  OfflineMessage,
  OfflinePage,
  OfflineStore,
} from './ports.js'
export { fromOfflineStorage } from './replay.js'
export { expiryOf, fateOf } from './storable.js'
export { offlineData } from './user-data.js'
export { createWaitingCounts, type WaitingCountsOptions, waitingCountsDefaults } from './waiting-counts.js'
