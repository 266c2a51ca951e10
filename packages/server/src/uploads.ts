import { createFolderFiles } from '@xmppkit/file-storage'
import type { Host } from '@xmppkit/module'
import type { Clock, Logger } from '@xmppkit/runtime'
import { createMemoryFiles, type FileStore } from '@xmppkit/upload'
import { UploadService } from '@xmppkit/upload/module'
import { createUploadHandler, type UploadHandlerOptions, type WebHandler } from '@xmppkit/web'

/** Where a server keeps the bytes of files: `'memory'` until it ends, a folder, or a store of yours. */
export type FileSettings = 'memory' | { readonly folder: string } | FileStore

/** Opens the store of files. */
export function openFiles(settings: FileSettings): FileStore {
  if (settings === 'memory') return createMemoryFiles()
  return 'folder' in settings ? createFolderFiles({ path: settings.folder }) : settings
}

/** Takes and gives the files of all hosts over HTTP. */
export function serveUploads(
  deps: {
    readonly hostOf: (domain: string) => Host | undefined
    readonly clock: Clock
    readonly logger: Logger
  },
  options: UploadHandlerOptions = {},
): WebHandler {
  const uploadOf = (domain: string) => deps.hostOf(domain)?.get(UploadService)
  return createUploadHandler({ ...deps, uploadOf }, options)
}
