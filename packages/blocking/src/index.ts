/**
 * The Blocking Command (XEP-0191): who is blocked finds nobody there.
 *
 * @packageDocumentation
 */

export { type Blocking, type BlockingDeps, createBlocking } from './blocking.js'
export { type BlockingOptions, blockingDefaults } from './blocking-options.js'
export { type BlockingItem, blocklistGet, blockSet, unblockSet } from './blocking-payload.js'
export { type Blocklist, blocklistOf, isBlocked } from './blocklist.js'
export {
  type BlocklistCacheOptions,
  blocklistCacheDefaults,
  createBlocklistCache,
} from './blocklist-cache.js'
export { createMemoryBlocklistStore } from './memory-store.js'
export type { BlockingContact, BlockingContacts, BlocklistStore } from './ports.js'
export { type BlockedContact, blocklistChanged } from './tokens.js'
export { blocklistData } from './user-data.js'
