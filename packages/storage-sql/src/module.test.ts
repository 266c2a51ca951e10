import { AccountStoreService } from '@xmppkit/auth/module'
import { createHost } from '@xmppkit/module'
import { StorageService } from '@xmppkit/storage/module'
import { expect, test } from 'vitest'
import { provideSqlStorage } from './module.js'
import { createSqlStorage } from './sql-storage.js'

test('hosts share the stores of a database', async () => {
  await using storage = await createSqlStorage({ path: ':memory:' })
  const services = provideSqlStorage(storage)
  await using first = await createHost({}, { name: 'first', services, modules: [] })
  await using second = await createHost({}, { name: 'second', services, modules: [] })
  expect(first.get(AccountStoreService)).toBe(second.get(AccountStoreService))
  await first.get(StorageService).keyValue('notes').set('example.org', 'k', 'v')
  expect(await second.get(StorageService).keyValue('notes').get('example.org', 'k')).toBe('v')
})
