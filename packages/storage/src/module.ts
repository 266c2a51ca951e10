/**
 * Stores for modules, as a service of a host.
 *
 * @packageDocumentation
 */
import { defineModule, service } from '@xmppkit/module'
import type { MemoryStoreOptions } from './memory-options.js'
import { createMemoryStorage, type Storage } from './storage.js'

/** Where a module gets stores of its own. */
export const StorageService = service<Storage>('storage/storage', { providedBy: ['memory-storage'] })

/** Provides {@link StorageService} from this process's memory: what is stored is gone when the host closes. */
export const memoryStorageModule = defineModule({
  name: 'memory-storage',
  needs: {},
  provides: StorageService,
  start: (_deps, options: MemoryStoreOptions) => ({ service: createMemoryStorage(options) }),
})
