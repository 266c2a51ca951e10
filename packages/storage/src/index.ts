/**
 * The two archetypes of storage, key-value and log, and their in-memory versions.
 *
 * @packageDocumentation
 */
export { StorageError, type StorageErrorCode } from './errors.js'
export { jsonKeyValue } from './json-key-value.js'
export type { KeyValue, KeyValueEntry, KeyValuePage, KeyValueUpdate } from './key-value.js'
export type { Log, LogEntry, LogLease, LogPage, NewLogEntry } from './log.js'
export { createMemoryKeyValue } from './memory-key-value.js'
export { createMemoryLog } from './memory-log.js'
export { type MemoryStoreOptions, memoryStoreDefaults } from './memory-options.js'
export { assertName, assertStorable, domainOfOwner, maxKeyBytes, maxOwnerBytes } from './storable-text.js'
export { createMemoryStorage, type Storage } from './storage.js'
