import type { KeyValue } from './key-value.js'
import type { Log } from './log.js'
import { createMemoryKeyValue } from './memory-key-value.js'
import { createMemoryLog } from './memory-log.js'
import type { MemoryStoreOptions } from './memory-options.js'
import { assertName } from './storable-text.js'

/** Where a module gets stores of its own, by name; the same name is the same store. */
export interface Storage {
  /** The key-value store of that name; name it after the package: `vcard`. */
  keyValue(name: string): KeyValue
  /** The log of that name. */
  log(name: string): Log
}

/**
 * Makes a {@link Storage} in this process's memory; the limits are those of each store.
 *
 * @example
 * ```ts
 * const storage = createMemoryStorage()
 * await storage.keyValue('notes').set('alice@example.org', '1', 'buy milk')
 * ```
 */
export function createMemoryStorage(options: MemoryStoreOptions = {}): Storage {
  const keyValues = new Map<string, KeyValue>()
  const logs = new Map<string, Log>()
  return {
    keyValue: (name) => named(keyValues, name, () => createMemoryKeyValue(options)),
    log: (name) => named(logs, name, () => createMemoryLog(options)),
  }
}

function named<S>(stores: Map<string, S>, name: string, create: () => S): S {
  assertName('the name of a store', name)
  const store = stores.get(name) ?? create()
  stores.set(name, store)
  return store
}
