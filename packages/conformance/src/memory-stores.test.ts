import { createMemoryArchiveStore } from '@xmppkit/archive'
import { createMemoryAccountStore } from '@xmppkit/auth'
import { createMemoryLastActivityStore } from '@xmppkit/basics'
import { createBlocklistCache, createMemoryBlocklistStore } from '@xmppkit/blocking'
import { createMemoryFastTokenStore } from '@xmppkit/fast'
import { createMemoryInboxStore } from '@xmppkit/inbox'
import { createMemoryOfflineStore } from '@xmppkit/offline'
import { createMemoryOutboxStore } from '@xmppkit/outbox'
import { createMemoryPushStore } from '@xmppkit/push'
import { createMemoryRosterStore } from '@xmppkit/roster'
import { systemClock } from '@xmppkit/runtime'
import { createMemoryKeyValue, createMemoryLog } from '@xmppkit/storage'
import { createMemoryTenantStore } from '@xmppkit/tenants'
import { createMemoryFiles } from '@xmppkit/upload'
import { accountStoreConformance } from './account-store.js'
import { archiveStoreConformance } from './archive-store.js'
import { blocklistStoreConformance } from './blocklist-store.js'
import { fastTokenStoreConformance } from './fast-token-store.js'
import { fileStoreConformance } from './file-store.js'
import { inboxStoreConformance } from './inbox-store.js'
import { keyValueConformance } from './key-value.js'
import { lastActivityStoreConformance } from './last-activity-store.js'
import { logConformance } from './log.js'
import { offlineStoreConformance } from './offline-store.js'
import { outboxStoreConformance } from './outbox-store.js'
import { pushStoreConformance } from './push-store.js'
import { rosterStoreConformance } from './roster-store.js'
import { tenantStoreConformance } from './tenant-store.js'

accountStoreConformance('memory', () => ({ store: createMemoryAccountStore() }))
rosterStoreConformance('memory', () => ({ store: createMemoryRosterStore({ clock: systemClock }) }))
offlineStoreConformance('memory', () => ({ store: createMemoryOfflineStore() }))
lastActivityStoreConformance('memory', () => ({ store: createMemoryLastActivityStore() }))
blocklistStoreConformance('memory', () => ({ store: createMemoryBlocklistStore() }))
blocklistStoreConformance('memory, cached', () => ({
  store: createBlocklistCache(createMemoryBlocklistStore()),
}))
fastTokenStoreConformance('memory', () => ({ store: createMemoryFastTokenStore() }))
keyValueConformance('memory', () => ({ store: createMemoryKeyValue() }))
logConformance('memory', () => ({ store: createMemoryLog() }))
pushStoreConformance('memory', () => ({ store: createMemoryPushStore() }))
tenantStoreConformance('memory', () => ({ store: createMemoryTenantStore() }))
archiveStoreConformance('memory', () => ({ store: createMemoryArchiveStore() }))
inboxStoreConformance('memory', () => {
  const archive = createMemoryArchiveStore()
  return { store: { archive, inbox: createMemoryInboxStore({ log: archive }) } }
})
outboxStoreConformance('memory', () => ({ store: createMemoryOutboxStore() }))
fileStoreConformance('memory', () => ({ store: createMemoryFiles() }))
