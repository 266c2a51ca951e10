/**
 * Ping (XEP-0199), software version (XEP-0092), entity time (XEP-0202), last activity (XEP-0012) and contact
 * addresses (XEP-0157).
 *
 * @packageDocumentation
 */
export { type ContactAddresses, type ContactRole, createContactAddresses } from './contact-addresses.js'
export {
  createEntityTime,
  type EntityTimeDeps,
  type EntityTimeOptions,
  entityTimeDefaults,
  timeGet,
} from './entity-time.js'
export {
  createLastActivity,
  type LastActivityDeps,
  type LastActivityOptions,
  lastActivityDefaults,
  lastActivityGet,
} from './last-activity.js'
export {
  createLastActivityBuffer,
  type LastActivityBuffer,
  type LastActivityBufferDeps,
  type LastActivityBufferOptions,
  lastActivityBufferDefaults,
} from './last-activity-buffer.js'
export {
  createMemoryLastActivityStore,
  type MemoryLastActivityStoreOptions,
  memoryLastActivityStoreDefaults,
} from './memory-store.js'
export { createPing, type PingDeps, pingGet } from './ping.js'
export type { LastActivity, LastActivityStore } from './ports.js'
export { lastActivityData } from './user-data.js'
export { createVersion, type VersionOptions, versionDefaults, versionGet } from './version.js'
