import type { OpenedStore } from '@xmppkit/conformance'
import { accountStoreConformance } from '@xmppkit/conformance/account-store'
import { archiveStoreConformance } from '@xmppkit/conformance/archive-store'
import { blocklistStoreConformance } from '@xmppkit/conformance/blocklist-store'
import { fastTokenStoreConformance } from '@xmppkit/conformance/fast-token-store'
import { inboxStoreConformance } from '@xmppkit/conformance/inbox-store'
import { keyValueConformance } from '@xmppkit/conformance/key-value'
import { lastActivityStoreConformance } from '@xmppkit/conformance/last-activity-store'
import { logConformance } from '@xmppkit/conformance/log'
import { offlineStoreConformance } from '@xmppkit/conformance/offline-store'
import { outboxStoreConformance } from '@xmppkit/conformance/outbox-store'
import { pushStoreConformance } from '@xmppkit/conformance/push-store'
import { rosterStoreConformance } from '@xmppkit/conformance/roster-store'
import { tenantStoreConformance } from '@xmppkit/conformance/tenant-store'
import type { SqlStorage } from '@xmppkit/storage-sql'

/** Runs the suites of all ports on one kind of database. */
export function storageConformance(
  name: string,
  open: <S>(pick: (storage: SqlStorage) => S) => Promise<OpenedStore<S>>,
): void {
  accountStoreConformance(name, () => open((storage) => storage.accounts))
  rosterStoreConformance(name, () => open((storage) => storage.roster))
  offlineStoreConformance(name, () => open((storage) => storage.offline))
  lastActivityStoreConformance(name, () => open((storage) => storage.lastActivity))
  pushStoreConformance(name, () => open((storage) => storage.push))
  archiveStoreConformance(name, () => open((storage) => storage.archive))
  inboxStoreConformance(name, () => open(({ archive, inbox }) => ({ archive, inbox })))
  blocklistStoreConformance(name, () => open((storage) => storage.blocklists))
  fastTokenStoreConformance(name, () => open((storage) => storage.fastTokens))
  outboxStoreConformance(name, () => open((storage) => storage.outbox))
  tenantStoreConformance(name, () => open((storage) => storage.tenants))
  keyValueConformance(name, () => open((storage) => storage.keyValue('tested')))
  logConformance(name, () => open((storage) => storage.log('tested')))
}
