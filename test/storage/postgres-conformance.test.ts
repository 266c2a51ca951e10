import { archiveStoreConformance } from '@xmppkit/conformance/archive-store'
import { afterAll, test } from 'vitest'
import { storageConformance } from './conformance.js'
import { openPostgresStore, postgresOrReason } from './postgres.js'

const cluster = await postgresOrReason()

if (typeof cluster === 'string') {
  test('PostgreSQL was not tested', ({ skip }) => skip(cluster))
} else {
  storageConformance('PostgreSQL', (pick) => openPostgresStore(cluster.url, pick))
  archiveStoreConformance('PostgreSQL with search', () =>
    openPostgresStore(cluster.url, ({ archive }) => archive, { searchArchives: true }),
  )
  afterAll(() => cluster[Symbol.asyncDispose]())
}
