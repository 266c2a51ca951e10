import { createMemoryArchiveStore } from '@xmppkit/archive'
import { ArchiveStoreService } from '@xmppkit/archive/module'
import { createMemoryAccountStore } from '@xmppkit/auth'
import { AccountStoreService } from '@xmppkit/auth/module'
import { createMemoryLastActivityStore } from '@xmppkit/basics'
import { LastActivityStoreService } from '@xmppkit/basics/module'
import { createMemoryBlocklistStore } from '@xmppkit/blocking'
import { BlocklistStoreService } from '@xmppkit/blocking/module'
import { createMemoryFastTokenStore } from '@xmppkit/fast'
import { FastTokenStoreService } from '@xmppkit/fast/module'
import { createMemoryInboxStore } from '@xmppkit/inbox'
import { InboxStoreService } from '@xmppkit/inbox/module'
import { type Provided, provide } from '@xmppkit/module'
import { createMemoryOfflineStore } from '@xmppkit/offline'
import { OfflineStoreService } from '@xmppkit/offline/module'
import { createMemoryOutboxStore } from '@xmppkit/outbox'
import { OutboxStoreService } from '@xmppkit/outbox/module'
import { createMemoryPushStore } from '@xmppkit/push'
import { PushStoreService } from '@xmppkit/push/module'
import { createMemoryRosterStore } from '@xmppkit/roster'
import { RosterStoreService } from '@xmppkit/roster/module'
import type { Clock, Logger } from '@xmppkit/runtime'
import { createMemoryStorage } from '@xmppkit/storage'
import { StorageService } from '@xmppkit/storage/module'
import { createSqlStorage, type SqlStorage, type SqlStorageOptions } from '@xmppkit/storage-sql'
import { provideSqlStorage } from '@xmppkit/storage-sql/module'
import { createMemoryTenantStore } from '@xmppkit/tenants'
import { TenantStoreService } from '@xmppkit/tenants/module'

/**
 * Where a server keeps things: `'memory'` keeps nothing beyond the process, `path` is a SQLite file, `url`
 * a PostgreSQL database, and an open storage is used and left open.
 */
export type StorageSettings =
  | 'memory'
  | { readonly path: string }
  | { readonly url: string }
  | { readonly open: SqlStorage }

/** The stores of a server, as services of its hosts. */
export interface Storage extends AsyncDisposable {
  /** What hosts are given. */
  readonly services: readonly Provided[]
  /** For logs and status. */
  readonly description: string
}

/** Opens the storage; what it opened itself is closed when it is disposed. */
export async function openStorage(
  settings: StorageSettings,
  deps: { readonly logger: Logger; readonly clock: Clock },
  options: SqlStorageOptions,
): Promise<Storage> {
  if (settings === 'memory') return memoryStorage(deps)
  if ('open' in settings) return sqlStorage(settings.open, async () => {})
  const opened = await createSqlStorage({ ...deps, ...settings }, options)
  return sqlStorage(opened, () => opened.close())
}

function memoryStorage(deps: { readonly clock: Clock }): Storage {
  const archive = createMemoryArchiveStore()
  return {
    description: 'memory',
    services: [
      provide(AccountStoreService, createMemoryAccountStore()),
      provide(RosterStoreService, createMemoryRosterStore(deps)),
      provide(ArchiveStoreService, archive),
      provide(InboxStoreService, createMemoryInboxStore({ log: archive })),
      provide(OfflineStoreService, createMemoryOfflineStore()),
      provide(LastActivityStoreService, createMemoryLastActivityStore()),
      provide(PushStoreService, createMemoryPushStore()),
      provide(StorageService, createMemoryStorage()),
      provide(BlocklistStoreService, createMemoryBlocklistStore()),
      provide(FastTokenStoreService, createMemoryFastTokenStore()),
      provide(OutboxStoreService, createMemoryOutboxStore()),
      provide(TenantStoreService, createMemoryTenantStore()),
    ],
    async [Symbol.asyncDispose]() {},
  }
}

function sqlStorage(storage: SqlStorage, close: () => Promise<void>): Storage {
  return {
    description: storage.description,
    services: provideSqlStorage(storage),
    [Symbol.asyncDispose]: close,
  }
}
