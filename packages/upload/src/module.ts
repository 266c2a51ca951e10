/**
 * File uploads as a module of a host.
 *
 * @packageDocumentation
 */
import { CommandsService } from '@xmppkit/commands/module'
import { DiscoService } from '@xmppkit/disco/module'
import { IqService } from '@xmppkit/iq/module'
import {
  ClockService,
  DomainsService,
  defineModule,
  HooksService,
  IdsService,
  LoggerService,
  maybe,
  service,
} from '@xmppkit/module'
import { SessionsService } from '@xmppkit/sessions/module'
import { StorageService } from '@xmppkit/storage/module'
import { createMemoryFiles } from './memory-files.js'
import type { FileStore } from './ports.js'
import { createUpload, type Upload } from './upload.js'
import { registerUploadCommands } from './upload-commands.js'
import type { UploadOptions } from './upload-options.js'

/** The uploads of a host: what speaks HTTP hands it what comes in. */
export const UploadService = service<Upload>('upload/upload', { providedBy: ['upload'] })

/** Where the bytes of files are kept. */
export const FileStoreService = service<FileStore>('upload/files', { providedBy: ['upload-memory'] })

/** Provides {@link FileStoreService} in memory: files end with the host. */
export const memoryFilesModule = defineModule({
  name: 'upload-memory',
  needs: {},
  provides: FileStoreService,
  start: () => ({ service: createMemoryFiles() }),
})

/** Provides {@link UploadService} over the key-value stores `upload_files` and `upload_shares`, and the commands about it. */
export const uploadModule = defineModule({
  name: 'upload',
  needs: {
    store: FileStoreService,
    stores: StorageService,
    hooks: HooksService,
    sessions: SessionsService,
    iq: IqService,
    disco: maybe(DiscoService),
    domains: DomainsService,
    clock: ClockService,
    ids: IdsService,
    logger: LoggerService,
    commands: maybe(CommandsService),
  },
  provides: UploadService,
  xeps: [{ number: '0363', version: '1.2.0' }],
  start({ stores, commands, disco, ...deps }, options: UploadOptions, scope) {
    const kept = { files: stores.keyValue('upload_files'), shares: stores.keyValue('upload_shares') }
    const upload = scope.use(createUpload({ ...deps, ...kept, ...(disco && { disco }) }, options))
    if (commands) scope.use(registerUploadCommands({ commands, upload }))
    return { service: upload }
  },
})
