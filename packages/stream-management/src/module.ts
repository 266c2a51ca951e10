/**
 * Stream management as a module of a host.
 *
 * @packageDocumentation
 */
import { C2sService } from '@xmppkit/c2s/module'
import {
  ClockService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { createMemoryStorage } from '@xmppkit/storage'
import { StorageService } from '@xmppkit/storage/module'
import { createStreamManagement, type StreamManagement } from './stream-management.js'
import type { StreamManagementOptions } from './stream-management-options.js'

/** The stream management of a host. */
export const StreamManagementService = service<StreamManagement>('stream-management/stream-management', {
  providedBy: ['stream-management'],
})

/**
 * Runs `createStreamManagement` on a host and provides {@link StreamManagementService}. What was handled in sessions that have
 * ended is remembered where modules have stores of their own, or in memory where there is no such place.
 */
export const streamManagementModule = defineModule({
  name: 'stream-management',
  needs: {
    c2s: C2sService,
    hooks: HooksService,
    sessions: SessionsService,
    ids: IdsService,
    clock: ClockService,
    logger: LoggerService,
    storage: maybe(StorageService),
  },
  provides: StreamManagementService,
  xeps: [
    { number: '0198', version: '1.6.3' },
    { number: '0203', version: '2.0', note: 'stamps what is sent again' },
  ],
  start({ storage = createMemoryStorage(), ...deps }, options: StreamManagementOptions, scope) {
    const store = storage.keyValue('stream-management')
    const management = scope.use(createStreamManagement({ ...deps, store }, options))
    return { service: management, reload: (next) => management.update(next) }
  },
})
