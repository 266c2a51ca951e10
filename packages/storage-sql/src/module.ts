/**
 * A database as services of hosts.
 *
 * @packageDocumentation
 */
import { ArchiveStoreService } from '@xmppkit/archive/module'
import { AccountStoreService } from '@xmppkit/auth/module'
import { LastActivityStoreService } from '@xmppkit/basics/module'
import { BlocklistStoreService } from '@xmppkit/blocking/module'
import { FastTokenStoreService } from '@xmppkit/fast/module'
import { InboxStoreService } from '@xmppkit/inbox/module'
import { type Provided, provide } from '@xmppkit/module'
import { OfflineStoreService } from '@xmppkit/offline/module'
import { OutboxStoreService } from '@xmppkit/outbox/module'
import { PushStoreService } from '@xmppkit/push/module'
import { RosterStoreService } from '@xmppkit/roster/module'
import { StorageService } from '@xmppkit/storage/module'
import { TenantStoreService } from '@xmppkit/tenants/module'
import type { SqlStorage } from './sql-storage.js'

/**
 * The stores of a database, for the `services` of a host. Several hosts may share one; whoever opened it closes it, after
 * the hosts.
 *
 * @example
 * ```ts
 * await using storage = await createSqlStorage({ path: 'xmppkit.sqlite' })
 * await using host = await createHost({}, { services: provideSqlStorage(storage), modules })
 * ```
 */
export function provideSqlStorage(storage: SqlStorage): readonly Provided[] {
  return [
    provide(AccountStoreService, storage.accounts),
    provide(RosterStoreService, storage.roster),
    provide(OfflineStoreService, storage.offline),
    provide(ArchiveStoreService, storage.archive),
    provide(InboxStoreService, storage.inbox),
    provide(LastActivityStoreService, storage.lastActivity),
    provide(PushStoreService, storage.push),
    provide(BlocklistStoreService, storage.blocklists),
    provide(FastTokenStoreService, storage.fastTokens),
    provide(OutboxStoreService, storage.outbox),
    provide(TenantStoreService, storage.tenants),
    provide(StorageService, storage),
  ]
}
