import { createHost, use } from '@xmppkit/module'
import { expect, test } from 'vitest'
import { memoryStorageModule, StorageService } from './module.js'

test('a host serves stores with the limits it was given', async () => {
  await using host = await createHost({}, { modules: [use(memoryStorageModule, { maxEntries: 1 })] })
  const notes = host.get(StorageService).keyValue('notes')
  await notes.set('a@x.example', '1', 'buy milk')
  await expect(notes.set('a@x.example', '2', 'and bread')).rejects.toMatchObject({ code: 'storage/full' })
})
